/** Links from a value to where it is explained. Grafana fills in variables and the fields of the row. */
import { uidOf } from './board.ts';
import type { Column } from './panel.ts';

/** Keeps the time range that one looks at. */
const timeRange = '${__url_time_range}';

export const boardUrl = (name: string) => `/d/${uidOf(name)}?${timeRange}`;

/** A column that holds a call's id: opens the dashboard of that call, or its page in the inspector. */
export const callColumn: Column = {
  title: 'call',
  links: [
    {
      title: 'Dashboard of this call',
      url: `${boardUrl('call')}&var-call=\${__value.text:percentencode}`,
    },
    // The inspector's page says in words what went wrong and why.
    { title: 'Open in the inspector', url: '${inspector}/calls/${__value.text:percentencode}' },
  ],
};

/** A column that holds an SFU node's id. */
export const nodeColumn: Column = {
  title: 'SFU',
  links: [{ title: 'This SFU node', url: `${boardUrl('sfu')}&var-node=\${__value.text:percentencode}` }],
};

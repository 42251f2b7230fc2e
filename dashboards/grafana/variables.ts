/** What can be chosen at the top of a dashboard. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type { VariableName } from '../board.ts';
import { dataSource } from './query.ts';

/** The queries behind the lists, by the name of the variable. The tests run them too. */
export const variableQueries = {
  tenant: `SELECT DISTINCT tenant_id FROM call_by_time
WHERE $__timeFilter(started_at) ORDER BY tenant_id LIMIT 500`,
  node: `SELECT DISTINCT sfu_node_id FROM rtc_metric
WHERE service_name = 'callscope-sfu' AND name = 'rtc.sfu.rooms' AND $__timeFilter(time) AND sfu_node_id != ''
ORDER BY sfu_node_id LIMIT 500`,
} as const;

const labels = { tenant: 'Tenant', node: 'SFU node' } as const;

/** A list with "All", read anew when the time range changes. */
function list(name: keyof typeof variableQueries): Builder<dashboard.VariableModel> {
  return new dashboard.QueryVariableBuilder(name)
    .label(labels[name])
    .datasource(dataSource)
    .query({ refId: name, editorType: 'sql', rawSql: variableQueries[name], format: 1, queryType: 'table' })
    .current({ text: 'All', value: '$__all' })
    .multi(true)
    .includeAll(true)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc);
}

const typed = (name: string, label: string, description: string, value: string) =>
  new dashboard.TextBoxVariableBuilder(name).label(label).description(description).defaultValue(value);

const byName = {
  node: () => list('node'),
  call: () => typed('call', 'Call', 'Id of the call, as tables of other dashboards link to', ''),
  sample: () =>
    typed(
      'sample',
      'Least sample',
      'Groups of fewer participants are not compared: chance would lead the table',
      '20',
    ),
} as const satisfies Record<VariableName, () => Builder<dashboard.VariableModel>>;

/** @param inspectorUrl where links to the inspector lead, without a slash at the end */
export function variables(
  names: readonly VariableName[],
  inspectorUrl: string,
): Builder<dashboard.VariableModel>[] {
  return [
    list('tenant'),
    ...names.map((name) => byName[name]()),
    new dashboard.ConstantVariableBuilder('inspector').label('Inspector').value(inspectorUrl),
  ];
}

/** Everything that Grafana is given, as files: the same sources make the same bytes. */
import { alertRuleGroups } from './alert-rules.ts';
import { uidOf } from './board.ts';
import { grafanaDashboard } from './grafana/dashboard.ts';
import { boards, boardTitles } from './list.ts';
import {
  alertRules,
  contactPoints,
  dashboardProvider,
  dataSources,
  notificationPolicies,
} from './provisioning.ts';

export interface BuildOptions {
  /** Where links to the inspector lead. */
  readonly inspectorUrl: string;
}

export interface BuiltFile {
  /** Below the folder that Grafana is pointed at. */
  readonly path: string;
  readonly text: string;
}

export function build({ inspectorUrl }: BuildOptions): BuiltFile[] {
  const dashboards = boards.map((board) => ({
    path: `dashboards/json/${uidOf(board.name)}.json`,
    text: `${JSON.stringify(grafanaDashboard(board, boardTitles, inspectorUrl), null, 2)}\n`,
  }));
  return [
    { path: 'datasources/callscope.yaml', text: dataSources() },
    { path: 'dashboards/callscope.yaml', text: dashboardProvider() },
    ...dashboards,
    { path: 'alerting/rules.yaml', text: alertRules(alertRuleGroups()) },
    { path: 'alerting/contact-points.yaml', text: contactPoints() },
    { path: 'alerting/policies.yaml', text: notificationPolicies() },
  ];
}

/**
 * The files that a stock Grafana reads at its start (docs.grafana.com, "Provision Grafana"): data source, folder of
 * dashboards, alert rules, contact points and their routing. Addresses and secrets are variables of Grafana's own
 * environment, so that the folder can be committed and copied.
 */
import { stringify } from 'yaml';
import type { GrafanaRuleGroup } from './alert-rules.ts';
import { dataSource } from './grafana/query.ts';

/** Folder in Grafana that holds dashboards and alert rules. */
export const folder = { uid: 'callscope', title: 'Callscope' } as const;

/** Variables of Grafana's environment that the files ask for; docs/dashboards.md lists them. */
export const environment = {
  CALLSCOPE_GRAFANA_CLICKHOUSE_HOST: 'Host of ClickHouse',
  CALLSCOPE_GRAFANA_CLICKHOUSE_PORT: 'Its HTTP port: 8123, or 8443 with TLS',
  CALLSCOPE_GRAFANA_CLICKHOUSE_SECURE: '`true` with TLS',
  CALLSCOPE_GRAFANA_CLICKHOUSE_DATABASE: 'Database of Callscope',
  CALLSCOPE_GRAFANA_CLICKHOUSE_USER: 'A user that can only read',
  CALLSCOPE_GRAFANA_CLICKHOUSE_PASSWORD: 'Its password',
  CALLSCOPE_GRAFANA_ALERT_URL: 'Webhook that takes alerts of the Grafana rules',
} as const;

const header = (what: string) =>
  `# ${what} Written by \`npm run dashboards\`; change dashboards/, not this file.\n`;
const yaml = (what: string, value: object) =>
  `${header(what)}${stringify({ apiVersion: 1, ...value }, { lineWidth: 0, aliasDuplicateObjects: false })}`;

export const dataSources = () =>
  yaml('Where Grafana reads Callscope.', {
    datasources: [
      {
        name: 'Callscope',
        uid: dataSource.uid,
        type: dataSource.type,
        access: 'proxy',
        isDefault: true,
        editable: false,
        jsonData: {
          host: '$CALLSCOPE_GRAFANA_CLICKHOUSE_HOST',
          port: '$CALLSCOPE_GRAFANA_CLICKHOUSE_PORT',
          protocol: 'http',
          secure: '$CALLSCOPE_GRAFANA_CLICKHOUSE_SECURE',
          username: '$CALLSCOPE_GRAFANA_CLICKHOUSE_USER',
          defaultDatabase: '$CALLSCOPE_GRAFANA_CLICKHOUSE_DATABASE',
          // Just above what the user's own profile allows, so that ClickHouse is the one to say why.
          queryTimeout: '35',
        },
        secureJsonData: { password: '$CALLSCOPE_GRAFANA_CLICKHOUSE_PASSWORD' },
      },
    ],
  });

export const dashboardProvider = () =>
  yaml('Which dashboards Grafana shows.', {
    providers: [
      {
        name: 'Callscope',
        orgId: 1,
        folder: folder.title,
        folderUid: folder.uid,
        type: 'file',
        disableDeletion: true,
        allowUiUpdates: false,
        updateIntervalSeconds: 60,
        // Set in Grafana's official image, and by whoever points Grafana at this folder.
        options: { path: '$GF_PATHS_PROVISIONING/dashboards/json' },
      },
    ],
  });

export const alertRules = (groups: readonly GrafanaRuleGroup[]) =>
  yaml('Alert rules from the list of SLOs.', {
    groups: groups.map(({ name, interval, rules }) => ({
      orgId: 1,
      name,
      folder: folder.title,
      interval,
      rules,
    })),
  });

export const contactPoints = () =>
  yaml('Who is told.', {
    contactPoints: [
      {
        orgId: 1,
        name: 'callscope',
        receivers: [
          {
            uid: 'callscope-webhook',
            type: 'webhook',
            settings: { url: '$CALLSCOPE_GRAFANA_ALERT_URL', httpMethod: 'POST' },
            disableResolveMessage: false,
          },
        ],
      },
    ],
  });

/** One incident is one message: alerts of one SLO and severity go together. */
export const notificationPolicies = () =>
  yaml('Which alerts go together, and where.', {
    policies: [
      {
        orgId: 1,
        receiver: 'callscope',
        group_by: ['slo', 'severity'],
        group_wait: '30s',
        group_interval: '5m',
        repeat_interval: '4h',
      },
    ],
  });

/**
 * Grafana's own alert rules, from the list of SLOs: each is watched over four pairs of windows, as Google's SRE
 * Workbook has it (chapter 5, "Multiwindow, Multi-Burn-Rate Alerts"). A rule's value is the lower of the burn rates of
 * the long window and of its last twelfth, so that it rises only when both do and falls as soon as it is over.
 */
import type { Query, Rule } from '@grafana/grafana-foundation-sdk/alerting';
import { uidOf } from './board.ts';
import { dataSource } from './grafana/query.ts';
import { type BoardSlo, slos } from './slos.ts';
import { ofTenants, sql } from './sql.ts';

export interface GrafanaRule
  extends Pick<
    Rule,
    'uid' | 'title' | 'condition' | 'for' | 'noDataState' | 'execErrState' | 'labels' | 'annotations'
  > {
  readonly data: readonly (Omit<Query, 'model'> & { readonly model: object })[];
}

export interface GrafanaRuleGroup {
  readonly name: string;
  /** How often its rules are evaluated, as Grafana writes it. */
  readonly interval: string;
  readonly rules: readonly GrafanaRule[];
}

interface BurnWindow {
  readonly severity: 'page' | 'ticket';
  readonly burn: number;
  readonly long: string;
  readonly longMinutes: number;
  readonly shortMinutes: number;
}

export const burnWindows: readonly BurnWindow[] = [
  { severity: 'page', burn: 14.4, long: '1h', longMinutes: 60, shortMinutes: 5 },
  { severity: 'page', burn: 6, long: '6h', longMinutes: 360, shortMinutes: 30 },
  { severity: 'ticket', burn: 3, long: '1d', longMinutes: 1_440, shortMinutes: 120 },
  { severity: 'ticket', burn: 1, long: '3d', longMinutes: 4_320, shortMinutes: 360 },
];

/** With fewer bad events in the long window nobody is woken: one failed join of three is no trend. */
const fewestBad = 5;

/** Over all tenants: alert rules have no variables. */
const ofAllTenants = (text: string) => text.replaceAll(` AND ${ofTenants}`, '');

/** One number; 0 where nothing, or too little, went wrong. */
export const burnSql = ({ minutes, objective }: BoardSlo, window: BurnWindow) => sql`
  SELECT if(bad < ${fewestBad}, 0, least(bad / events, short_bad / greatest(short_events, 1)) / (1 - ${objective})) AS burn
  FROM (
    SELECT sum(total) AS events, events - sum(good) AS bad,
      sumIf(total, recent) AS short_events, short_events - sumIf(good, recent) AS short_bad
    FROM (
      SELECT toFloat64(good) AS good, toFloat64(total) AS total,
        minute >= $__toTime - INTERVAL ${window.shortMinutes} MINUTE AS recent
      FROM (${ofAllTenants(minutes)})
    )
  )`;

/** Rows of telemetry in the time range. Without any, no SLO can say anything: that is an alert of its own. */
const arrivedSql = sql`
  SELECT sum(rows) AS arrived FROM window_arrival WHERE $__timeFilter(window_start)`;

const rule = (
  uid: string,
  title: string,
  query: string,
  minutes: number,
  evaluator: { type: 'gt' | 'lt'; params: [number] },
  rest: Pick<GrafanaRule, 'for' | 'labels' | 'annotations'>,
): GrafanaRule => ({
  uid,
  title,
  condition: 'B',
  data: [
    {
      refId: 'A',
      relativeTimeRange: { from: minutes * 60, to: 0 },
      datasourceUid: dataSource.uid,
      model: {
        refId: 'A',
        datasource: dataSource,
        editorType: 'sql',
        format: 1,
        queryType: 'table',
        rawSql: query,
      },
    },
    {
      refId: 'B',
      relativeTimeRange: { from: 0, to: 0 },
      datasourceUid: '__expr__',
      model: { refId: 'B', type: 'threshold', expression: 'A', conditions: [{ evaluator }] },
    },
  ],
  // A query that fails or says nothing is a fault of the pipeline, and told as one.
  noDataState: 'NoData',
  execErrState: 'Error',
  ...rest,
});

const nameOf = ({ title }: BoardSlo) => title.toLowerCase().replaceAll(' ', '-');

export function alertRuleGroups(): GrafanaRuleGroup[] {
  const burning = (severity: BurnWindow['severity']) =>
    slos.flatMap((slo) =>
      burnWindows
        .filter((window) => window.severity === severity)
        .map((window) =>
          rule(
            `callscope-${nameOf(slo)}-${window.long}`,
            `${slo.title}: ${window.burn}x over ${window.long}`,
            burnSql(slo, window),
            window.longMinutes,
            { type: 'gt', params: [window.burn] },
            {
              for: '0s',
              labels: { slo: nameOf(slo), severity, service: 'callscope' },
              annotations: {
                summary: `${slo.title} uses up its error budget more than ${window.burn} times too fast. Promise: ${slo.promise}.`,
                __dashboardUid__: uidOf('slos'),
              },
            },
          ),
        ),
    );
  const silent = rule(
    'callscope-no-telemetry',
    'No telemetry arrives',
    arrivedSql,
    10,
    { type: 'lt', params: [1] },
    {
      for: '5m',
      labels: { slo: 'ingest-freshness', severity: 'ticket', service: 'callscope' },
      annotations: {
        summary:
          'Not one sample of a stream arrived in ten minutes: no call is on, or telemetry is lost and every SLO is blind.',
        __dashboardUid__: uidOf('pipelines'),
      },
    },
  );
  return [
    { name: 'Callscope pages', interval: '1m', rules: burning('page') },
    { name: 'Callscope tickets', interval: '5m', rules: [...burning('ticket'), silent] },
  ];
}

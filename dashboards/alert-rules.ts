/**
 * Grafana's own alert rules, from the lists of SLOs and faults. An SLO is watched over four pairs of windows, as Google's SRE
 * Workbook has it (chapter 5, "Multiwindow, Multi-Burn-Rate Alerts"). A rule's value is the lower of the burn rates of
 * the long window and of its last twelfth, so that it rises only when both do and falls as soon as it is over. A fault's
 * rule fires at the first sign.
 */
import type { Query, Rule } from '@grafana/grafana-foundation-sdk/alerting';
import { thresholdOf, type WindowPair, windowPairs } from '../alerts/burn.ts';
import { faults } from '../alerts/faults/list.ts';
import { burnSql, faultRangeSeconds, faultSql, rangeSeconds } from '../alerts/grafana.ts';
import { slos } from '../alerts/slos/list.ts';
import type { Bounds, Slo } from '../alerts/slos/slo.ts';
import { faultPatience, patience } from '../alerts/state.ts';
import { uidOf } from './board.ts';
import { dataSource } from './grafana/query.ts';
import { during, sql } from './sql.ts';

export interface GrafanaRule
  extends Pick<
    Rule,
    'uid' | 'title' | 'condition' | 'for' | 'noDataState' | 'execErrState' | 'labels' | 'annotations'
  > {
  /** So in files of provisioning; `keep_firing_for`, as the API has it, is passed over there without a word. */
  readonly keepFiringFor?: string;
  readonly data: readonly (Omit<Query, 'model'> & { readonly model: object })[];
}

export interface GrafanaRuleGroup {
  readonly name: string;
  /** How often its rules are evaluated, as Grafana writes it. */
  readonly interval: string;
  readonly rules: readonly GrafanaRule[];
}

/** Over all tenants: alert rules have no variables. */
const ofAll: Bounds = { during, tenants: '1' };

/** One number; 0 where nothing, or too little, went wrong. */
export const ruleSql = (slo: Slo, pair: WindowPair) => burnSql(slo, slo.minutes(ofAll), pair);

const inSeconds = (ms: number) => `${ms / 1000}s`;

/** Rows of telemetry in the time range. Without any, no SLO can say anything: that is an alert of its own. */
const arrivedSql = sql`
  SELECT sum(rows) AS arrived FROM window_arrival WHERE $__timeFilter(window_start)`;

const rule = (
  uid: string,
  title: string,
  query: string,
  seconds: number,
  evaluator: { type: 'gt' | 'lt'; params: [number] },
  rest: Pick<GrafanaRule, 'for' | 'keepFiringFor' | 'labels' | 'annotations'>,
): GrafanaRule => ({
  uid,
  title,
  condition: 'B',
  data: [
    {
      refId: 'A',
      relativeTimeRange: { from: seconds, to: 0 },
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

export function alertRuleGroups(): GrafanaRuleGroup[] {
  const burning = (severity: WindowPair['severity']) =>
    slos.flatMap((slo) =>
      windowPairs
        .filter((pair) => pair.severity === severity)
        .map((pair) =>
          rule(
            `callscope-${slo.name}-${pair.name.split('/')[0]}`,
            `${slo.title}: ${pair.burn}x over ${pair.name}`,
            ruleSql(slo, pair),
            rangeSeconds(pair),
            { type: 'gt', params: [thresholdOf(slo, pair)] },
            {
              for: inSeconds(patience[severity].forMs),
              keepFiringFor: inSeconds(patience[severity].calmMs),
              labels: { slo: slo.name, severity, service: 'callscope' },
              annotations: {
                summary: `${slo.title} uses up its error budget more than ${Number(thresholdOf(slo, pair).toFixed(1))} times too fast. Promise: ${slo.promise}.`,
                runbook: slo.runbook,
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
    600,
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
  const broken = faults.map((fault) =>
    rule(
      `callscope-${fault.name}`,
      fault.title,
      faultSql(fault.minutes(ofAll)),
      faultRangeSeconds,
      { type: 'gt', params: [0] },
      {
        for: inSeconds(faultPatience.forMs),
        keepFiringFor: inSeconds(faultPatience.calmMs),
        labels: { slo: fault.name, severity: fault.severity, service: 'callscope' },
        annotations: {
          summary: `${fault.title}: a part of the service ${fault.happened}.`,
          runbook: fault.runbook,
          __dashboardUid__: uidOf(fault.board),
        },
      },
    ),
  );
  return [
    { name: 'Callscope faults', interval: '1m', rules: broken },
    { name: 'Callscope pages', interval: '1m', rules: burning('page') },
    { name: 'Callscope tickets', interval: '5m', rules: [...burning('ticket'), silent] },
  ];
}

/** SLOs and error budgets. */
import type { Board } from '../board.ts';
import { type Panel, series, table } from '../panel.ts';
import { burn, slos as list, sloMinutes, sloObjective, sloPromise, sloTitle } from '../slos.ts';
import { bucket, sql } from '../sql.ts';
import { atLeast, type Threshold } from '../thresholds.ts';

/** A ticket is due from 1 on over days; people are paged at 6 over hours and 14.4 over one. */
const burnThresholds: readonly Threshold[] = [
  { from: null, colour: 'green' },
  { from: 1, colour: 'orange' },
  { from: 6, colour: 'red' },
];
const budget: readonly Threshold[] = [
  { from: null, colour: 'red' },
  { from: 0, colour: 'orange' },
  { from: 0.25, colour: 'green' },
];

/** State of every SLO in the time range. Also on "Fleet now". */
export const sloTable = (width: number, height: number): Panel =>
  table({
    title: 'State of every SLO',
    description:
      'Attained share of good events in the time range against the objective, what is left of the budget of bad events, and how fast it burned in the last hour and six hours (1: exactly what the budget allows). No events: nothing is said.',
    sql: sql`
      SELECT ${sloTitle} AS slo, ${sloPromise} AS promise,
        if(sum(total) = 0, NULL, sum(good) / sum(total)) AS attained, ${sloObjective} AS objective,
        1 - (1 - attained) / (1 - objective) AS budget_left,
        ${burn('minute > $__toTime - INTERVAL 1 HOUR')} AS burn_1h,
        ${burn('minute > $__toTime - INTERVAL 6 HOUR')} AS burn_6h,
        sum(total) AS events
      FROM (${sloMinutes})
      GROUP BY place ORDER BY place`,
    width,
    height,
    columns: {
      slo: { title: 'SLO', width: 140 },
      promise: {},
      attained: { unit: 'ratio', width: 85 },
      objective: { unit: 'ratio', width: 80 },
      budget_left: { title: 'budget left', unit: 'ratio', thresholds: budget, width: 95 },
      burn_1h: { title: 'burn 1 h', unit: 'times', thresholds: burnThresholds, width: 75 },
      burn_6h: { title: 'burn 6 h', unit: 'times', thresholds: burnThresholds, width: 75 },
      events: { unit: 'count', width: 75 },
    },
    empty: 'No event that an SLO counts',
  });

export const slos: Board = {
  name: 'slos',
  title: 'SLOs and error budgets',
  owner: 'media-sre',
  question: 'Do we keep our promises, how much may still go wrong, and how fast is that being used up?',
  reading:
    "An objective of 99.9 % allows one bad event in a thousand: the error budget. Burn rate 1 uses it up exactly in the time range; 14.4 over an hour pages. Choose the SLO's window, 28 days, for the official state.",
  next: [
    { board: 'join', when: 'Joins burn' },
    { board: 'quality', when: 'MOS, loss, jitter or latency burn' },
    { board: 'recording', when: 'Recording or transcription burn' },
    { board: 'pipelines', when: 'Freshness or loop burn' },
  ],
  from: 'now-7d',
  refresh: '5m',
  variables: [],
  rows: [
    { title: 'State', panels: [sloTable(24, 10)] },
    {
      title: 'Budgets',
      panels: [
        series({
          title: 'Budget left',
          description:
            'Of the budget of the whole time range, as it was used up. Below none the promise is broken.',
          sql: sql`
            SELECT at, series, 1 - sum(used) OVER (PARTITION BY series ORDER BY at) / any(allowed) OVER (PARTITION BY series) AS budget_left
            FROM (
              SELECT at, series, used, sum(events) OVER (PARTITION BY series) * (1 - objective) AS allowed
              FROM (
                SELECT ${bucket('minute')} AS at, ${sloTitle} AS series, any(${sloObjective}) AS objective,
                  sum(total) - sum(good) AS used, sum(total) AS events
                FROM (${sloMinutes}) GROUP BY at, series
              )
            )
            ORDER BY at, series`,
          unit: 'ratio',
          thresholds: budget,
          interval: '5m',
          max: 1,
        }),
        series({
          title: 'Burn rate',
          description:
            'Bad events of each point against what the budget allows. Short peaks do not page: an hour above 14.4 or six above 6 does.',
          sql: sql`
            SELECT ${bucket('minute')} AS at, ${sloTitle} AS series,
              (1 - sum(good) / sum(total)) / (1 - any(${sloObjective})) AS burn
            FROM (${sloMinutes}) GROUP BY at, series HAVING sum(total) > 0 ORDER BY at, series`,
          unit: 'times',
          thresholds: burnThresholds,
          interval: '5m',
          min: 0,
        }),
      ],
    },
    {
      title: 'Each promise',
      panels: list.map(({ title, promise, objective, minutes }) =>
        series({
          title,
          description: `Promise: ${promise}. Share of good events; the dashed line is the objective.`,
          sql: sql`
            SELECT ${bucket('minute')} AS at, sum(good) / sum(total) AS attained
            FROM (${minutes}) GROUP BY at HAVING sum(total) > 0 ORDER BY at`,
          unit: 'ratio',
          thresholds: atLeast(objective),
          interval: '5m',
          max: 1,
          width: 6,
          height: 6,
          empty: 'No such event in this time range',
        }),
      ),
    },
  ],
};

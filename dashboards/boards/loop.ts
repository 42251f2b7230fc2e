/** Feedback loop: does acting help? */
import type { Board } from '../board.ts';
import { callColumn } from '../links.ts';
import { series, stat, table } from '../panel.ts';
import { bucket, during, ofTenants, sql } from '../sql.ts';
import { atLeast, atMost } from '../thresholds.ts';

const decisions = `FROM decision_by_time FINAL WHERE ${during('decided_at')} AND ${ofTenants}`;
const measured = "outcome IN ('better', 'same', 'worse')";
/** From the beginning of the trouble to the cap in force, ms. */
const reactionMs = "dateDiff('millisecond', i.started_at, d.applied_at)";
const withIncident = `
  FROM (SELECT * ${decisions} AND applied_at IS NOT NULL) AS d
  INNER JOIN (
    SELECT tenant_id, call_id, incident_id, started_at FROM incident_by_time FINAL
    WHERE started_at >= $__fromTime - INTERVAL 1 HOUR AND started_at <= $__toTime AND ${ofTenants}
  ) AS i USING (tenant_id, call_id, incident_id)`;
const harm = atMost(0.02, 0.05);

export const loop: Board = {
  name: 'loop',
  title: 'Feedback loop',
  owner: 'media-quality',
  question: 'Do our decisions help the people they are made for, and do they ever harm?',
  reading:
    'Some seconds after a decision took effect its receiver is measured against before: better, same, worse. In shadow mode decisions are recorded and never applied.',
  next: [
    { board: 'quality', when: 'Who needs decisions' },
    { board: 'call', when: 'One decision in its call' },
    { board: 'pipelines', when: 'Decisions come late' },
  ],
  from: 'now-24h',
  refresh: '1m',
  variables: [],
  rows: [
    {
      title: 'Help and harm',
      panels: [
        stat({
          title: 'Decisions',
          description: 'Made in the time range, applied or not.',
          sql: sql`SELECT count() AS decisions ${decisions}`,
          unit: 'count',
        }),
        stat({
          title: 'Applied',
          description:
            'Of all that were made. The rest was refused as stale, came too late, or the loop is in shadow mode.',
          sql: sql`SELECT if(count() = 0, NULL, countIf(applied_at IS NOT NULL) / count()) AS applied ${decisions}`,
          unit: 'ratio',
        }),
        stat({
          title: 'Better',
          description: 'Of those whose outcome was measured.',
          sql: sql`SELECT if(countIf(${measured}) = 0, NULL, countIf(outcome = 'better') / countIf(${measured})) AS better ${decisions}`,
          unit: 'ratio',
          thresholds: atLeast(0.6, 0.4),
        }),
        stat({
          title: 'Harm',
          description:
            'Worse afterwards, of those measured. Above 5 % switch to shadow (CALLSCOPE_LOOP_MODE=shadow) and look at the table below.',
          sql: sql`SELECT if(countIf(${measured}) = 0, NULL, countIf(outcome = 'worse') / countIf(${measured})) AS worse ${decisions}`,
          unit: 'ratio',
          thresholds: harm,
        }),
        stat({
          title: 'Reaction, p95',
          description: 'From the beginning of the trouble to the action in force. The aim is 3 s.',
          sql: sql`SELECT if(count() = 0, NULL, quantileExact(0.95)(${reactionMs})) AS p95 ${withIncident}`,
          unit: 'milliseconds',
          thresholds: atMost(3_000, 10_000),
        }),
        stat({
          title: 'Flaps',
          description:
            'A decision for the same person within a minute after one was lifted: the loop is swinging.',
          sql: sql`
            SELECT countIf(previous_lift > toDateTime64(0, 3, 'UTC') AND dateDiff('second', previous_lift, decided_at) BETWEEN 0 AND 60) AS flaps
            FROM (
              SELECT decided_at, lagInFrame(ifNull(lifted_at, toDateTime64(0, 3, 'UTC')), 1, toDateTime64(0, 3, 'UTC'))
                OVER (PARTITION BY tenant_id, call_id, participant_id ORDER BY decided_at, decision_id
                  ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS previous_lift
              ${decisions}
            )`,
          unit: 'count',
          thresholds: atMost(1, 10),
        }),
      ],
    },
    {
      title: 'By kind',
      panels: [
        table({
          title: 'Decisions and outcomes',
          description:
            'By what was done. "unknown" could not be measured: the person left, or too few windows were scored.',
          sql: sql`
            SELECT kind, count() AS made, countIf(applied_at IS NOT NULL) AS applied,
              countIf(lift_reason = 'refused') AS refused, countIf(outcome = 'better') AS better,
              countIf(outcome = 'same') AS same, countIf(outcome = 'worse') AS worse,
              countIf(outcome = 'unknown') AS unknown,
              if(countIf(${measured}) = 0, NULL, countIf(outcome = 'worse') / countIf(${measured})) AS harm,
              quantileExactIf(0.5)(dateDiff('second', applied_at, lifted_at), applied_at IS NOT NULL AND lifted_at IS NOT NULL) AS held_seconds
            ${decisions} GROUP BY kind ORDER BY made DESC, kind`,
          width: 16,
          height: 6,
          columns: {
            kind: { title: 'decision', width: 110 },
            made: { unit: 'count' },
            applied: { unit: 'count' },
            refused: { unit: 'count' },
            better: { unit: 'count' },
            same: { unit: 'count' },
            worse: { unit: 'count' },
            unknown: { unit: 'count' },
            harm: { unit: 'ratio', thresholds: harm },
            held_seconds: { title: 'held, median', unit: 'seconds' },
          },
          empty: 'No decision was made: calls are clean, or the loop is off',
        }),
        table({
          title: 'Why they ended',
          description:
            'recovered is as it should be; expired means that nobody renewed a cap that was still needed, or that it was never needed.',
          sql: sql`
            SELECT if(lift_reason = '', 'in force', lift_reason) AS reason, count() AS decisions,
              count() / sum(count()) OVER () AS share
            ${decisions} GROUP BY reason ORDER BY decisions DESC, reason LIMIT 12`,
          width: 8,
          height: 6,
          columns: { reason: {}, decisions: { unit: 'count' }, share: { unit: 'ratio' } },
        }),
        series({
          title: 'Outcomes',
          description: 'By the time of the decision; the last seconds are not measured yet.',
          sql: sql`
            SELECT ${bucket('decided_at')} AS at, if(outcome = '', 'not yet measured', outcome) AS series, count() AS decisions
            ${decisions} GROUP BY at, series ORDER BY at, series`,
          unit: 'count',
          style: 'bars',
          interval: '5m',
          min: 0,
        }),
        series({
          title: 'Reaction',
          description: 'From the beginning of the trouble to the action in force.',
          sql: sql`
            SELECT ${bucket('d.decided_at')} AS at, quantileExact(0.5)(${reactionMs}) AS p50, quantileExact(0.95)(${reactionMs}) AS p95
            ${withIncident} GROUP BY at ORDER BY at`,
          unit: 'milliseconds',
          interval: '5m',
          thresholds: atMost(3_000, 10_000),
          min: 0,
        }),
      ],
    },
    {
      title: 'One by one',
      panels: [
        table({
          title: 'Decisions that harmed',
          description:
            "Newest first, with what was measured before and after. Each one is a case for the policy's tests.",
          sql: sql`
            SELECT decided_at, call_id, participant_id, kind, reason, outcome_evidence
            ${decisions} AND outcome = 'worse'
            ORDER BY decided_at DESC LIMIT 50`,
          height: 8,
          columns: {
            decided_at: { title: 'when', unit: 'time', width: 160 },
            call_id: { ...callColumn, width: 240 },
            participant_id: { title: 'participant', width: 150 },
            kind: { title: 'decision', width: 110 },
            reason: {},
            outcome_evidence: { title: 'before and after' },
          },
          empty: 'None harmed',
        }),
      ],
    },
  ],
};

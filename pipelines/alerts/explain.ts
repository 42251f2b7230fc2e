/** Why people suffer: reads who they are and what they have in common, once when an alert fires. */
import { countsSql, type Explanation, told, unexplained, worstCallsSql } from '../../alerts/explain.ts';
import { type Count, commonFactors } from '../../alerts/factors.ts';
import type { Slo } from '../../alerts/slos/slo.ts';
import type { AlertRow } from '../../telemetry/alerts.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import type { Store } from '../store/store.ts';

/** Older trouble has the same common factor, and reading it takes the longer. */
const longestMs = 6 * 3_600_000;
/** With less, a group is too small to stand out: what was before belongs to the picture. */
const shortestMs = 10 * 60_000;

export async function explain(
  { store, log }: { readonly store: Store; readonly log: Logger },
  slo: Slo,
  alert: AlertRow,
  atMs: number,
): Promise<Explanation> {
  if (slo.people === undefined) return unexplained;
  const from = Math.max(Math.min(alert.since_at, atMs - shortestMs), atMs - longestMs);
  const span = { from, to: atMs };
  const asked = { ...slo, people: slo.people };
  try {
    const counts = await store.query<Count>(countsSql(asked), span);
    const calls = await store.query<{ call_id: string }>(worstCallsSql(asked), span);
    const { dimensions, ...rest } = told(counts);
    return {
      ...rest,
      factors: commonFactors(dimensions).slice(0, 5),
      worstCalls: calls.map((row) => row.call_id),
    };
  } catch (error) {
    // An alert without its reason is worth more than none.
    log.warn({ slo: slo.name, err: error }, 'the alert is told without its reason');
    return unexplained;
  }
}

export const readExplanation = (alert: AlertRow): Explanation =>
  alert.explanation === '' ? unexplained : (JSON.parse(alert.explanation) as Explanation);

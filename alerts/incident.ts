/** Which alerts are one incident, so that one incident is one page. Pure. */
import type { AlertRow } from '../telemetry/alerts.ts';
import { readExplanation } from './explain.ts';

/** Alerts that began so close together and do not contradict each other are one incident. */
const togetherMs = 15 * 60_000;

/**
 * The incident that an alert belongs to: of an open one with the same factor, or of one that began about when it did
 * and has no other factor. A ticket joins a page, never the other way round: it would not wake anybody.
 * @param open alerts that fire
 */
export function groupOf(alert: AlertRow, open: readonly AlertRow[]): string {
  const candidates = open
    .filter((one) => one.alert_id !== alert.alert_id && one.status === 'firing' && one.told)
    .filter((one) => alert.severity === 'ticket' || one.severity === 'page')
    .sort((a, b) => (a.fired_at ?? 0) - (b.fired_at ?? 0));
  const same =
    candidates.find((one) => alert.factor !== '' && one.factor === alert.factor) ??
    candidates.find(
      (one) =>
        Math.abs(one.since_at - alert.since_at) <= togetherMs &&
        (one.factor === '' || alert.factor === '' || one.factor === alert.factor || sameCause(one, alert)),
    );
  return same?.group_id ?? alert.alert_id;
}

/** Two regions that say the same at the same time are hit by one thing. */
function sameCause(one: AlertRow, other: AlertRow): boolean {
  const [first, second] = [one, other].map((alert) => readExplanation(alert).causes[0]?.cause);
  return one.slo === other.slo && one.scope !== '' && other.scope !== '' && !!first && first === second;
}

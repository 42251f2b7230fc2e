/**
 * Conditions as one number for a rule of Grafana. Of one pair of windows: the lower of both windows' burn rates, so
 * that it rises only when both do and falls as soon as it is over; 0 where too little went wrong to mean anything. Of a
 * fault: its signs. The same arithmetic as burn.ts and faults/verdict.ts, which a test holds them to.
 */
import { fewestShort, type WindowPair } from './burn.ts';
import { faultMinutes } from './faults/verdict.ts';
import type { Slo } from './slos/slo.ts';

/** The rule's time range, seconds: a minute more than the window, since it seldom begins on a whole one. */
export const rangeSeconds = (pair: WindowPair): number => (pair.longMinutes + 1) * 60;
export const faultRangeSeconds = (faultMinutes + 1) * 60;

/** The minute that has only begun would count as a quiet one. */
const end = 'toStartOfMinute($__toTime)';

/** @param minutes the promise's minutes, bounded by the rule's time range */
export const burnSql = (slo: Slo, minutes: string, pair: WindowPair): string =>
  `
SELECT if(bad < ${slo.fewestBad} OR short_bad < ${fewestShort(slo, pair)}, 0, least(bad / events, short_bad / greatest(short_events, 1)) / (1 - ${slo.objective})) AS burn
FROM (
  SELECT sum(total) AS events, events - sum(good) AS bad,
    sumIf(total, recent) AS short_events, short_events - sumIf(good, recent) AS short_bad
  FROM (
    SELECT toFloat64(good) AS good, toFloat64(total) AS total,
      minute >= ${end} - INTERVAL ${pair.shortMinutes} MINUTE AS recent
    FROM (${minutes})
    WHERE minute >= ${end} - INTERVAL ${pair.longMinutes} MINUTE AND minute < ${end}
  )
)`.trim();

/** @param minutes the fault's minutes, bounded by the rule's time range */
export const faultSql = (minutes: string): string =>
  `
SELECT toFloat64(sum(total)) - toFloat64(sum(good)) AS signs
FROM (${minutes})
WHERE minute >= ${end} - INTERVAL ${faultMinutes} MINUTE AND minute < ${end}`.trim();

/**
 * The condition of one pair of windows as one number for a rule of Grafana: the lower of both windows' burn rates, so
 * that it rises only when both do and falls as soon as it is over; 0 where too little went wrong to mean anything. The
 * same arithmetic as burn.ts, which a test holds them to.
 */
import type { WindowPair } from './burn.ts';
import type { Slo } from './slos/slo.ts';

/** @param minutes the promise's minutes, bounded to the long window by the rule's time range */
export const burnSql = (slo: Slo, minutes: string, pair: WindowPair): string =>
  `
SELECT if(bad < ${slo.fewestBad}, 0, least(bad / events, short_bad / greatest(short_events, 1)) / (1 - ${slo.objective})) AS burn
FROM (
  SELECT sum(total) AS events, events - sum(good) AS bad,
    sumIf(total, recent) AS short_events, short_events - sumIf(good, recent) AS short_bad
  FROM (
    SELECT toFloat64(good) AS good, toFloat64(total) AS total,
      minute >= $__toTime - INTERVAL ${pair.shortMinutes} MINUTE AS recent
    FROM (${minutes})
  )
)`.trim();

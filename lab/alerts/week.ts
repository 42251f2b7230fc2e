/**
 * A clean week: seven days and nights of a fleet in which nothing is wrong but what always is. Joins fail now and then,
 * some people sit on a bad network, and twenty times a week a minute is ten times as bad as it may be. Nobody may be
 * paged. A week is older than what the collector believes, so the rows go straight into the store; they are evaluated
 * every six hours, minute by minute, as after an outage.
 */
import { settleMs } from '../../pipelines/alerts/evaluate.ts';
import { createRandom } from '../network/random.ts';
import { fleetRows, minuteMs } from './fleet.ts';
import type { Stage } from './stage.ts';

const dayMinutes = 1_440;
/** What the pipelines catch up at once. */
const stepMinutes = 360;
const joinsPerMinute = 6;
const windowsEach = 4;
/** Of joins, against one in a thousand that may fail. */
const failing = 0.0004;
/** Of people: half of what the promises allow. */
const onBadNetwork = 0.025;
const hiccups = 20;

export interface CleanWeek {
  readonly joins: number;
  readonly windows: number;
  readonly evaluatedMinutes: number;
  readonly pages: number;
  readonly tickets: number;
}

export async function playCleanWeek(stage: Stage, seed: number, days = 7): Promise<CleanWeek> {
  await stage.clear();
  const random = createRandom(seed, 'clean week');
  const to = Math.floor(Date.now() / minuteMs) - 5;
  const from = to - days * dayMinutes;
  const bad = new Set(
    Array.from({ length: Math.round((hiccups * days) / 7) }, () => from + Math.floor(random() * (to - from))),
  );
  let joins = 0;
  let windows = 0;
  for (let start = from; start < to; start += stepMinutes) {
    const end = Math.min(start + stepMinutes, to);
    const rows = fleetRows({
      fromMinute: start,
      toMinute: end,
      joinsPerMinute,
      windowsEach,
      trouble: (_person, minute) => {
        const factor = bad.has(minute) ? 10 : 1;
        return {
          ...(random() < failing * factor && { joinError: 'ICE failed after 15000 ms' }),
          ...(random() < onBadNetwork * factor && { lossRatio: 0.03, mos: 3.6 }),
        };
      },
      recordings: () => ({ stopped: 1, stored: 1, failed: 0 }),
    });
    joins += rows.spans.length;
    windows += rows.scores.length;
    const received = <Row extends { time: number }>(all: readonly Row[]) =>
      all.map((row) => ({ ...row, client_time: row.time, received_at: row.time + 2_000 }));
    await stage.insert('rtc_span', received(rows.spans));
    await stage.insert('rtc_event', received(rows.events));
    await stage.insert('stream_score', rows.scores);
    await stage.evaluateAt(end * minuteMs + settleMs + 5_000);
  }
  const [fired] = await stage.rows<{ pages: number; tickets: number }>(
    `SELECT countIf(severity = 'page') AS pages, countIf(severity = 'ticket') AS tickets
     FROM alert FINAL WHERE status != 'dropped' AND status != 'pending'`,
  );
  return { joins, windows, evaluatedMinutes: to - from, pages: fired!.pages, tickets: fired!.tickets };
}

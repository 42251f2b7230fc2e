/**
 * What there is to score, asked of ClickHouse each time: windows with more rows than were there when they were
 * scored. Nothing is remembered here, so nothing is lost with this process or with Redis.
 */
import { readSql, type Store } from './store/store.ts';

export const windowMs = 5_000;
/**
 * The detectors look at a call this often; what must be quicker is the SFU's reflex (sfu/reflex/). A look costs
 * ClickHouse a dozen small queries per shard with calls, some 70 ms of CPU in all however few rows they find.
 */
export const detectEveryMs = 1_000;
/** How often it is asked which calls have news: one query, and one more for each shard that has. */
export const lookEveryMs = 250;
/**
 * A window is scored this long after its end. Clients send at most 0.6 s after it, and at least every 2 s
 * while something moves; the collector stores within about 1.5 s: its last samples are there by then, and its first
 * sample is scored within 5 + 2.5 s and the time the work takes.
 */
export const settleMs = 2_500;
/** Start of the newest window that has settled, epoch ms. */
export const lastSettled = (nowMs: number): number =>
  Math.floor((nowMs - settleMs) / windowMs - 1) * windowMs;
/** Late data opens a scored window again, once nothing more has come for this long. */
const quietMs = 10_000;
/** Older windows are left as they are, scored or not. */
export const latenessMs = 6 * 3_600_000;
/** What the look after every window covers; the rest is looked at every half minute. */
const recentMs = 120_000;
const limit = 2_000;

export interface DueWindow {
  readonly window_start: number;
  readonly shard: number;
  readonly rows: number;
  readonly scored_rows: number;
}

const sql = readSql('due-windows.sql');

export function dueWindows(
  store: Store,
  at: { readonly nowMs: number; readonly shards: number; readonly reach: 'recent' | 'all' },
): Promise<DueWindow[]> {
  const reachMs = at.reach === 'recent' ? recentMs : latenessMs;
  return store.query<DueWindow>(sql, {
    from: at.nowMs - reachMs,
    settledThrough: at.nowMs - windowMs - settleMs,
    shards: at.shards,
    now: at.nowMs,
    quietMs,
    limit,
  });
}

/**
 * Keeps the minutes of promises by region up to date and reads them. A person's region is often known some seconds after
 * what happened to them, and windows are scored again when data come late: the last minutes are counted every time.
 */
import { longestPageMinutes } from '../../alerts/burn.ts';
import { slos } from '../../alerts/slos/list.ts';
import type { RegionRow } from '../../alerts/slos/minutes.ts';
import { countedThroughSql, countRegionsSql, regionSeriesSql } from '../../alerts/slos/regions.ts';
import type { AlertContext } from './evaluate.ts';

const minuteMs = 60_000;
/** Nearly all late data have come by then; what comes later is in the numbers of all, not of its region. */
const lateMinutes = 5;
/** So much at once, when much was missed: a statement must end in time. */
const chunkMinutes = 30;

/** @param from epoch minute, the first of those to be judged. @returns undefined when it is not known how it is there */
export async function regionMinutes(
  { store, log, now }: AlertContext,
  from: number,
  through: number,
): Promise<RegionRow[] | undefined> {
  const earliest = from - longestPageMinutes;
  try {
    const [counted] = await store.query<{ through: number }>(countedThroughSql, {
      from: earliest * minuteMs,
    });
    const last = Math.max(earliest, (counted?.through ?? 0) / minuteMs);
    const start = Math.max(earliest, Math.min(last, through - 1) - lateMinutes);
    for (let at = start; at < through; at += chunkMinutes) {
      const span = { from: at * minuteMs, to: Math.min(at + chunkMinutes, through) * minuteMs };
      await store.command(countRegionsSql(slos), { ...span, revision: now() });
    }
    return await store.query<RegionRow>(regionSeriesSql, {
      from: earliest * minuteMs,
      to: through * minuteMs,
    });
  } catch (error) {
    log.warn({ err: error }, 'regions cannot be judged; everybody together is');
    return undefined;
  }
}

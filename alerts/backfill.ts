/**
 * Makes the minutes of promises anew from the rows behind them, after a definition changed: views count only what
 * arrives after them. Minutes are made by the views' own statements, read from the store, so that the past is counted as
 * the present is. An hour at a time is taken out and put in again.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { slos } from './slos/list.ts';
import { countRegionsSql } from './slos/regions.ts';
import { between } from './slos/sources.ts';

const hourMs = 3_600_000;
/** What views count, as far back as it is kept. One table of minutes may have several views. */
const views = [
  'join_minute_of_rtc_span',
  'event_minute_of_rtc_event',
  'quality_minute_of_stream_score',
  'slo_minute_of_rtc_event',
  'slo_minute_of_rtc_metric',
] as const;
const tables = ['join_minute', 'event_minute', 'quality_minute', 'slo_minute'] as const;

/** Rows are kept for 30 days; minutes whose rows are gone could only be lost. */
export const longestBackMs = 29 * 24 * hourMs;
/** Until then minutes are still being filled. */
export const youngestMs = 15 * 60_000;

/**
 * Not by its view, which sees blocks as they arrive: merged arrivals know only when the last sample of a window came.
 * The tables are those that have a view on to window_arrival (migration 004).
 */
const freshnessSql = `
INSERT INTO slo_minute (minute, slo, tenant_id, good, total)
SELECT toDateTime(toStartOfMinute(time), 'UTC') AS minute, 'ingest-freshness' AS slo, tenant_id,
  countIf(received_at <= toStartOfInterval(time, INTERVAL 5 SECOND) + INTERVAL 35 SECOND) AS good, count() AS total
FROM (${['inbound_rtp', 'outbound_rtp', 'sfu_producer', 'sfu_consumer']
  .map((kind) => `SELECT time, tenant_id, received_at FROM rtc_stats_${kind} WHERE ${between('time')}`)
  .join('\n  UNION ALL ')})
GROUP BY minute, tenant_id`;

interface View {
  readonly table: string;
  readonly insert: string;
}

/** @throws Error naming a view that is not there */
async function viewsOf(client: ClickHouseClient): Promise<View[]> {
  const result = await client.query({
    query: `SELECT name, as_select,
  (SELECT groupArray(c.name) FROM system.columns AS c WHERE c.database = currentDatabase() AND c.table = t.name) AS columns
FROM system.tables AS t WHERE database = currentDatabase() AND name IN {views:Array(String)}`,
    query_params: { views },
    format: 'JSONEachRow',
  });
  const found = await result.json<{ name: string; as_select: string; columns: string[] }>();
  return views.map((name) => {
    const view = found.find((one) => one.name === name);
    if (!view) throw new Error(`the view ${name} is not in the store: has the collector made the tables?`);
    const columns = view.columns.join(', ');
    const [table] = name.split('_of_') as [string];
    return {
      table,
      insert: `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM (${view.as_select}) WHERE ${between('minute')}`,
    };
  });
}

/**
 * @param fromMs on a whole hour, like `toMs`
 * @param onHour told of each hour that is done
 */
export async function backfill(
  client: ClickHouseClient,
  { fromMs, toMs, onHour }: { fromMs: number; toMs: number; onHour?: (ms: number) => void },
): Promise<void> {
  const made = await viewsOf(client);
  for (let from = fromMs; from < toMs; from += hourMs) {
    const query_params = { from, to: Math.min(from + hourMs, toMs), revision: Date.now() };
    const run = (query: string) =>
      client.command({
        query,
        query_params,
        clickhouse_settings: {
          // What was taken out and comes back the same is no repetition.
          insert_deduplicate: 0,
          // Results that late data replaced count once.
          final: 1,
        },
      });
    for (const table of tables) {
      await run(`DELETE FROM ${table} WHERE ${between('minute')}`);
      for (const { insert } of made.filter((view) => view.table === table)) await run(insert);
    }
    await run(freshnessSql);
    await run(countRegionsSql(slos));
    onHour?.(from);
  }
}

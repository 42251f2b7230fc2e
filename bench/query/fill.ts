/**
 * A day of calls: a few copies of lab calls of ten minutes, put in as the collector would, and from them as many others as
 * wanted, made inside the server with ids and times of their own; with what the views and the pipelines make of them.
 */
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { ColumnTables } from '../../collector/columns/tables.ts';
import { migrate } from '../../collector/schema/migrate.ts';
import { clickhouseInsert } from '../../collector/store/insert.ts';
import { copyCall, readRecording } from '../store/replicate.ts';

const seedCalls = 3;
export const callMinutes = 10;
/** Rows of one statement. */
const batchRows = 4_000_000;
/** Rows after which results are made of the calls they are of: of more at once they would not fit into memory. */
const partRows = 10_000_000;

export interface Day {
  /** Rows of raw samples. */
  readonly rows: number;
  readonly calls: number;
}

export interface Filler {
  /** Adds calls until there are about so many rows of raw samples. */
  fillTo(rows: number): Promise<Day>;
}

/** @param client of a server whose database `callscope` is to hold the day; `seed` is made for the models */
export async function startFilling(
  client: ClickHouseClient,
  clickhouseUrl: string,
  dayStartMs: number,
): Promise<Filler> {
  await client.command({ query: 'CREATE DATABASE IF NOT EXISTS seed' });
  await migrate(client, { database: 'seed' });
  await migrate(client, { database: 'callscope' });
  const seedUrl = new URL(clickhouseUrl);
  seedUrl.pathname = '/seed';
  const seedClient = createClient({ url: seedUrl.href });
  const seed = await putSeeds(seedClient, dayStartMs).finally(() => seedClient.close());
  const seedRows = [...seed.values()].reduce((sum, rows) => sum + rows, 0);
  let copies = 0;
  return {
    async fillTo(rows) {
      const wanted = Math.max(copies + 1, Math.round(rows / seedRows));
      while (copies < wanted) {
        const until = Math.min(wanted, copies + Math.ceil(partRows / seedRows));
        for (const [table, ofTable] of seed) {
          const step = Math.max(1, Math.floor(batchRows / ofTable));
          for (let from = copies; from < until; from += step) {
            await putCopies(client, table, from, Math.min(step, until - from));
          }
        }
        for (const query of results) await run(client, query, {});
        copies = until;
      }
      await merged(client);
      return { rows: copies * seedRows, calls: copies * seedCalls };
    },
  };
}

async function putSeeds(client: ClickHouseClient, dayStartMs: number): Promise<Map<string, number>> {
  const recording = readRecording();
  const insert = clickhouseInsert(client);
  const tables = new ColumnTables();
  for (let copy = 0; copy < seedCalls; copy++) {
    for (const [table, row] of copyCall(recording, copy, dayStartMs, callMinutes * 60_000))
      tables.add(table, row);
  }
  const rows = new Map<string, number>();
  for (const table of tables.all()) {
    await insert(table.name, table.encode(), crypto.randomUUID());
    rows.set(table.name, table.rows);
  }
  return rows;
}

/** The tail of an id, made anew for each copy. */
const other = (id: string) =>
  `if(${id} = '', '', concat(left(${id}, -8), lower(hex(toUInt32(cityHash64(${id}, n)))))) AS ${id}`;
/** Copies are spread over the day by the golden ratio: any number of them lies evenly. */
const later = (time: string) =>
  `${time} + toIntervalMillisecond(toUInt32(23.3 * 3600000 * ((n * 0.6180339887498949) % 1))) AS ${time}`;

async function putCopies(
  client: ClickHouseClient,
  table: string,
  from: number,
  count: number,
): Promise<void> {
  const ids = ['call_id', 'participant_id', 'session_id', 'transport_id', 'producer_id', 'consumer_id'];
  await run(
    client,
    `INSERT INTO callscope.${table}
     SELECT * EXCEPT n REPLACE (${[...ids.map(other), ...['time', 'client_time', 'received_at'].map(later)].join(', ')})
     FROM (SELECT {from:UInt32} + number AS n FROM numbers({count:UInt32})) AS copies CROSS JOIN seed.${table} AS s`,
    { from, count },
  );
}

async function run(
  client: ClickHouseClient,
  query: string,
  query_params: Record<string, unknown>,
): Promise<void> {
  await client.command({
    query,
    query_params,
    clickhouse_settings: {
      wait_end_of_query: 1,
      max_insert_threads: '1',
      min_insert_block_size_rows: '1000000',
      min_insert_block_size_bytes: '1000000000',
      max_memory_usage: '3000000000',
    },
  });
}

async function merged(client: ClickHouseClient): Promise<void> {
  for (let calm = 0; calm < 3; ) {
    const result = await client.query({
      query: 'SELECT count() AS n FROM system.merges',
      format: 'JSONEachRow',
    });
    const [row] = await result.json<{ n: string }>();
    calm = Number(row!.n) === 0 ? calm + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Of all calls that are not in call_summary yet: who took part and from where, how well it went, what became of it. */
const newCalls = `tenant_id = 'default' AND call_id NOT IN (SELECT call_id FROM callscope.call_summary)`;
const results = [
  `INSERT INTO callscope.participant_dimension
     (tenant_id, call_id, participant_id, seen_at, country, operator, browser, browser_version, sfu_node_id, relay_protocol, video_codec)
   SELECT tenant_id, call_id, participant_id, max(time),
     ['DE', 'FR', 'GB', 'IN', 'US', 'BR', 'JP', 'NL'][1 + h % 8], concat('operator-', toString(h % 60)),
     ['Chrome', 'Chrome', 'Chrome', 'Safari', 'Firefox', 'Edge'][1 + h % 6], toString(140 + intDiv(h, 7) % 6),
     concat('sfu-', toString(cityHash64(call_id) % 12)), ['', '', '', 'udp', 'tls'][1 + h % 5], ['VP8', 'VP8', 'H264', 'AV1'][1 + h % 4]
   FROM (SELECT tenant_id, call_id, participant_id, time, cityHash64(participant_id) AS h FROM callscope.rtc_stats_transport WHERE ${newCalls})
   GROUP BY tenant_id, call_id, participant_id, h`,
  `INSERT INTO callscope.stream_score
     (tenant_id, call_id, window_start, window_ms, point, kind, source, receiver_id, producer_id, consumer_id, sfu_node_id, mos, scale, model,
      confidence, bitrate_bps, loss_ratio, jitter_ms, delay_ms, frozen_ms, revision, scored_at)
   SELECT tenant_id, call_id, toDateTime64(toStartOfInterval(time, INTERVAL 5 SECOND), 3, 'UTC') AS window_start, 5000, 'receiver', kind,
     if(kind = 'audio', 'microphone', 'camera'), participant_id, producer_id, consumer_id, concat('sfu-', toString(cityHash64(call_id) % 12)),
     round(greatest(1, least(4.5, 4.4 - cityHash64(call_id) % 7 / 10 - cityHash64(window_start, consumer_id) % 100 / 400)), 3),
     if(kind = 'audio', 'fullband', 'video'), 'bench', 0.9, 8 * (max(bytes_received) - min(bytes_received)) / 5,
     (cityHash64(consumer_id, window_start) % 100) / 5000, avg(jitter_us) / 1000, 40 + cityHash64(call_id) % 100, 0, 1, window_start + 8
   FROM callscope.rtc_stats_inbound_rtp WHERE ${newCalls}
   GROUP BY tenant_id, call_id, window_start, kind, participant_id, producer_id, consumer_id`,
  `INSERT INTO callscope.call_summary
   SELECT tenant_id, call_id, '', min(window_start), max(window_start), uniqExact(receiver_id),
     avgIf(mos, kind = 'audio'), minIf(mos, kind = 'audio'), avgIf(mos, kind = 'video'), minIf(mos, kind = 'video'),
     countIf(mos < 3.1) / count(), 0, 0, 1
   FROM callscope.stream_score WHERE ${newCalls} GROUP BY tenant_id, call_id`,
];

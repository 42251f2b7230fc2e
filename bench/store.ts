/**
 * What a row of a call costs on disk, merged, in our typed tables and in the official exporter's `otel_logs`, both in
 * the same server, and how soon one call is read from each. The rows are copies of lab calls: bench/store/replicate.ts.
 * The exporter's table gets what was sent, from a third database: our tables round on the way in.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { ColumnTables } from '../collector/columns/tables.ts';
import { migrate } from '../collector/schema/migrate.ts';
import { clickhouseInsert } from '../collector/store/insert.ts';
import { startClickHouse } from '../runtime/embedded/clickhouse.ts';
import { statsKindsByEvent } from '../telemetry/stats.ts';
import {
  type Benchmark,
  type BenchmarkReport,
  commit,
  limit,
  machine,
  optionOf,
  quantile,
} from './benchmark.ts';
import { putOtelLogs } from './store/otel-logs.ts';
import { copyCall, readRecording } from './store/replicate.ts';

const blockRows = 65_536;
const readings = 15;
/** A fleet of some 200 calls at once. */
const startEveryMs = 3_000;
/** What issues ask for. */
const mostBytesPerRow = 25;

export const storeBenchmark: Benchmark = {
  summary:
    'bytes on disk a row of realistic calls, and how soon one is read, against the layout of otel_logs',
  usage: '--rows N (default 3000000), --minutes M (how long a call is, default 10)',
  run: runStore,
};

async function runStore(args: readonly string[]): Promise<BenchmarkReport> {
  const rows = optionOf(args, '--rows', 3_000_000);
  const minutes = optionOf(args, '--minutes', 10);
  const directory = mkdtempSync(path.join(os.tmpdir(), 'callscope-bench-'));
  const clickhouse = await startClickHouse({ dataDir: path.join(directory, 'clickhouse') });
  const client = createClient({ url: clickhouse.url, request_timeout: 300_000, log: { level: 127 } });
  const exactUrl = new URL(clickhouse.url);
  exactUrl.pathname = '/exact';
  const exactly = createClient({ url: exactUrl.href, request_timeout: 300_000, log: { level: 127 } });
  try {
    await migrate(client, { database: 'callscope' });
    await asLargeParts(client);
    await client.command({ query: 'CREATE DATABASE exact' });
    for (const { table } of statsKindsByEvent.values()) {
      await client.command({ query: `CREATE TABLE exact.${table} AS callscope.${table}` });
    }
    const { calls, stored } = await putCalls(client, exactly, rows, minutes);
    await putOtelLogs(client, 'exact');
    await client.command({ query: 'DROP DATABASE exact' });
    const tables = await typedTables(client);
    for (const table of [...tables, 'exporter.otel_logs']) {
      await client.command({
        query: `OPTIMIZE TABLE ${table} FINAL`,
        clickhouse_settings: { wait_end_of_query: 1 },
      });
    }
    const typed = await sizes(client, tables);
    const [otel] = await sizes(client, ['otel_logs']);
    const onDisk = typed.reduce((sum, { bytes }) => sum + bytes, 0);
    const times = await readingTimes(client, calls);
    const bytesPerRow = round(onDisk / stored);
    return {
      name: 'store',
      date: new Date().toISOString(),
      machine: machine(),
      sizes: { rows: stored, calls: calls.length, minutesPerCall: minutes, tables: tables.length },
      result: {
        bytesPerRow,
        timesSmallerThanOtelLogs: round(otel!.bytes / onDisk),
        otelLogsBytesPerRow: round(otel!.bytes / otel!.rows),
        callReadMs: times.typed,
        callReadTimesFasterThanOtelLogs: round(times.otel / times.typed),
        callReadTimesFasterThanOtelLogsInItsTime: round(times.otelInTime / times.typed),
      },
      limits: [limit('bytesPerRow', bytesPerRow, mostBytesPerRow)],
      details: {
        commit: commit(),
        tables: typed.map(({ table, rows, bytes }) => ({ table, rows, bytesPerRow: round(bytes / rows) })),
        columns: await columnSizes(client),
      },
    };
  } finally {
    await Promise.all([client.close(), exactly.close()]);
    await clickhouse.stop();
    rmSync(directory, { recursive: true });
  }
}

interface Calls {
  readonly calls: readonly string[];
  readonly stored: number;
}

/** Parts that have been merged to hundreds of megabytes are wide; these are smaller, and are to be stored as those are. */
async function asLargeParts(client: ClickHouseClient): Promise<void> {
  for (const { table } of statsKindsByEvent.values()) {
    await client.command({ query: `ALTER TABLE ${table} MODIFY SETTING min_bytes_for_wide_part = 0` });
  }
}

/** Calls of yesterday in blocks as the collector makes them, and `exactly` as they were sent. */
async function putCalls(
  client: ClickHouseClient,
  exactly: ClickHouseClient,
  rows: number,
  minutes: number,
): Promise<Calls> {
  const recording = readRecording();
  const insert = clickhouseInsert(client);
  const insertExactly = clickhouseInsert(exactly);
  const tables = new ColumnTables();
  const flush = async (fewest: number) => {
    for (const table of tables.all()) {
      if (table.rows < fewest) continue;
      await insertExactly(table.name, table.encodeExactly(), crypto.randomUUID());
      await insert(table.name, table.encode(), crypto.randomUUID());
      table.clear();
    }
  };
  const yesterday = Math.floor(Date.now() / 86_400_000 - 1) * 86_400_000;
  const calls = new Set<string>();
  let stored = 0;
  for (let copy = 0; stored < rows; copy++) {
    const startMs = yesterday + ((copy * startEveryMs) % (23 * 3_600_000));
    for (const [table, row] of copyCall(recording, copy, startMs, minutes * 60_000)) {
      tables.add(table, row);
      calls.add(row.call_id as string);
      stored++;
      if (tables.get(table)!.rows >= blockRows) await flush(blockRows);
    }
  }
  await flush(1);
  return { calls: [...calls], stored };
}

async function typedTables(client: ClickHouseClient): Promise<string[]> {
  const found = await rowsOf<{ table: string }>(
    client,
    `SELECT DISTINCT table FROM system.parts
     WHERE database = currentDatabase() AND active AND startsWith(table, 'rtc_stats_') ORDER BY table`,
  );
  return found.map(({ table }) => table);
}

interface Size {
  readonly table: string;
  readonly rows: number;
  readonly bytes: number;
}

const sizes = (client: ClickHouseClient, tables: readonly string[]): Promise<Size[]> =>
  rowsOf<Size>(
    client,
    `SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts
     WHERE database IN (currentDatabase(), 'exporter') AND active AND table IN {tables:Array(String)} GROUP BY table ORDER BY table`,
    { tables },
  );

const columnSizes = (client: ClickHouseClient): Promise<unknown[]> =>
  rowsOf(
    client,
    `SELECT table, column, any(c.compression_codec) AS codec, round(sum(column_data_compressed_bytes) / sum(rows), 3) AS bytesPerRow
     FROM system.parts_columns AS p
     INNER JOIN system.columns AS c ON c.database = p.database AND c.table = p.table AND c.name = p.column
     WHERE p.database = currentDatabase() AND active AND startsWith(table, 'rtc_stats_')
     GROUP BY table, column HAVING bytesPerRow >= 0.005 ORDER BY table, bytesPerRow DESC`,
  );

/** All streams that a call's people received, every sample: what an opened call shows first. */
async function readingTimes(client: ClickHouseClient, calls: readonly string[]) {
  const picked = Array.from({ length: readings }, (_, i) => calls[(i * 7) % calls.length]!);
  const typed: number[] = [];
  const otel: number[] = [];
  const otelInTime: number[] = [];
  const bounds = `Timestamp BETWEEN (SELECT min(time) - INTERVAL 1 MINUTE FROM rtc_stats_inbound_rtp WHERE tenant_id = 'default' AND call_id = {call:String})
    AND (SELECT max(time) + INTERVAL 1 MINUTE FROM rtc_stats_inbound_rtp WHERE tenant_id = 'default' AND call_id = {call:String})`;
  const ofOtel = `SELECT ResourceAttributes['rtc.participant_id'] AS participant, LogAttributes['rtc.consumer_id'] AS stream, Timestamp AS at,
      LogAttributes['rtc.packets_received'] AS packets, LogAttributes['rtc.packets_lost'] AS lost, LogAttributes['rtc.jitter_us'] AS jitter,
      LogAttributes['rtc.frames_decoded'] AS frames
    FROM exporter.otel_logs
    WHERE EventName = 'rtc.stats.inbound_rtp' AND ResourceAttributes['rtc.tenant_id'] = 'default' AND ResourceAttributes['rtc.call_id'] = {call:String}`;
  const ofTyped = `SELECT participant_id, consumer_id, time, packets_received, packets_lost, jitter_us, frames_decoded
    FROM rtc_stats_inbound_rtp WHERE tenant_id = 'default' AND call_id = {call:String}
    ORDER BY participant_id, transport_id, stat_id, time`;
  for (const call of picked) {
    typed.push(await timed(client, ofTyped, call));
    otel.push(await timed(client, `${ofOtel} ORDER BY participant, stream, at`, call));
    otelInTime.push(await timed(client, `${ofOtel} AND ${bounds} ORDER BY participant, stream, at`, call));
  }
  return { typed: median(typed), otel: median(otel), otelInTime: median(otelInTime) };
}

async function timed(client: ClickHouseClient, query: string, call: string): Promise<number> {
  const startedAt = performance.now();
  const result = await client.query({ query, query_params: { call }, format: 'JSONCompactEachRow' });
  const read = await result.text();
  if (read === '') throw new Error(`call ${call} was not found`);
  return performance.now() - startedAt;
}

async function rowsOf<T>(client: ClickHouseClient, query: string, query_params = {}): Promise<T[]> {
  return await (
    await client.query({
      query,
      query_params,
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    })
  ).json<T>();
}

const median = (values: readonly number[]): number => round(quantile(values, 0.5));

const round = (value: number): number => Number(value.toFixed(2));

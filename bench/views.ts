/**
 * What the views of dashboards, inspector and alerts cost on small inserts: the same rows go in turn into two databases
 * of one ClickHouse, of which one has no views but those that tell the pipelines what arrived. CPU time of the server,
 * merges included, by insert.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { migrate } from '../collector/schema/migrate.ts';
import { fleetRows, minuteMs } from '../lab/alerts/fleet.ts';
import { startClickHouse } from '../runtime/embedded/clickhouse.ts';
import { type Benchmark, type BenchmarkReport, commit, machine, median, optionOf } from './benchmark.ts';
import { cpuSeconds } from './ingest/rig.ts';

const defaults = { inserts: 30, rounds: 3 };
/** Rows of an insert: what a small service writes at a time, and a larger one. */
const sizes = [10, 100, 1_000];
const ways = ['with', 'without'] as const;
type Way = (typeof ways)[number];

export const viewsBenchmark: Benchmark = {
  summary: 'what views cost on small inserts, with and without them',
  usage: `--inserts N (of each kind, default ${defaults.inserts}) --rounds N (${defaults.rounds})`,
  run: (args) =>
    run(optionOf(args, '--inserts', defaults.inserts), optionOf(args, '--rounds', defaults.rounds)),
};

async function run(inserts: number, rounds: number): Promise<BenchmarkReport> {
  const dir = mkdtempSync(path.join(tmpdir(), 'callscope-bench-views-'));
  const clickhouse = await startClickHouse({ dataDir: dir });
  const clients = {} as Record<Way, ClickHouseClient>;
  try {
    for (const way of ways) clients[way] = await openDatabase(clickhouse.url, way);
    const result: Record<string, number> = {};
    const ratios: number[] = [];
    for (const [table, rows] of Object.entries(tables())) {
      for (const size of sizes) {
        const cost: Record<Way, number[]> = { with: [], without: [] };
        // The first round opens parts and fills caches.
        for (let round = -1; round < rounds; round++) {
          for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
            const ms = await costOf(clients[way], clickhouse.pid, table, rows, size, inserts);
            if (round >= 0) cost[way].push(ms);
          }
        }
        const [withMs, withoutMs] = [median(cost.with), median(cost.without)];
        const name = `${table}, ${size} rows`;
        result[`${name}, ms with`] = withMs;
        result[`${name}, ms without`] = withoutMs;
        result[`${name}, ratio`] = withMs / withoutMs;
        if (size === sizes[0]) ratios.push(withMs / withoutMs);
      }
    }
    return {
      name: 'views',
      date: new Date().toISOString(),
      machine: machine(),
      sizes: { inserts, rounds, commit: commit() },
      result: { ...result, 'median ratio of the smallest': median(ratios) },
    };
  } finally {
    await Promise.all(Object.values(clients).map((client) => client.close()));
    await clickhouse.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function openDatabase(serverUrl: string, way: Way): Promise<ClickHouseClient> {
  const database = `views_${way}`;
  const admin = createClient({ url: serverUrl });
  await admin.command({ query: `CREATE DATABASE ${database}` });
  await migrate(admin, { database });
  if (way === 'without') {
    const views = await admin.query({
      query: `SELECT name FROM system.tables WHERE database = '${database}' AND engine = 'MaterializedView'
        AND NOT startsWith(name, 'window_arrival_of')`,
      format: 'JSONEachRow',
    });
    for (const { name } of await views.json<{ name: string }>()) {
      await admin.command({ query: `DROP VIEW ${database}.${name} SYNC` });
    }
  }
  await admin.close();
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return createClient({ url, clickhouse_settings: { async_insert: 0 }, log: { level: 127 } });
}

/** @returns ms of CPU an insert */
async function costOf(
  client: ClickHouseClient,
  pid: number,
  table: string,
  rows: readonly object[],
  size: number,
  inserts: number,
): Promise<number> {
  await settled(client);
  const before = cpuSeconds(pid);
  for (let i = 0; i < inserts; i++) {
    const from = (i * size) % Math.max(1, rows.length - size);
    // Without a token of its own a block that was there before would be dropped.
    const clickhouse_settings = { insert_deduplicate: 0 } as const;
    const values = rows.slice(from, from + size);
    await client.insert({ table, values, format: 'JSONEachRow', clickhouse_settings });
  }
  await settled(client);
  return (1_000 * (cpuSeconds(pid) - before)) / inserts;
}

async function settled(client: ClickHouseClient): Promise<void> {
  for (;;) {
    const merges = await client.query({
      query: 'SELECT count() AS n FROM system.merges',
      format: 'JSONEachRow',
    });
    const [row] = await merges.json<{ n: string }>();
    if (Number(row!.n) === 0) return;
    await delay(50);
  }
}

/** Rows of the tables that have views, as the collector and the pipelines write them. */
function tables(): Record<string, object[]> {
  const now = Math.floor(Date.now() / minuteMs);
  const { spans, events, scores, incidents } = fleetRows({
    fromMinute: now - 60,
    toMinute: now - 5,
    joinsPerMinute: 30,
    trouble: () => ({ incident: 'downlink_congestion' }),
  });
  const received = <Row extends { time: number }>(rows: readonly Row[]) =>
    rows.map((row) => ({ ...row, client_time: row.time, received_at: row.time + 1_000 }));
  const people = events.map(({ tenant_id, call_id, participant_id, time }) => ({
    tenant_id,
    call_id,
    participant_id,
    first_seen_at: time,
    last_seen_at: time + minuteMs,
    revision: 1,
  }));
  return {
    rtc_event: received(events),
    rtc_span: received(spans),
    stream_score: scores,
    incident: incidents,
    participant_summary: people,
  };
}

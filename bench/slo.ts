/**
 * What evaluating the promises costs: all of them over 30 days of one-minute rollups, every minute judged against all
 * four pairs of windows, as `npm run alerts -- replay` does; and one minute as the pipelines judge it live. The month is
 * made up (a tenant, three nodes, joins and 5 s windows of both kinds in every minute) and stands in a real ClickHouse
 * of its own. Medians over the runs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { longestMinutes } from '../alerts/burn.ts';
import { replay } from '../alerts/replay.ts';
import { slos } from '../alerts/slos/list.ts';
import { type MinutesRow, minutesSql, seriesOf } from '../alerts/slos/minutes.ts';
import { migrate } from '../collector/schema/migrate.ts';
import { startClickHouse } from '../runtime/embedded/clickhouse.ts';
import { type Benchmark, type BenchmarkReport, commit, limit, machine } from './benchmark.ts';

const minuteMs = 60_000;
const days = 30;
const nodes = 3;
/** The goal of the project for a month. */
const limitMs = 2_000;

export const sloBenchmark: Benchmark = {
  summary: 'evaluating all SLOs over 30 days of one-minute rollups, and one live minute',
  usage: '--runs N (default 7)',
  run: async (args) => {
    const dir = mkdtempSync(path.join(tmpdir(), 'callscope-bench-slo-'));
    const clickhouse = await startClickHouse({ dataDir: dir });
    const client = createClient({
      url: clickhouse.url,
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
      request_timeout: 120_000,
    });
    try {
      return await measure(client, new URL(clickhouse.url).pathname.slice(1), runsOf(args));
    } finally {
      await client.close();
      await clickhouse.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

async function measure(client: ClickHouseClient, database: string, runs: number): Promise<BenchmarkReport> {
  await migrate(client, { database });
  const to = Math.floor(Date.now() / minuteMs);
  const from = to - days * 1_440;
  const rows = await fill(client, from);
  const month = await timed(runs, () => evaluated(client, from, to));
  const live = await timed(runs, () => evaluated(client, to, to));
  const read = await timed(runs, () => read30(client, from, to));
  return {
    name: 'slo',
    date: new Date().toISOString(),
    machine: machine(),
    sizes: { days, slos: slos.length, nodes, rollupRows: rows, runs, commit: commit() },
    result: { monthMs: month, ofWhichReadingMs: read, liveMinuteMs: live },
    limits: [limit('all SLOs over 30 days, ms', month, limitMs)],
  };
}

async function read30(client: ClickHouseClient, from: number, to: number): Promise<MinutesRow[]> {
  const result = await client.query({
    query: minutesSql(slos),
    query_params: { from: (from - longestMinutes) * minuteMs, to: to * minuteMs },
    format: 'JSONEachRow',
  });
  return result.json<MinutesRow>();
}

async function evaluated(client: ClickHouseClient, from: number, to: number): Promise<void> {
  const series = seriesOf(await read30(client, from, to), slos);
  const events = [...series.values()].reduce((sum, { minutes }) => sum + minutes.length, 0);
  if (events === 0) throw new Error('the month is empty: nothing was measured');
  replay({ slos, series, alerts: new Map(), from, to });
}

/** @returns rows of rollups */
async function fill(client: ClickHouseClient, from: number): Promise<number> {
  const count = days * 1_440;
  const minute = `toDateTime(${from * 60} + 60 * intDiv(number, NODES), 'UTC')`;
  const at = (each: number) => minute.replace('NODES', String(each));
  const statements = [
    `INSERT INTO join_minute (minute, tenant_id, step, cause, spans, failed, within_3s)
     SELECT ${at(9)}, 'acme', ['rtc.join', 'rtc.join.ice', 'rtc.join.dtls', 'rtc.join.signaling', 'rtc.join.transport',
       'rtc.join.first_packet', 'rtc.join.first_frame', 'rtc.join.admission', 'rtc.join.get_user_media'][number % 9 + 1], '',
       200, rand() % 2500 = 0, 195 FROM numbers(${count * 9})`,
    `INSERT INTO quality_minute (minute, tenant_id, kind, sfu_node_id, windows, scored, bad, mos_good, loss_known,
       loss_good, jitter_known, jitter_good, delay_known, delay_good)
     SELECT ${at(2 * nodes)}, 'acme', ['audio', 'video'][number % 2 + 1], concat('sfu-', toString(number % ${2 * nodes})),
       2000, 2000, 10, 1900, 2000, 1960, 2000, 1970, 2000, 1980 FROM numbers(${count * 2 * nodes})`,
    `INSERT INTO event_minute (minute, name, detail, source, tenant_id, sfu_node_id, events)
     SELECT ${at(8)}, ['rtc.participant.joined', 'rtc.recording.finished', 'rtc.recording.stopped', 'rtc.ice.state',
       'rtc.dtls.state', 'rtc.sfu.layers_changed', 'rtc.page.visibility', 'rtc.signaling.state'][number % 8 + 1],
       if(number % 8 = 1, 'stored', ''), if(number % 8 = 0, 'sfu', 'recorder'), 'acme', 'sfu-1', 20 FROM numbers(${count * 8})`,
    `INSERT INTO slo_minute (minute, slo, tenant_id, good, total)
     SELECT ${at(2)}, ['ingest-freshness', 'transcription'][number % 2 + 1], 'acme', 995, 1000 FROM numbers(${count * 2})`,
    `INSERT INTO slo_minute (minute, slo, tenant_id, good, total)
     SELECT ${at(2)}, ['forwarding-audio', 'forwarding-video'][number % 2 + 1], '', ${6 * nodes}, ${6 * nodes} FROM numbers(${count * 2})`,
    // A metric is no rollup: a reading every ten seconds of two queues, as the pipelines send it.
    `INSERT INTO rtc_metric (service_name, service_instance_id, name, time, value, attributes)
     SELECT 'callscope-pipelines', 'p1', 'rtc.pipelines.queue_oldest_ms', toDateTime64(${from * 60} + 10 * intDiv(number, 2), 3, 'UTC'),
       20, map('queue', ['score', 'detect'][number % 2 + 1]) FROM numbers(${count * 12})`,
    `INSERT INTO rtc_metric (service_name, service_instance_id, name, time, value, sfu_node_id)
     SELECT 'callscope-sfu', 's', 'rtc.sfu.participants', toDateTime64(${from * 60} + 10 * intDiv(number, ${nodes}), 3, 'UTC'),
       100, concat('sfu-', toString(number % ${nodes})) FROM numbers(${count * 6 * nodes})`,
  ];
  for (const query of statements) await client.command({ query });
  return count * (9 + 2 * nodes + 8 + 4);
}

async function timed(runs: number, work: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  // The first fills caches and compiles; a service runs for weeks.
  for (let run = -1; run < runs; run += 1) {
    const startMs = performance.now();
    await work();
    if (run >= 0) took.push(performance.now() - startMs);
  }
  return Math.round(took.toSorted((a, b) => a - b)[Math.floor(took.length / 2)]!);
}

function runsOf(args: readonly string[]): number {
  const at = args.indexOf('--runs');
  const runs = at < 0 ? 7 : Number(args[at + 1]);
  if (Number.isInteger(runs) && runs > 0) return runs;
  throw new Error('--runs needs a whole number above 0');
}

/**
 * How soon the store answers what people ask, with many rows in it: one call opened (every series of everybody, at the
 * second), the worst calls of the last day, and a fleet's quality by network operator and minute over 24 hours. Then
 * the same with ten times the rows.
 */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { startClickHouse } from '../runtime/embedded/clickhouse.ts';
import {
  type Benchmark,
  type BenchmarkReport,
  commit,
  limit,
  machine,
  optionOf,
  quantile,
} from './benchmark.ts';
import { callMinutes, startFilling } from './query/fill.ts';

const opens = 40;
const looks = 20;
/** Raw rows, results and what merges need meanwhile; measured with some to spare. */
const diskBytesPerRow = 60;

export const queryBenchmark: Benchmark = {
  summary: 'how soon a call, the worst calls and the fleet are read, and what ten times the rows cost',
  usage: '--rows N (of raw samples, default 4000000; the full run is 100000000)',
  run: runQuery,
};

async function runQuery(args: readonly string[]): Promise<BenchmarkReport> {
  const rows = optionOf(args, '--rows', 4_000_000);
  const directory = mkdtempSync(path.join(os.tmpdir(), 'callscope-bench-'));
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < rows * diskBytesPerRow) {
    rmSync(directory, { recursive: true });
    throw new Error(
      `${rows} rows may need ${Math.ceil((rows * diskBytesPerRow) / 2 ** 30)} GB in ${directory}; take fewer by --rows`,
    );
  }
  const clickhouse = await startClickHouse({ dataDir: path.join(directory, 'clickhouse') });
  const client = createClient({ url: clickhouse.url, request_timeout: 600_000, log: { level: 127 } });
  try {
    // Some to spare: filling takes its time, and the day that is asked about ends when it is asked.
    const dayStartMs = Date.now() - 23.6 * 3_600_000;
    const filler = await startFilling(client, clickhouse.url, dayStartMs);
    const begun = performance.now();
    await filler.fillTo(rows / 10);
    const small = await look(client);
    const day = await filler.fillTo(rows);
    const fillSeconds = (performance.now() - begun) / 1_000;
    const full = await look(client);
    const result = {
      rows: day.rows,
      callP95Ms: p95(full.call),
      worstCallsP95Ms: p95(full.worst),
      fleetP95Ms: p95(full.fleet),
      growthPer10x: Number((median(full.call) / median(small.call)).toFixed(2)),
      callMedianMs: median(full.call),
      callMedianMsAtATenth: median(small.call),
    };
    return {
      name: 'query',
      date: new Date().toISOString(),
      machine: machine(),
      sizes: {
        calls: day.calls,
        minutesPerCall: callMinutes,
        opens,
        looks,
        fillSeconds: Math.round(fillSeconds),
        ...(await counts(client)),
      },
      result,
      limits: [
        limit('callP95Ms', result.callP95Ms, 200),
        limit('worstCallsP95Ms', result.worstCallsP95Ms, 300),
        limit('fleetP95Ms', result.fleetP95Ms, 500),
        limit('growthPer10x', result.growthPer10x, 1.3),
      ],
      details: { commit: commit() },
    };
  } finally {
    await client.close();
    await clickhouse.stop();
    rmSync(directory, { recursive: true });
  }
}

/** What an opened call draws, between its first and last moment: a table, what tells its series apart, and the columns of the charts. */
const series: readonly (readonly [table: string, stream: string, columns: string])[] = [
  [
    'rtc_stats_inbound_rtp',
    'participant_id, transport_id, stat_id',
    'packets_received, packets_lost, bytes_received, jitter_us, frames_decoded, frame_height, total_freezes_duration_us, ' +
      'concealed_samples, total_samples_received, jitter_buffer_delay_us, jitter_buffer_emitted_count',
  ],
  [
    'rtc_stats_outbound_rtp',
    'participant_id, transport_id, stat_id',
    'packets_sent, bytes_sent, target_bitrate, frames_encoded, frame_height, total_encode_time_us, quality_limitation_reason',
  ],
  [
    'rtc_stats_remote_inbound_rtp',
    'participant_id, transport_id, stat_id',
    'packets_lost, jitter_us, round_trip_time_us',
  ],
  [
    'rtc_stats_candidate_pair',
    'participant_id, transport_id, stat_id',
    'current_round_trip_time_us, available_outgoing_bitrate, bytes_sent, bytes_received',
  ],
  [
    'rtc_stats_sfu_transport',
    'participant_id, transport_id',
    'available_outgoing_bitrate, rtp_packet_loss_sent, rtp_packet_loss_received, send_bitrate, recv_bitrate',
  ],
  ['rtc_stats_sfu_producer', 'participant_id, producer_id, rid', 'bitrate, packets_lost, score, jitter'],
  [
    'rtc_stats_sfu_consumer',
    'participant_id, consumer_id',
    'bitrate, packets_lost, score, current_spatial_layer',
  ],
];

const callQueries = series.map(
  ([table, stream, columns]) => `
    SELECT ${stream}, groupArray((toUnixTimestamp64Milli(time), ${columns})) AS samples
    FROM (SELECT ${stream}, time, ${columns} FROM ${table}
      WHERE tenant_id = 'default' AND call_id = {call:String}
        AND time BETWEEN fromUnixTimestamp64Milli({from:Int64}) AND fromUnixTimestamp64Milli({to:Int64}) ORDER BY tenant_id, call_id, ${stream}, time)
    GROUP BY ${stream}`,
);

const worstQuery = `
  SELECT call_id, started_at, participants, audio_mos_worst_minute, video_mos_worst_minute, bad_window_ratio, incidents
  FROM (
    SELECT * FROM call_by_time FINAL
    WHERE started_at >= now64(3, 'UTC') - INTERVAL 1 DAY AND tenant_id = 'default' ORDER BY revision DESC LIMIT 1 BY tenant_id, call_id
  )
  WHERE least(ifNull(audio_mos_worst_minute, 5), ifNull(video_mos_worst_minute, 5)) < 5
  ORDER BY least(ifNull(audio_mos_worst_minute, 5), ifNull(video_mos_worst_minute, 5)), call_id
  LIMIT 50`;

const fleetQuery = `
  SELECT minute, operator, sum(windows) AS windows, sum(bad) AS bad, quantilesTDigestMerge(0.05, 0.5)(mos) AS mos,
    sum(loss_good) / sum(loss_known) AS loss_good_ratio, uniqCombinedMerge(12)(participants) AS participants
  FROM quality_minute
  WHERE minute >= now() - INTERVAL 1 DAY AND tenant_id = 'default'
  GROUP BY minute, operator ORDER BY minute, operator`;

/** Epoch ms, as ClickHouse writes 64-bit integers. */
interface CallSpan {
  readonly call: string;
  readonly from: string;
  readonly to: string;
}

interface Look {
  readonly call: readonly number[];
  readonly worst: readonly number[];
  readonly fleet: readonly number[];
}

async function look(client: ClickHouseClient): Promise<Look> {
  const result = await client.query({
    query: `
      SELECT call_id AS call, toUnixTimestamp64Milli(started_at) AS from, toUnixTimestamp64Milli(last_seen_at) + 5000 AS to
      FROM call_summary ORDER BY cityHash64(call_id, 'look') LIMIT {opens:UInt32}`,
    query_params: { opens },
    format: 'JSONEachRow',
  });
  const found = await result.json<CallSpan>();
  const call: number[] = [];
  for (let i = 0; i < opens; i++) {
    call.push(await timed(client, callQueries, found[i % found.length]!));
  }
  const worst: number[] = [];
  const fleet: number[] = [];
  for (let i = 0; i < looks; i++) {
    worst.push(await timed(client, [worstQuery]));
    fleet.push(await timed(client, [fleetQuery]));
  }
  return { call, worst, fleet };
}

/** All at once, as a page asks; each must find something. @returns ms until the last byte of the last */
async function timed(client: ClickHouseClient, queries: readonly string[], of?: CallSpan): Promise<number> {
  const begun = performance.now();
  const texts = await Promise.all(
    queries.map(async (query) =>
      (await client.query({ query, query_params: { ...of }, format: 'JSONCompactEachRow' })).text(),
    ),
  );
  const took = performance.now() - begun;
  const empty = texts.indexOf('');
  if (empty >= 0) throw new Error(`nothing was found for ${of?.call} by ${queries[empty]}`);
  return took;
}

async function counts(client: ClickHouseClient): Promise<Record<string, number>> {
  const result = await client.query({
    query: `
      SELECT sumIf(rows, table = 'stream_score') AS scores, sumIf(rows, table = 'quality_minute') AS minuteRows,
        round(sumIf(bytes_on_disk, startsWith(table, 'rtc_stats_')) / 1e9, 2) AS rawGb
      FROM system.parts WHERE active AND database = 'callscope'`,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  const [row] = await result.json<Record<string, number>>();
  return row!;
}

const at = (values: readonly number[], share: number): number =>
  Math.round(quantile(values, share) * 10) / 10;
const median = (values: readonly number[]): number => at(values, 0.5);
const p95 = (values: readonly number[]): number => at(values, 0.95);

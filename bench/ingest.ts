/**
 * How much telemetry one core of the collector takes: OTLP/protobuf requests over HTTP, authorised, unpacked, checked,
 * on disk before they are answered, and in ClickHouse. The CPU counted is that of the collector's process until its
 * last row is in, and of ClickHouse's until its merges have ended.
 */
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { ColumnTables } from '../collector/columns/tables.ts';
import { clickhouseInsert } from '../collector/store/insert.ts';
import { readRequest } from '../collector/store/read-request.ts';
import { type Benchmark, type BenchmarkReport, commit, machine, optionOf, quantile } from './benchmark.ts';
import { attributesPerRecord, renumbered, requestBody } from './ingest/payload.ts';
import { cpuSeconds, type Rig, startRig } from './ingest/rig.ts';
import { type Participant, participants, Sender } from './ingest/senders.ts';

const recordsPerRequest = 200;
const recordsPerSmallRequest = 10;
/** Some thousand clients send a request each every second or two: this many are always on their way. */
const connections = 64;
const runs = 3;
const loadShare = 0.7;
/** Distinct bodies; each is sent many times under other bytes. */
const distinctBodies = 200;
/** Enough that none sends more often than a participant may. */
const participantCount = 4_000;
/** As large as the collector's own under this load. */
const nativeBlockRows = 65_536;

export const ingestBenchmark: Benchmark = {
  summary:
    'what the collector takes: rows per core-second, against ClickHouse itself, and how soon it answers',
  usage: '--rows N (a run of large requests, default 1000000), --seconds S (of the latency run, default 20)',
  run: runIngest,
};

interface Run {
  readonly rows: number;
  /** Until the last row is in ClickHouse. */
  readonly seconds: number;
  /** Until its merges have ended, too: those that are put off are work all the same. */
  readonly settledSeconds: number;
  readonly collectorCpu: number;
  readonly clickhouseCpu: number;
}

async function runIngest(args: readonly string[]): Promise<BenchmarkReport> {
  const rows = optionOf(args, '--rows', 1_000_000);
  const seconds = optionOf(args, '--seconds', 20);
  const writers = await participants(participantCount);
  await using rig = await startRig();
  const sender = new Sender(rig.port);
  const large = bodies(recordsPerRequest);
  const small = bodies(recordsPerSmallRequest);

  // A collector that has just begun is compiled while it works, small requests' part of it last.
  await saturate(rig, sender, large, writers, Math.min(rows, 200_000));
  await saturate(rig, sender, small, writers, Math.min(rows, 200_000));
  const largeRuns: Run[] = [];
  const smallRuns: Run[] = [];
  const nativeRuns: NativeRun[] = [];
  for (let run = 0; run < runs; run++) {
    largeRuns.push(await saturate(rig, sender, large, writers, rows));
    nativeRuns.push(await insertNative(rig, large, rows));
    smallRuns.push(await saturate(rig, sender, small, writers, Math.ceil(rows / 5)));
  }
  const rate = median(largeRuns.map((run) => run.rows / run.seconds));
  const latencies = await paced(sender, large, writers, (rate * loadShare) / recordsPerRequest, seconds);
  sender.close();

  const perCore = (list: readonly Run[]) =>
    Math.round(median(list.map((run) => run.rows / run.collectorCpu)));
  return {
    name: 'ingest',
    date: new Date().toISOString(),
    machine: machine(),
    sizes: {
      rows,
      runs,
      recordsPerRequest,
      recordsPerSmallRequest,
      attributesPerRecord,
      connections,
      latencySeconds: seconds,
      loadAverage: Number((loadavg()[0] ?? 0).toFixed(1)),
    },
    result: {
      rowsPerCoreSecond: perCore(largeRuns),
      rowsPerCoreSecondSmall: perCore(smallRuns),
      cpuRatioToClickHouse: round(median(largeRuns.map((run) => run.collectorCpu / run.clickhouseCpu))),
      ratioToNativeInsert: round(
        median(
          largeRuns.map((run, i) => {
            const native = nativeRuns[i]!;
            return run.rows / run.settledSeconds / (native.rows / native.settledSeconds);
          }),
        ),
      ),
      ackP99Ms: round(quantile(latencies, 0.99)),
      ackP50Ms: round(quantile(latencies, 0.5)),
      rowsPerSecond: Math.round(rate),
      ratioToNativeInsertBeforeMerges: round(
        median(
          largeRuns.map((run, i) => run.rows / run.seconds / (nativeRuns[i]!.rows / nativeRuns[i]!.seconds)),
        ),
      ),
      nativeRowsPerSecond: Math.round(median(nativeRuns.map((run) => run.rows / run.seconds))),
    },
    details: {
      commit: commit(),
      largeRuns,
      smallRuns,
      nativeRuns,
      bytesPerRecordGzip: large[0]!.length / recordsPerRequest,
    },
  };
}

const bodies = (records: number): Buffer[] =>
  Array.from({ length: distinctBodies }, (_, seed) => requestBody(seed + 1, records, Date.now()));

let sent = 0;

/** As fast as it goes, over a fixed number of connections, until `rows` are acknowledged and stored. */
async function saturate(
  rig: Rig,
  sender: Sender,
  pool: readonly Buffer[],
  writers: readonly Participant[],
  rows: number,
): Promise<Run> {
  const perRequest = recordsOf(pool[0]!);
  await rig.settled();
  const collectorBefore = cpuSeconds(rig.collectorPid);
  const clickhouseBefore = cpuSeconds(rig.clickhousePid);
  const startedAt = performance.now();
  let left = Math.ceil(rows / perRequest);
  let acknowledged = 0;
  const connection = async () => {
    while (left-- > 0) {
      const number = ++sent;
      const body = renumbered(pool[number % pool.length]!, number);
      const status = await sender.logs(body, writers[number % writers.length]!);
      if (status === 200) acknowledged += perRequest;
      else if (status !== 503) throw new Error(`the collector answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  while ((await stored(rig)) > 0) await delay(10);
  const seconds = (performance.now() - startedAt) / 1_000;
  const collectorCpu = cpuSeconds(rig.collectorPid) - collectorBefore;
  await rig.settled();
  return {
    rows: acknowledged,
    seconds: round(seconds),
    settledSeconds: round((performance.now() - startedAt) / 1_000),
    collectorCpu: round(collectorCpu),
    clickhouseCpu: round(cpuSeconds(rig.clickhousePid) - clickhouseBefore),
  };
}

/** Rows that the collector still holds. */
async function stored(rig: Rig): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${rig.port}/metrics`)).text();
  return Number(/buffered_rows (\d+)/.exec(text)?.[1]);
}

const recordsOf = (body: Buffer): number => {
  const tables = new ColumnTables();
  readInto(tables, gunzipSync(body));
  return tables.rows;
};

function readInto(tables: ColumnTables, body: Buffer): void {
  const claims = { tenantId: 'acme', roomId: 'r', callId: 'native', participantId: 'p' };
  const writer = { kind: 'participant', claims } as const;
  readRequest({ signal: 'logs', encoding: 'protobuf', writer, receivedAtMs: Date.now() }, body, tables);
}

type NativeRun = Pick<Run, 'rows' | 'seconds' | 'settledSeconds'>;

/** The same rows in blocks that are ready before the clock runs. */
async function insertNative(rig: Rig, pool: readonly Buffer[], rows: number): Promise<NativeRun> {
  const tables = new ColumnTables();
  const unpacked = pool.map((body) => gunzipSync(body));
  const blockRows = Math.min(nativeBlockRows, rows);
  for (let i = 0; (tables.get('rtc_stats_inbound_rtp')?.rows ?? 0) < blockRows; i++) {
    readInto(tables, unpacked[i % unpacked.length]!);
  }
  const table = tables.get('rtc_stats_inbound_rtp')!;
  const block = table.encode();
  const insert = clickhouseInsert(rig.client);
  await rig.settled();
  const startedAt = performance.now();
  let inserted = 0;
  const one = async () => {
    while (inserted < rows) {
      inserted += table.rows;
      await insert(table.name, block, crypto.randomUUID());
    }
  };
  await Promise.all([one(), one()]);
  const seconds = (performance.now() - startedAt) / 1_000;
  await rig.settled();
  return {
    rows: inserted,
    seconds: round(seconds),
    settledSeconds: round((performance.now() - startedAt) / 1_000),
  };
}

/** At a fixed rate, whether answers come or not. @returns ms from when each was due to its answer */
async function paced(
  sender: Sender,
  pool: readonly Buffer[],
  writers: readonly Participant[],
  perSecond: number,
  seconds: number,
): Promise<number[]> {
  const latencies: number[] = [];
  const waiting: Promise<void>[] = [];
  const startedAt = performance.now();
  const total = Math.floor(perSecond * seconds);
  for (let i = 0; i < total; i++) {
    const dueAt = startedAt + (i / perSecond) * 1_000;
    const early = dueAt - performance.now();
    if (early > 1) await delay(early);
    const number = ++sent;
    const body = renumbered(pool[number % pool.length]!, number);
    waiting.push(
      sender.logs(body, writers[number % writers.length]!).then((status) => {
        latencies.push(status === 200 ? performance.now() - dueAt : Number.POSITIVE_INFINITY);
      }),
    );
  }
  await Promise.all(waiting);
  return latencies;
}

/** Of an even number of runs the upper one in the middle. */
const median = (values: readonly number[]): number => quantile(values, 0.5);
const round = (value: number): number => Number(value.toFixed(2));

/**
 * Hostile and broken requests by the hundred thousand, with good ones between them: the collector must not fall, must
 * not answer with a server's fault that it did not state, and must store every good one.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { deflateSync, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { type AttributeList, encodeLogRecords, encodeRequest } from '../client/sdk/otlp.ts';
import { type Benchmark, type BenchmarkReport, commit, machine, optionOf } from './benchmark.ts';
import { random, requestBody } from './ingest/payload.ts';
import { residentMb, serverKey, startRig } from './ingest/rig.ts';
import { Sender } from './ingest/senders.ts';

const connections = 24;
/** One good request among so many. */
const goodEvery = 50;
const goodRecords = 5;

export const fuzzBenchmark: Benchmark = {
  summary: 'hostile and broken requests: falls, unstated faults, good data lost between them',
  usage: '--rows N (requests, default 200000)',
  run: runFuzz,
};

type Headers = Record<string, string>;
interface Payload {
  readonly body: Buffer;
  readonly headers: Headers;
}

async function runFuzz(args: readonly string[]): Promise<BenchmarkReport> {
  const payloads = optionOf(args, '--rows', 200_000);
  await using rig = await startRig();
  const pid = rig.collectorPid;
  const sender = new Sender(rig.port);
  const authorization = { authorization: `Bearer ${serverKey}` };
  const statuses = new Map<number, number>();
  const next = random(7);
  const before = residentMb(pid);
  let largest = before;
  let begun = 0;
  let good = 0;
  let crashes = 0;
  const alive = () => {
    try {
      largest = Math.max(largest, residentMb(pid));
      return true;
    } catch {
      return false;
    }
  };
  const connection = async () => {
    while (begun < payloads && crashes === 0) {
      const number = begun++;
      if (number % 500 === 0 && !alive()) crashes++;
      if (number % goodEvery === 0) {
        const body = goodBody(++good);
        while ((await sender.post(body, authorization)) !== 200 && alive()) await delay(100);
        continue;
      }
      const { body, headers } = hostile[Math.floor(next() * hostile.length)]!(next);
      const status = await sender.post(body, { ...authorization, ...headers });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  if (!alive()) crashes++;
  await rig.settled();
  sender.close();
  const query = `SELECT toUInt32(uniqExact(stat_id)) AS n FROM rtc_stats_transport WHERE call_id = 'good'`;
  const [found] = await (await rig.client.query({ query, format: 'JSONEachRow' })).json<{ n: number }>();
  let unexpected5xx = 0;
  for (const [status, count] of statuses) if (status >= 500 && status !== 503) unexpected5xx += count;
  return {
    name: 'fuzz',
    date: new Date().toISOString(),
    machine: machine(),
    sizes: { payloads, kinds: hostile.length, good },
    result: {
      payloads,
      crashes,
      unexpected5xx,
      goodLost: good * goodRecords - found!.n,
      unanswered: statuses.get(0) ?? 0,
      rssGrowthMb: largest - before,
    },
    details: { commit: commit(), statuses: Object.fromEntries(statuses) },
  };
}

function goodBody(number: number): Buffer {
  const records = Array.from({ length: goodRecords }, (_, i) => ({
    eventName: 'rtc.stats.transport',
    timeMs: Date.now(),
    attributes: [['rtc.stat_id', `${number}-${i}`] as const],
  }));
  return Buffer.from(
    encodeRequest('good', [{ resource: [['rtc.call_id', 'good']], chunks: [encodeLogRecords(records)] }]),
  );
}

const sample = gunzipSync(requestBody(1, 3, Date.now()));
const pick = <T>(next: () => number, list: readonly T[]): T => list[Math.floor(next() * list.length)]!;

function withAttributes(attributes: AttributeList, timeMs = Date.now()): Buffer {
  const records = [
    {
      eventName: 'rtc.stats.inbound_rtp',
      timeMs,
      attributes: [['rtc.call_id', 'bad'] as const, ...attributes],
    },
  ];
  return Buffer.from(encodeRequest('bad', [{ resource: [], chunks: [encodeLogRecords(records)] }]));
}

function nested(depth: number): Buffer {
  let value = Buffer.from([0x0a, 0x01, 0x78]);
  for (let i = 0; i < depth; i++) {
    const list = Buffer.concat([Buffer.from([0x0a]), varint(value.length), value]);
    value = Buffer.concat([Buffer.from([0x2a]), varint(list.length), list]);
  }
  const wrap = (tag: number, content: Buffer) =>
    Buffer.concat([Buffer.from([tag]), varint(content.length), content]);
  const pair = Buffer.concat([wrap(0x0a, Buffer.from('deep')), wrap(0x12, value)]);
  return wrap(0x0a, wrap(0x12, wrap(0x12, wrap(0x32, pair))));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

const bombs = [
  gzipSync(Buffer.alloc(64 * 2 ** 20)),
  zstdCompressSync(Buffer.alloc(64 * 2 ** 20)),
  deflateSync(Buffer.alloc(64 * 2 ** 20)),
] as const;
const manyAttributes = withAttributes(Array.from({ length: 10_000 }, (_, i) => [`key ${i}`, i]));
const deepJson = Buffer.from(`${'{"resourceLogs":['.repeat(2_000)}`);

const hostile: readonly ((next: () => number) => Payload)[] = [
  // Bits flipped.
  (next) => {
    const body = Buffer.from(sample);
    for (let i = 0; i <= next() * 4; i++)
      body[Math.floor(next() * body.length)]! ^= 1 << Math.floor(next() * 8);
    return { body, headers: {} };
  },
  // Cut off.
  (next) => ({ body: sample.subarray(0, Math.floor(next() * sample.length)), headers: {} }),
  // Bytes put in, or the same piece twice.
  (next) => {
    const at = Math.floor(next() * sample.length);
    return {
      body: Buffer.concat([sample.subarray(0, at), sample.subarray(Math.floor(next() * at))]),
      headers: {},
    };
  },
  // Noise.
  (next) => ({
    body: Buffer.from(Array.from({ length: Math.floor(next() * 400) }, () => Math.floor(next() * 256))),
    headers: {},
  }),
  // A length beyond everything.
  (next) => ({
    body: Buffer.concat([Buffer.from([0x0a]), varint(2 ** Math.floor(next() * 52)), sample]),
    headers: {},
  }),
  // Deep.
  (next) => ({ body: nested(Math.floor(next() * 200)), headers: {} }),
  // Unpacks to far more, or to something else than it says.
  (next) =>
    next() < 0.99
      ? {
          body: gzipSync(sample).subarray(0, Math.floor(next() * 900)),
          headers: { 'content-encoding': 'gzip' },
        }
      : { body: bombs[0], headers: { 'content-encoding': 'gzip' } },
  (next) => ({ body: next() < 0.99 ? sample : bombs[1], headers: { 'content-encoding': 'zstd' } }),
  (next) => ({ body: next() < 0.99 ? sample : bombs[2], headers: { 'content-encoding': 'deflate' } }),
  // Values of other types than their columns'.
  (next) => {
    const values = [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -1,
      2 ** 60,
      1e308,
      'text',
      '',
      true,
      0.1,
      'ünï🙂',
      'x'.repeat(5_000),
    ];
    const names = [
      'rtc.packets_received',
      'rtc.packets_lost',
      'rtc.kind',
      'rtc.audio_level',
      'rtc.power_efficient_decoder',
      'rtc.mid',
      'other',
    ];
    return {
      body: withAttributes(Array.from({ length: 12 }, () => [pick(next, names), pick(next, values)])),
      headers: {},
    };
  },
  // Times far off.
  (next) => ({
    body: withAttributes([['rtc.kind', 'audio']], pick(next, [0, 1, 4e12, 9e12, Date.now() + 1e9])),
    headers: {},
  }),
  // Attributes without end, now and then.
  (next) =>
    next() < 0.95
      ? {
          body: withAttributes([
            ['a', 1],
            ['a', 2],
          ]),
          headers: {},
        }
      : { body: manyAttributes, headers: {} },
  // JSON that is none, is deep, or is of other types.
  (next) => ({
    body: pick(next, [
      Buffer.from('{'),
      Buffer.from('[]'),
      Buffer.from('null'),
      deepJson,
      Buffer.from('{"resourceLogs":{"a":1}}'),
      Buffer.from(
        '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"x","attributes":[{"key":1}]}]}]}]}',
      ),
    ]),
    headers: { 'content-type': 'application/json' },
  }),
  // Encodings and types that are not known.
  (next) => ({
    body: sample,
    headers: pick<Headers>(next, [
      { 'content-encoding': 'br' },
      { 'content-type': 'text/html' },
      { authorization: 'Bearer x' },
    ]),
  }),
];

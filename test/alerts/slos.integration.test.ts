/**
 * Every promise's SQL on a real ClickHouse with the schema of this build: it counts the events that it says, sees its
 * witness, and the people whom it names add up to the events it counts.
 */
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { slos } from '../../alerts/slos/list.ts';
import { type MinutesRow, minutesSql, type Series, seriesOf } from '../../alerts/slos/minutes.ts';
import { migrate } from '../../collector/schema/migrate.ts';
import { events, metrics, spans } from '../../telemetry/events.ts';

const database = `alerts_slos_${process.pid}`;
const minuteMs = 60_000;
// Recent, since old rows vanish; on a minute, so that every row is in one that is known.
const atMs = Math.floor(Date.now() / minuteMs - 120) * minuteMs;
let client: ClickHouseClient;

const who = (i: number) => ({ tenant_id: 'acme', call_id: `call-${i % 3}`, participant_id: `person-${i}` });
const when = (ms: number) => ({ time: ms, client_time: ms, received_at: ms + 1_000 });
const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** By promise: good and all events of the first minute, and signs of the witness (undefined: it has none). */
const expected: Readonly<Record<string, { good: number; total: number; seen: number | undefined }>> = {
  'join-success': { good: 19, total: 20, seen: 20 },
  'time-to-join': { good: 18, total: 20, seen: 20 },
  latency: { good: 11, total: 13, seen: 5 },
  jitter: { good: 13, total: 14, seen: 5 },
  loss: { good: 12, total: 15, seen: 5 },
  mos: { good: 6, total: 9, seen: 3 },
  recording: { good: 3, total: 4, seen: 5 },
  transcription: { good: 4, total: 5, seen: 2 },
  'ingest-freshness': { good: 5, total: 7, seen: 2 },
  'loop-health': { good: 4, total: 6, seen: undefined },
};

const score = (i: number, more: object) => ({
  ...who(i),
  receiver_id: who(i).participant_id,
  window_start: atMs + (i % 12) * 5_000,
  window_ms: 5_000,
  point: 'receiver',
  kind: i < 10 ? 'audio' : 'video',
  producer_id: `producer-${i}`,
  consumer_id: `consumer-${i}`,
  mos: 4.4,
  delay_ms: 120,
  jitter_ms: 4,
  loss_ratio: 0,
  revision: 1,
  scored_at: atMs + 10_000,
  ...more,
});

/** Of 10 audio and 5 video windows. Exactly at the limit is not within it; not known does not count. */
const measured: Readonly<Record<number, object>> = {
  0: { mos: null, delay_ms: null },
  1: { mos: 4.0, delay_ms: 300 },
  2: { mos: 2, delay_ms: 900, jitter_ms: 30, loss_ratio: 0.01 },
  3: { mos: 3.9, loss_ratio: 0.2 },
  10: { delay_ms: null, jitter_ms: null, mos: 1.2 },
  11: { loss_ratio: 0.02 },
};

const event = (name: string, source: string, attributes: Record<string, string>) => (i: number) => ({
  ...who(i),
  ...when(atMs + i * 1_000),
  name,
  source,
  attributes,
});

const join = (i: number, more: object = {}) => ({
  ...who(i),
  ...when(atMs + i * 1_000),
  name: spans.join,
  source: 'client',
  status_code: 'unset',
  duration_us: 900_000,
  ...more,
});

const reading =
  (service: string, name: string, attributes: Record<string, string> = {}) =>
  (value: number, i: number) => ({
    service_name: service,
    name,
    time: atMs + i * 5_000,
    received_at: atMs + i * 5_000,
    value,
    attributes,
  });

const sample = (receivedAfterMs: number) => (i: number) => ({
  ...who(i),
  time: atMs + 1_000,
  client_time: atMs + 1_000,
  received_at: atMs + 5_000 + receivedAfterMs,
});

beforeAll(async () => {
  const url = new URL(inject('clickhouseUrl'));
  const admin = createClient({ url });
  await admin.command({ query: `CREATE DATABASE ${database}` });
  await migrate(admin, { database });
  await admin.close();
  url.pathname = `/${database}`;
  client = createClient({ url, clickhouse_settings: { output_format_json_quote_64bit_integers: 0 } });
  const put = (table: string, values: object[]) =>
    client.insert({ table, values, format: 'JSONEachRow', clickhouse_settings: { async_insert: 0 } });
  await put('rtc_span', [
    ...times(18, (i) => join(i)),
    join(18, { duration_us: 5_000_000 }),
    join(19, { duration_us: 20_000_000, status_code: 'error', status_message: 'ice: failed after 15 s' }),
    // The SFU's side of a join and the steps of one are not further joins.
    join(0, { source: 'sfu' }),
    join(0, { name: spans.ice, status_code: 'error' }),
  ]);
  await put('rtc_event', [
    ...times(20, event(events.participantJoined, 'sfu', {})),
    // Anybody can say so: no witness.
    ...times(9, event(events.participantJoined, 'client', {})),
    ...times(5, event(events.recordingStopped, 'recorder', {})),
    ...times(3, event(events.recordingFinished, 'recorder', { result: 'stored' })),
    event(events.recordingFinished, 'recorder', { result: 'failed', reason: 'disk full' })(3),
    ...times(2, event(events.transcriptionStarted, 'transcriber', {})),
    ...times(4, event(events.transcriptionSegment, 'transcriber', { latency_ms: '300000' })),
    event(events.transcriptionSegment, 'transcriber', { latency_ms: '300001' })(4),
  ]);
  await put('stream_score', [
    ...times(15, (i) => score(i, measured[i] ?? {})),
    // What the SFU measured is not what people got.
    score(2, { point: 'sfu_in', mos: 1, delay_ms: 999, jitter_ms: 99, loss_ratio: 0.9 }),
  ]);
  await put('rtc_metric', [
    ...[0, 20, 9_999, 10_000, 10_001, 5].map(reading('callscope-pipelines', metrics.queueOldestMs)),
    ...[0, 12, 3].map(reading('callscope-sfu', metrics.participants)),
    ...[4, 0, 2, 2].map(reading('callscope-sfu', metrics.receivers, { kind: 'audio' })),
    ...[0, 3, 3].map(reading('callscope-sfu', metrics.receivers, { kind: 'video' })),
    // Only media nodes know to whom they forward.
    reading('callscope-client', metrics.receivers, { kind: 'audio' })(9, 0),
  ]);
  // In the order in which they arrive; all through the views that the collector's rows go through.
  await put('rtc_stats_inbound_rtp', times(3, sample(2_000)));
  await put('rtc_stats_sfu_consumer', times(2, sample(30_000)));
  await put('rtc_stats_inbound_rtp', times(2, sample(30_001)));
});

afterAll(async () => {
  await client?.command({ query: `DROP DATABASE ${database} SYNC` });
  await client?.close();
});

const read = async <Row>(query: string, from: number, to: number): Promise<Row[]> =>
  (await client.query({ query, query_params: { from, to }, format: 'JSONEachRow' })).json<Row>();

const seriesBetween = async (from: number, to: number): Promise<Map<string, Series>> =>
  seriesOf(await read<MinutesRow>(minutesSql(slos), from, to), slos);

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

test('every promise stands here', () => {
  expect(Object.keys(expected)).toEqual(slos.map(({ name }) => name));
});

describe.each(slos.map((slo) => [slo.name, slo] as const))('%s', (name, slo) => {
  test('counts good and all events in the minute in which they happened', async () => {
    const series = (await seriesBetween(atMs - 5 * minuteMs, atMs + 5 * minuteMs)).get(name)!;
    const { good, total, seen } = expected[name]!;
    expect({ minutes: series.minutes, good: series.good, total: series.total }).toEqual({
      minutes: [atMs / minuteMs],
      good: [good],
      total: [total],
    });
    expect(slo.witness !== undefined).toBe(seen !== undefined);
    if (seen !== undefined) expect(series.witness.total).toEqual([seen]);
  });

  test('does not count beyond its bounds', async () => {
    const before = (await seriesBetween(atMs - 5 * minuteMs, atMs)).get(name)!;
    const after = (await seriesBetween(atMs + minuteMs, atMs + 5 * minuteMs)).get(name)!;
    for (const series of [before, after]) expect([...series.minutes, ...series.witness.minutes]).toEqual([]);
  });

  const people = slo.people;
  test.runIf(people)('the people whom it names add up to what it counts', async () => {
    interface Person {
      participant_id: string;
      bad: number;
      total: number;
    }
    const rows = await read<Person>(people!, atMs, atMs + minuteMs);
    const { good, total } = expected[name]!;
    expect(sum(rows.map(({ bad }) => bad))).toBe(total - good);
    expect(sum(rows.map((row) => row.total))).toBe(total);
  });
});

test('the cause of a failed join stands with the person', async () => {
  const rows = await read<{ participant_id: string; detail: string; bad: number }>(
    slos.find(({ name }) => name === 'join-success')!.people!,
    atMs,
    atMs + minuteMs,
  );
  expect(rows.filter(({ bad }) => bad > 0)).toMatchObject([
    { participant_id: 'person-19', detail: 'ice: failed after # s' },
  ]);
});

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { type EmbeddedRedis, startRedis } from '../../runtime/embedded/redis.ts';
import { emptyCall, startMs, syntheticCall } from '../quality/support/synthetic-call.ts';
import { type PipelinesProcess, startPipelines, until } from './support/process.ts';
import { openTestStore, type TestStore } from './support/store.ts';

/*
 * A call of two minutes in the past, with one congested downlink in it: as if the pipelines had been away. They
 * come, are killed in the middle of it, find Redis gone, then empty; in the end everything stands once.
 */
const seconds = 120;
const windowMs = 5_000;
const names = ['ann', 'ben'];
const call = syntheticCall(names, seconds, (id, s) =>
  id === 'ben' && s >= 40 && s < 70 ? { downLoss: 0.1, estimateBps: 200_000, layer: 0, downRttMs: 200 } : {},
);
/** The call ended a while ago; whole windows, so that the count below is exact. */
const beganAt = Math.floor((Date.now() - (seconds + 60) * 1000) / windowMs) * windowMs;

/** A busy machine needs its time; nothing here waits that long when it is not busy. */
const patienceMs = 100_000;
vi.setConfig({ testTimeout: 360_000 });

let store: TestStore;
let redis: EmbeddedRedis;
let pipelines: PipelinesProcess | undefined;
const dir = mkdtempSync(path.join(os.tmpdir(), 'callscope-pipelines-'));
const start = async () => {
  pipelines = await startPipelines({
    CALLSCOPE_CLICKHOUSE_URL: store.url,
    CALLSCOPE_REDIS_URL: redis.url,
    CALLSCOPE_SHARDS: '2',
  });
};

beforeAll(async () => {
  store = await openTestStore(inject('clickhouseUrl'));
  redis = await startRedis({ dataDir: path.join(dir, 'redis') });
  await store.put(call, { from: 0, to: Number.POSITIVE_INFINITY }, beganAt - startMs);
});

afterAll(async () => {
  await pipelines?.end('SIGKILL');
  await redis?.stop();
  await store?.close();
  rmSync(dir, { recursive: true, force: true });
});

const windowsScored = async () =>
  Number((await store.rows<{ n: number }>('SELECT uniqExact(window_start) AS n FROM window_run'))[0]!.n);
const windowsWithData = async () =>
  Number((await store.rows<{ n: number }>('SELECT uniqExact(window_start) AS n FROM window_arrival'))[0]!.n);
const written = async () =>
  Number((await store.rows<{ n: number }>('SELECT count() AS n FROM stream_score'))[0]!.n);

it('catches up after kill -9 and a Redis that was away and came back empty, and nothing is there twice', async () => {
  await start();
  await until('the first windows are scored', async () => (await windowsScored()) >= 2, patienceMs);
  await pipelines!.end('SIGKILL');
  const whenKilled = await windowsScored();

  await redis.stop();
  rmSync(path.join(dir, 'redis', 'appendonlydir'), { recursive: true, force: true });
  await start();
  const ready = await fetch(`${pipelines!.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toMatch(/Redis/);

  redis = await startRedis({ dataDir: path.join(dir, 'redis'), port: redis.port });
  await until('it is ready again', async () => (await fetch(`${pipelines!.url}/readyz`)).ok, patienceMs);
  await until(
    'all windows are scored',
    async () => (await windowsScored()) === (await windowsWithData()),
    patienceMs,
  );
  expect(whenKilled).toBeLessThanOrEqual(await windowsScored());

  // Without FINAL: not even for a moment was a score there twice.
  const twice = await store.rows(`
    SELECT tenant_id, call_id, window_start, point, kind, producer_id, consumer_id, count() AS n
    FROM stream_score
    GROUP BY tenant_id, call_id, window_start, point, kind, producer_id, consumer_id
    HAVING n > 1`);
  expect(twice).toEqual([]);
  const points = await store.rows<{ point: string; windows: number }>(
    'SELECT point, uniqExact(window_start) AS windows FROM stream_score GROUP BY point ORDER BY point',
  );
  expect(points.map((p) => p.point)).toEqual(['receiver', 'sender', 'sfu_in', 'sfu_out']);
  for (const { windows } of points) expect(Number(windows)).toBeGreaterThanOrEqual(seconds / 5);
});

it('opens and closes the one incident of that call once, without deciding about the past', async () => {
  await until(
    'the incident is closed',
    async () => (await store.rows('SELECT 1 FROM incident FINAL WHERE ended_at IS NOT NULL')).length > 0,
    patienceMs,
  );
  const incidents = await store.rows<{
    kind: string;
    participant_id: string;
    started: number;
    ended: number;
  }>(`
    SELECT kind, participant_id, toUnixTimestamp64Milli(started_at) AS started, toUnixTimestamp64Milli(ended_at) AS ended
    FROM incident FINAL`);
  expect(incidents.map((i) => `${i.kind} ${i.participant_id}`)).toEqual(['downlink_congestion ben']);
  expect(Math.abs(incidents[0]!.started - beganAt - 40_000)).toBeLessThanOrEqual(2_000);
  expect(Math.abs(incidents[0]!.ended - beganAt - 70_000)).toBeLessThanOrEqual(3_000);
  expect(await store.rows('SELECT 1 FROM decision')).toEqual([]);
});

it('scores an unchanged window no second time, and a grown one only where its verdict changed', async () => {
  const rowsBefore = await written();
  // A sample from the middle of the call that came late and says nothing new.
  const late = {
    ...emptyCall(),
    sfu_consumer: call.sfu_consumer
      .filter((s) => s.time === startMs + 60_000 && s.kind === 'audio')
      .slice(0, 1),
  };
  await store.put(late, { from: 0, to: Number.POSITIVE_INFINITY }, beganAt - startMs + 100);
  await until(
    'the window is opened again',
    async () => (await store.rows('SELECT 1 FROM window_run WHERE revision >= 2')).length > 0,
    patienceMs,
  );
  expect(await written()).toBe(rowsBefore);
});

it('has by the minute what the windows have, whichever was scored last', async () => {
  const stream = 'point, kind, producer_id, consumer_id';
  const minutes = await store.rows(`
    SELECT ${stream}, toString(minute) AS at, scored, bad, round(mos_sum, 6) AS mos, windows.offset_ms AS offsets
    FROM stream_minute FINAL ORDER BY at, ${stream}`);
  const windows = await store.rows(`
    SELECT ${stream}, toString(toStartOfMinute(window_start)) AS at, toUInt16(count(s.mos)) AS scored,
      toUInt16(countIf(s.mos < 3.1)) AS bad, round(sum(ifNull(s.mos, 0)), 6) AS mos,
      arraySort(groupArray(toUInt16(toUnixTimestamp64Milli(window_start) % 60000))) AS offsets
    FROM stream_score AS s FINAL WHERE point = 'receiver' GROUP BY at, ${stream} ORDER BY at, ${stream}`);
  expect(minutes).toEqual(windows);
  expect(minutes.length).toBeGreaterThan(5);
});

it('summarises the call and each participant, by name', async () => {
  const people = await store.rows<Record<string, unknown>>(
    'SELECT * FROM participant_summary FINAL ORDER BY display_name',
  );
  expect(people.map((p) => p.display_name)).toEqual(['ann', 'ben']);
  for (const person of people) {
    expect(person.audio_mos_mean).toBeGreaterThan(1);
    expect(person.video_mos_mean).toBeGreaterThan(1);
  }
  expect(people[1]!.audio_mos_mean).toBeLessThan(people[0]!.audio_mos_mean as number);
  const [summary] = await store.rows<Record<string, unknown>>('SELECT * FROM call_summary FINAL');
  expect(summary).toMatchObject({ participants: 2 });
});

it('stops cleanly when told to, and shows its work on /metrics until then', async () => {
  const metrics = await (await fetch(`${pipelines!.url}/metrics`)).text();
  expect(metrics).toMatch(/callscope_pipelines_jobs_total\{queue="score",result="done"\} \d+/);
  expect(metrics).toMatch(/callscope_pipelines_window_lag_ms \d+/);
  expect((await fetch(`${pipelines!.url}/healthz`)).status).toBe(200);
  expect(await pipelines!.end('SIGTERM')).toBe(0);
  pipelines = undefined;
});

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'bullmq';
import pino from 'pino';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { queueNames } from '../../../telemetry/queues.ts';
import type { FleetDecisionRow } from '../../../telemetry/rows.ts';
import { freePorts } from '../../../telemetry/service/ports.ts';
import { LocalFleet } from '../../../turn/fleet/LocalFleet.ts';
import { type PipelinesProcess, startPipelines, until } from '../support/process.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

/* The scaler as it runs for real, over real relays of this machine: one is there, two are the least. */

const region = `scale-${process.pid}`;
const prefix = `scale-${process.pid}`;
const secret = 'a-secret-for-the-test';
const dir = mkdtempSync(path.join(os.tmpdir(), 'callscope-scale-'));
let store: TestStore;
let fleet: LocalFleet;
let worker: Worker;
let pipelines: PipelinesProcess;

beforeAll(async () => {
  store = await openTestStore(inject('clickhouseUrl'));
  const freePort = freePorts('127.0.0.1');
  fleet = new LocalFleet({
    settings: {
      region,
      host: '127.0.0.1',
      announcedHost: undefined,
      certificate: null,
      secret,
      redisUrl: inject('redisUrl'),
      capacityBps: 1e6,
      maxAllocations: 100,
      loopbackPeers: true,
      collector: null,
    },
    dataDir: dir,
    firstPort: await freePort(),
    freePort,
    log: pino({ level: 'silent' }),
    idPrefix: `${region}-`,
  });
  await fleet.start(1);
  worker = new Worker(queueNames.fleetOrders(region), (job) => fleet.take(job.data, Date.now()), {
    connection: { url: inject('redisUrl'), maxRetriesPerRequest: null },
    prefix,
  });
  pipelines = await startPipelines({
    CALLSCOPE_CLICKHOUSE_URL: store.url,
    CALLSCOPE_REDIS_URL: inject('redisUrl'),
    CALLSCOPE_QUEUE_PREFIX: prefix,
    CALLSCOPE_REGION: region,
    CALLSCOPE_TURN_SECRET: secret,
    CALLSCOPE_FLEET_DRIVER: 'local',
    CALLSCOPE_FLEET_LOOK_SECONDS: '1',
    CALLSCOPE_FLEET_WARM_UP_SECONDS: '2',
    CALLSCOPE_FLEET_COOL_DOWN_SECONDS: '8',
    CALLSCOPE_FLEET_DRAINED_SECONDS: '1',
  });
});
afterAll(async () => {
  await pipelines?.end('SIGTERM');
  await worker?.close(true);
  await fleet?.stop();
  await store?.close();
  rmSync(dir, { recursive: true, force: true });
});

const decisions = () =>
  store.rows<FleetDecisionRow>(
    `SELECT * FROM fleet_decision FINAL WHERE region = '${region}' ORDER BY decided_at`,
  );

test('a relay too few is started, and the decision is kept with its reason and what came of it', async () => {
  await until('a second relay', () => fleet.relays.length === 2, 30_000);
  await until('the outcome', async () => (await decisions()).some(({ outcome }) => outcome !== ''), 40_000);
  const grown = (await decisions()).find(({ action }) => action === 'grow');
  expect(grown).toMatchObject({ start: 1, wanted: 2, driver: 'local', told: 'queued', outcome: 'better' });
  expect(grown?.reason).toMatch(/^Starts 1: /);
  // Ordered once, however many looks it took until it came.
  expect((await decisions()).filter(({ start }) => start > 0)).toHaveLength(1);
});

test('autoscalers can read what is wanted', async () => {
  const answer = await fetch(`${pipelines.url}/api/v1/turn-fleet?region=${region}`);
  expect(await answer.json()).toMatchObject({ wanted: 2, serving: 2, draining: 0 });
  const text = await (await fetch(`${pipelines.url}/metrics`)).text();
  expect(text).toContain(`callscope_turn_wanted_relays{region="${region}"} 2`);
  expect((await fetch(`${pipelines.url}/api/v1/turn-fleet?region=nowhere`)).status).toBe(503);
});

test('a relay too many is drained and ended, and what came of it is kept', async () => {
  await fleet.start(1);
  expect(fleet.relays).toHaveLength(3);
  await until('the fleet to shrink', () => fleet.relays.length === 2, 60_000);
  const shrunk = (await decisions()).find(({ action }) => action === 'shrink');
  expect(shrunk).toMatchObject({ start: 0, wanted: 2, told: 'queued' });
  const [drained] = shrunk!.drain;
  const ended = (await decisions()).find(({ remove }) => remove.includes(drained!));
  expect(ended?.reason).toMatch(/empty after a drain/);
  expect(fleet.relays.some(({ relayId }) => relayId === drained)).toBe(false);
  await until(
    'the outcome',
    async () => (await decisions()).find(({ action }) => action === 'shrink')?.outcome === 'better',
    40_000,
  );
});

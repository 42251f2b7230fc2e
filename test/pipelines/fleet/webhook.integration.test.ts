import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { UnrecoverableError } from 'bullmq';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { tellWebhook } from '../../../pipelines/fleet/webhook.ts';
import { every, type Ticker } from '../../../pipelines/ticker.ts';
import { startRedis } from '../../../runtime/embedded/redis.ts';
import {
  type RelayHeartbeat,
  type RelayOrder,
  relayKeys,
  relayOrderSchema,
} from '../../../telemetry/relays.ts';
import type { FleetDecisionRow } from '../../../telemetry/rows.ts';
import { isSigned } from '../../../telemetry/service/signature.ts';
import { heartbeatOf } from '../../support/relays.ts';
import { type PipelinesProcess, startPipelines, until } from '../support/process.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

/*
 * The fleet belongs to somebody else, who is told by webhook: relays that only tell of themselves, a real receiver. With a
 * Redis of its own: pipelines look after the relays of every region that they find in theirs.
 */

const region = `webhook-${process.pid}`;
const secret = 'the secret of the webhook';
const log = pino({ level: 'silent' });
const dir = mkdtempSync(path.join(os.tmpdir(), 'callscope-webhook-'));
let store: TestStore;
let ownRedis: Awaited<ReturnType<typeof startRedis>>;
let redis: Redis;
let pipelines: PipelinesProcess;
let beating: Ticker;
const relays = new Map<string, Partial<RelayHeartbeat>>();

interface Got {
  readonly body: string;
  readonly signature: string;
  readonly status: number;
}
const got: Got[] = [];
/** What the receiver answers next; the last stays. */
const answers = [503, 200];
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const status = answers.length > 1 ? answers.shift()! : answers[0]!;
    const body = Buffer.concat(parts).toString();
    got.push({ body, signature: String(request.headers['callscope-signature']), status });
    response.writeHead(status).end();
  });
});
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/fleet`;
const ordersTaken = () =>
  got.filter(({ status }) => status === 200).map(({ body }) => relayOrderSchema.parse(JSON.parse(body)));

async function tell(): Promise<void> {
  for (const [relayId, change] of relays) {
    const heartbeat = heartbeatOf(relayId, region, change);
    await redis.sadd(relayKeys.ids, relayId);
    await redis.set(relayKeys.heartbeat(relayId), JSON.stringify(heartbeat), 'PX', 3_000);
  }
}
const nameOf = (number: number) => `${region}-${number}`;

beforeAll(async () => {
  store = await openTestStore(inject('clickhouseUrl'));
  ownRedis = await startRedis({ dataDir: dir, log: () => {} });
  redis = new Redis(ownRedis.url);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  relays.set(nameOf(1), {});
  await tell();
  beating = every(500, tell, (error) => console.error('A heartbeat was not told.', error));
  pipelines = await startPipelines({
    CALLSCOPE_CLICKHOUSE_URL: store.url,
    CALLSCOPE_REDIS_URL: ownRedis.url,
    CALLSCOPE_QUEUE_PREFIX: region,
    CALLSCOPE_REGION: region,
    CALLSCOPE_FLEET_DRIVER: 'webhook',
    CALLSCOPE_FLEET_WEBHOOK_URL: url(),
    CALLSCOPE_FLEET_WEBHOOK_SECRET: secret,
    CALLSCOPE_FLEET_LOOK_SECONDS: '1',
    CALLSCOPE_FLEET_WARM_UP_SECONDS: '2',
    CALLSCOPE_FLEET_COOL_DOWN_SECONDS: '6',
    CALLSCOPE_FLEET_DRAINED_SECONDS: '1',
  });
});
afterAll(async () => {
  await pipelines?.end('SIGTERM');
  await beating?.stop();
  server.close();
  redis?.disconnect();
  await ownRedis?.stop();
  await store?.close();
  rmSync(dir, { recursive: true, force: true });
});

test('a relay too few is ordered, signed, and told again under the same id until it is taken', async () => {
  await until('the order to be taken', () => ordersTaken().length > 0, 30_000);
  const [refused, taken] = got;
  expect([refused!.status, taken!.status]).toEqual([503, 200]);
  expect(taken!.body).toBe(refused!.body);
  expect(isSigned(taken!.body, taken!.signature, secret, Date.now())).toBe(true);
  expect(isSigned(taken!.body, taken!.signature, 'another secret', Date.now())).toBe(false);
  expect(isSigned(taken!.body.replace('"start":1', '"start":9'), taken!.signature, secret, Date.now())).toBe(
    false,
  );
  expect(isSigned(taken!.body, taken!.signature, secret, Date.now() + 600_000)).toBe(false);
  expect(ordersTaken()[0]).toMatchObject({ region, start: 1, drain: [], remove: [] });
});

test('what is superfluous is drained, and ended once it is empty', async () => {
  for (const number of [2, 3]) relays.set(nameOf(number), { load: 0.05, allocations: 1 });
  relays.set(nameOf(3), { load: 0, allocations: 2 });
  const drained = () => ordersTaken().find(({ drain }) => drain.length > 0);
  await until('a drain to be ordered', () => drained() !== undefined, 40_000);
  expect(drained()!.drain).toEqual([nameOf(3)]);

  relays.set(nameOf(3), { state: 'draining', load: 0, allocations: 2, steadyForMs: 5_000 });
  await until('the drain to be seen', async () => (await status()).draining === 1, 20_000);
  expect(ordersTaken().some(({ remove }) => remove.includes(nameOf(3)))).toBe(false);
  relays.set(nameOf(3), { state: 'draining', load: 0, allocations: 0, steadyForMs: 5_000 });
  await until(
    'its end to be ordered',
    () => ordersTaken().some(({ remove }) => remove.includes(nameOf(3))),
    20_000,
  );
  const kept = await store.rows<FleetDecisionRow>(
    `SELECT * FROM fleet_decision FINAL WHERE region = '${region}' AND action = 'shrink'`,
  );
  expect(kept[0]).toMatchObject({ driver: 'webhook', told: 'queued', drain: [nameOf(3)], wanted: 2 });
});

test('an order that nobody took in time is given up, and what is none is a fault', async () => {
  const order: RelayOrder = { ...ordersTaken()[0]!, sentAtMs: 1_000, ttlMs: 60_000 };
  const telling = { url: url(), secret, log, now: () => 61_001 };
  const before = got.length;
  await expect(tellWebhook(order, telling)).rejects.toBeInstanceOf(UnrecoverableError);
  await expect(tellWebhook({ hello: 'world' }, telling)).rejects.toThrow(/fleet order/);
  expect(got).toHaveLength(before);
});

async function status(): Promise<{ draining: number }> {
  const answer = await fetch(`${pipelines.url}/api/v1/turn-fleet?region=${region}`);
  return (await answer.json()) as { draining: number };
}

/** Faults on a real ClickHouse: signs as services tell them, evaluated minute by minute, told once and over once. */
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { slack } from '../../alerts/delivery/slack.ts';
import { faults } from '../../alerts/faults/list.ts';
import { faultRangeSeconds, faultSql } from '../../alerts/grafana.ts';
import { type AlertMessage, messageSchema } from '../../alerts/message.ts';
import { expandMacros } from '../../dashboards/macros.ts';
import { clearStore } from '../../lab/clear.ts';
import { evaluate, settleMs } from '../../pipelines/alerts/evaluate.ts';
import { Store } from '../../pipelines/store/store.ts';
import { events, metrics } from '../../telemetry/events.ts';
import { openTestStore, type TestStore } from '../pipelines/support/store.ts';

const minuteMs = 60_000;
const start = Math.floor(Date.now() / minuteMs) - 60;
const receivers = [slack('http://127.0.0.1:9/slack')];
let store: TestStore;
let used: Store;

beforeAll(async () => {
  store = await openTestStore(inject('clickhouseUrl'));
  used = new Store(store.url, 'patient');
});
afterAll(async () => {
  await used?.close();
  await store?.close();
});
beforeEach(() => clearStore(store.client));

/** In seconds after the start. */
const event = (second: number, name: string, more: object = {}) =>
  store.putEvent({
    time: start * minuteMs + second * 1_000,
    client_time: start * minuteMs + second * 1_000,
    name,
    source: 'sfu',
    tenant_id: 'default',
    sfu_node_id: 'n1',
    ...more,
  });

async function readings(
  service: string,
  name: string,
  instance: string,
  values: readonly (readonly [number, number])[],
) {
  await store.client.insert({
    table: 'rtc_metric',
    values: values.map(([second, value]) => ({
      service_name: service,
      service_instance_id: instance,
      name,
      time: start * minuteMs + second * 1_000,
      received_at: start * minuteMs + second * 1_000,
      value,
    })),
    format: 'JSONEachRow',
  });
}

/** Every minute until this one is evaluated. */
async function toldBy(minute: number): Promise<AlertMessage[]> {
  for (let at = start; at <= start + minute; at += 1) {
    const now = () => at * minuteMs + settleMs;
    await evaluate({ store: used, receivers, bases: {}, log: pino({ level: 'silent' }), now });
  }
  const rows = await store.rows<{ message: string }>(
    'SELECT message FROM alert_notice FINAL ORDER BY made_at',
  );
  return rows.map(({ message }) => messageSchema.parse(JSON.parse(message)));
}

const afterMinutes = (ms: number | null) => (ms === null ? null : ms / minuteMs - start);
const summary = (told: readonly AlertMessage[]) =>
  told.map(({ slo, kind, severity, firedMs, endedMs }) => [
    slo,
    kind,
    severity,
    afterMinutes(kind === 'firing' ? firedMs : endedMs),
  ]);

/** Whether Grafana's rule holds at that minute. */
async function grafana(name: string, minute: number): Promise<boolean> {
  const fault = faults.find((one) => one.name === name)!;
  const minutes = fault.minutes({ during: (column) => `$__timeFilter(${column})`, tenants: '1' });
  const toMs = (start + minute) * minuteMs;
  const sql = expandMacros(faultSql(minutes), {
    fromMs: toMs - faultRangeSeconds * 1_000,
    toMs,
    intervalMs: minuteMs,
    variables: {},
  });
  const [row] = await store.rows<{ signs: number }>(sql);
  return row!.signs > 0;
}

test('a node that is lost and back at once is one ticket, names node and calls, and is over five minutes later', async () => {
  // Two others notice it.
  for (const sfu_node_id of ['n1', 'n3'])
    await event(70, events.nodeLost, { sfu_node_id, attributes: { lost_node_id: 'n2', why: 'gone' } });
  for (const call_id of ['c1', 'c2'])
    await event(71, events.callTakenOver, {
      tenant_id: 'acme',
      call_id,
      attributes: { lost_node_id: 'n2', new_node_id: 'n1' },
    });
  const told = await toldBy(12);
  expect(summary(told)).toEqual([
    ['node-lost', 'firing', 'ticket', 2],
    ['node-lost', 'resolved', 'ticket', 7],
  ]);
  expect(told[0]!.headline).toMatch(
    /^Media node lost: n2 ended without having said so, since .* UTC; calls struck: 2\.$/,
  );
  expect(told[0]!.details).toEqual([expect.stringMatching(/^Over five minutes after it is back/)]);
  const holds = await Promise.all([1, 2, 6, 7].map((minute) => grafana('node-lost', minute)));
  expect(holds).toEqual([false, true, true, false]);
}, 60_000);

test('a node that stays away is one ticket until nobody misses it any more', async () => {
  await event(70, events.nodeLost, { attributes: { lost_node_id: 'n2', why: 'unheard' } });
  const minutes = Array.from({ length: 20 }, (_, i) => i);
  await readings(
    'callscope-sfu',
    metrics.nodesMissed,
    'n1',
    minutes.map((minute) => [minute * 60 + 15, minute >= 1 && minute < 10 ? 1 : 0] as const),
  );
  expect(summary(await toldBy(18))).toEqual([
    ['node-lost', 'firing', 'ticket', 2],
    ['node-lost', 'resolved', 'ticket', 15],
  ]);
  expect(await grafana('node-lost', 12)).toBe(true);
}, 60_000);

test('a client that says so has lost no node', async () => {
  await event(70, events.nodeLost, { source: 'client', attributes: { lost_node_id: 'n2' } });
  expect(await toldBy(4)).toEqual([]);
}, 60_000);

test('a worker that died is a ticket with its node and calls', async () => {
  await event(10, events.workerDied);
  for (const participant_id of ['a', 'b'])
    await event(10, events.participantLeft, {
      call_id: 'c1',
      participant_id,
      attributes: { reason: 'worker_died' },
    });
  await event(12, events.participantLeft, { call_id: 'c2', participant_id: 'c', attributes: {} });
  const told = await toldBy(8);
  expect(summary(told)).toEqual([
    ['worker-died', 'firing', 'ticket', 1],
    ['worker-died', 'resolved', 'ticket', 6],
  ]);
  expect(told[0]!.headline).toMatch(/^Media worker died: n1 lost .*; calls struck: 1\.$/);
}, 60_000);

test('a disk that refuses for six seconds is a page that names the recorder', async () => {
  await readings('callscope-recorder', metrics.recorderDiskRefuses, 'r1', [
    [5, 0],
    [15, 1],
    [25, 0],
  ]);
  await readings('callscope-recorder', metrics.recorderDiskRefuses, 'r2', [[5, 0]]);
  const told = await toldBy(8);
  expect(summary(told)).toEqual([
    ['recorder-disk', 'firing', 'page', 1],
    ['recorder-disk', 'resolved', 'page', 6],
  ]);
  expect(told[0]!.headline).toMatch(/^Disk of a recorder: r1 has no room/);
}, 60_000);

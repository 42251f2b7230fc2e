/** Webhooks of tenants over a real ClickHouse and Redis: made by the inspector's code, told by the pipelines'. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openWebhooks } from '../../../inspector/access/webhooks.ts';
import { Store as InspectorStore } from '../../../inspector/store/store.ts';
import { openWorker, Queues } from '../../../pipelines/queues.ts';
import { Store } from '../../../pipelines/store/store.ts';
import { handOutWebhooks } from '../../../pipelines/ticks.ts';
import { makeNotices } from '../../../pipelines/webhooks/notices.ts';
import { tellHook } from '../../../pipelines/webhooks/tell.ts';
import { queueNames } from '../../../telemetry/queues.ts';
import { isSigned } from '../../../telemetry/service/signature.ts';
import type { WebhookMessage } from '../../../telemetry/webhooks.ts';
import { until } from '../support/process.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

const log = pino({ level: 'silent' });
const tokenSecret = 'a-deployment-secret';
const now = Date.now();

interface Got {
  readonly path: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}
const got: Got[] = [];
let status = 200;
const receiver = createServer((request, response) => {
  let body = '';
  request.on('data', (part) => {
    body += part;
  });
  request.on('end', () => {
    if (status === 200) got.push({ path: request.url!, headers: request.headers, body });
    response.writeHead(status).end('no thanks');
  });
});

let store: TestStore;
let pipelines: Store;
let inspector: InspectorStore;
let url: string;
/** Made at these moments, so that what the calls did came after. */
const hooks: Record<string, { hookId: string; secret: string }> = {};

const admin = (tenantId: string) =>
  ({ tenantId, role: 'admin', name: 'link:x', expiresAt: now + 1e6, by: 'cookie' }) as const;
const telling = () => ({ store: pipelines, tokenSecret, allowPrivate: true, log, now: Date.now });
const messages = (path: string) =>
  got.filter((one) => one.path === path).map(({ body }) => JSON.parse(body) as WebhookMessage);

async function happens(tenant: string): Promise<void> {
  const insert = (table: string, row: object) =>
    store.client.insert({
      table,
      values: [{ tenant_id: tenant, revision: 1, ...row }],
      format: 'JSONEachRow',
    });
  const call = { room_id: 'r', participants: 2, incidents: 1, bad_window_ratio: 0.2 };
  await insert('call_summary', {
    call_id: `${tenant}-over`,
    started_at: now - 400_000,
    last_seen_at: now - 100_000,
    ...call,
  });
  await insert('call_summary', {
    call_id: `${tenant}-on`,
    started_at: now - 400_000,
    last_seen_at: now - 5_000,
    ...call,
  });
  const incident = {
    call_id: `${tenant}-over`,
    kind: 'downlink_congestion',
    hop: 'downlink',
    participant_id: 'p',
    severity: 'severe',
    confidence: 0.9,
    started_at: now - 200_000,
    detected_at: now - 198_000,
    affected: ['p'],
  };
  await insert('incident', {
    ...incident,
    incident_id: `${tenant}-i1`,
    ended_at: now - 150_000,
    sentence: 'One.',
  });
  await insert('incident', { ...incident, incident_id: `${tenant}-i2`, ended_at: null, sentence: 'Two.' });
}

beforeAll(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  store = await openTestStore(inject('clickhouseUrl'));
  pipelines = new Store(store.url);
  inspector = new InspectorStore(store.url);
  const made = (at: number) => openWebhooks(inspector, tokenSecret, () => at);
  const before = made(now - 300_000);
  hooks.all = await before.make(admin('a'), `${url}/all`, [
    'call.ended',
    'incident.opened',
    'incident.closed',
  ]);
  hooks.calls = await before.make(admin('b'), `${url}/calls`, ['call.ended']);
  hooks.late = await made(now).make(admin('a'), `${url}/late`, ['call.ended', 'incident.opened']);
  await happens('a');
  await happens('b');
});
afterAll(async () => {
  await Promise.all([pipelines?.close(), inspector?.close()]);
  await store?.close();
  receiver.close();
});

it('makes a notice of each thing once, for those who asked, of their own tenant and their own time', async () => {
  expect(await makeNotices(pipelines, now, 'https://inspector.example')).toBe(5);
  expect(await makeNotices(pipelines, now + 1_000, 'https://inspector.example')).toBe(0);
  const made = await store.rows<{ hook_id: string; notice_id: string }>(
    'SELECT hook_id, notice_id FROM webhook_notice FINAL ORDER BY notice_id',
  );
  const of = (name: string) => made.filter((n) => n.hook_id === hooks[name]!.hookId).map((n) => n.notice_id);
  expect(of('all')).toEqual([
    'call.ended a-over',
    'incident.closed a-i1',
    'incident.opened a-i1',
    'incident.opened a-i2',
  ]);
  expect(of('calls')).toEqual(['call.ended b-over']);
  expect(of('late')).toEqual([]);
});

describe('telling', () => {
  it('a hook that refuses is told later, each thing once and signed', async () => {
    status = 500;
    await expect(tellHook({ hookId: hooks.all!.hookId }, telling())).rejects.toThrow(
      'answered 500: no thanks',
    );
    const listed = await openWebhooks(inspector, tokenSecret, Date.now).list('a');
    expect(listed[0]).toMatchObject({ told: 0, waiting: 4, lastError: 'answered 500: no thanks' });
    status = 200;
    await tellHook({ hookId: hooks.all!.hookId }, telling());
    await tellHook({ hookId: hooks.all!.hookId }, telling());
    expect(
      messages('/all')
        .map((m) => m.noticeId)
        .sort(),
    ).toEqual(['call.ended a-over', 'incident.closed a-i1', 'incident.opened a-i1', 'incident.opened a-i2']);
    expect(messages('/all').find((m) => m.event === 'call.ended')).toMatchObject({
      tenantId: 'a',
      callId: 'a-over',
      page: 'https://inspector.example/calls/a-over',
      call: { participants: 2, badWindowRatio: 0.2, endedAt: now - 100_000 },
    });
    for (const { body, headers } of got) {
      const signature = String(headers['callscope-signature']);
      expect(isSigned(body, signature, hooks.all!.secret, Date.now())).toBe(true);
      expect(isSigned(body, signature, hooks.calls!.secret, Date.now())).toBe(false);
      expect(headers['callscope-notice']).toBe((JSON.parse(body) as WebhookMessage).noticeId);
    }
  });

  it('leads to no address of our own network unless that is allowed', async () => {
    const guarded = { ...telling(), allowPrivate: false };
    await expect(tellHook({ hookId: hooks.calls!.hookId }, guarded)).rejects.toThrow('only https is taken');
    expect(messages('/calls')).toEqual([]);
  });

  it('goes on over the queue by itself until it is taken, also after the queue was emptied', async () => {
    const settings = { redisUrl: inject('redisUrl'), prefix: `webhooks-${process.pid}`, log };
    const queues = new Queues(settings);
    const tick = () =>
      handOutWebhooks({ store: pipelines, queues, webhooks: { pageBase: '' }, now: Date.now });
    const work = () =>
      openWorker(queueNames.webhook, (job) => tellHook(job, telling()), { ...settings, concurrency: 1 });
    const attempts = async () =>
      (
        await store.rows<{ attempts: number }>(
          `SELECT attempts FROM webhook_notice FINAL WHERE hook_id = '${hooks.calls!.hookId}'`,
        )
      )[0]!.attempts;
    status = 503;
    const before = await attempts();
    const worker = work();
    await tick();
    await until('it was tried again', async () => (await attempts()) >= before + 2, 20_000);
    await worker.close();
    await queues.webhook.obliterate({ force: true });
    status = 200;
    const other = work();
    await tick();
    await until('it is told', () => messages('/calls').length === 1, 20_000);
    expect(messages('/calls')).toMatchObject([{ tenantId: 'b', callId: 'b-over' }]);
    await other.close();
    await queues.close();
  });
});

it('a hook that was removed is told nothing more', async () => {
  const access = openWebhooks(inspector, tokenSecret, Date.now);
  await access.remove(admin('a'), hooks.all!.hookId);
  expect((await access.list('a')).map((h) => h.hookId)).toEqual([hooks.late!.hookId]);
  await expect(access.remove(admin('b'), hooks.late!.hookId)).rejects.toMatchObject({ code: 'not_found' });
  await store.client.insert({
    table: 'call_summary',
    values: [
      {
        tenant_id: 'a',
        call_id: 'a-next',
        started_at: now - 250_000,
        last_seen_at: now - 90_000,
        revision: 1,
      },
    ],
    format: 'JSONEachRow',
  });
  expect(await makeNotices(pipelines, now, '')).toBe(0);
});

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import { authoriser } from '../../../collector/http/authorise.ts';
import { maxBodyBytes } from '../../../collector/http/body.ts';
import { cors } from '../../../collector/http/cors.ts';
import { requestRate } from '../../../collector/http/rate.ts';
import { buildServer } from '../../../collector/http/server.ts';
import { Intake, type Quotas } from '../../../collector/intake.ts';
import { CollectorMetrics } from '../../../collector/metrics.ts';
import { Spool } from '../../../collector/store/spool.ts';
import { Store } from '../../../collector/store/store.ts';
import { signToken } from '../../../telemetry/tokens.ts';

const secret = 'a secret for telemetry tokens';
const serverKey = 'a-key-for-the-servers';
const tenantKey = 'a-key-of-acme-alone';
const claims = { tenantId: 'acme', roomId: 'r', callId: 'c', participantId: 'ann' };
const ann = await signToken('telemetry', claims, { secret, ttlSeconds: 60 });
const log = pino({ level: 'silent' });
const event = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: 'rtc.ice.state' }] }] }] };

describe('who may write', () => {
  const expired = signToken('telemetry', claims, { secret, ttlSeconds: -60 });
  const foreign = signToken('telemetry', claims, { secret: 'another secret altogether', ttlSeconds: 60 });
  const invite = signToken('invite', { tenantId: 'acme', roomId: 'r' }, { secret, ttlSeconds: 60 });

  test.each<[string, number, Promise<string> | string, string]>([
    ['the server key', 200, `Bearer ${serverKey}`, 'logs'],
    ['the server key, for metrics', 200, `Bearer ${serverKey}`, 'metrics'],
    ['a tenant’s key', 200, `Bearer ${tenantKey}`, 'logs'],
    ['a tenant’s key, for metrics', 200, `Bearer ${tenantKey}`, 'metrics'],
    ['a telemetry token', 200, `Bearer ${ann}`, 'logs'],
    ['a telemetry token, for metrics', 403, `Bearer ${ann}`, 'metrics'],
    ['a token that has expired', 401, expired, 'logs'],
    ['a token of another issuer', 401, foreign, 'logs'],
    ['an invite', 401, invite, 'logs'],
    ['a wrong key', 401, 'Bearer a-key-for-the-servers?', 'logs'],
    ['another scheme', 401, `Basic ${serverKey}`, 'logs'],
    ['no header', 401, '', 'logs'],
  ])('%s: %i', async (_, status, header, signal) => {
    const built = await build();
    const token = await header;
    const authorization = token.includes(' ') || token === '' ? token : `Bearer ${token}`;
    const payload = signal === 'logs' ? event : { resourceMetrics: [] };
    const answer = await ask(built, `/v1/${signal}`, {
      method: 'POST',
      headers: { ...(authorization && { authorization }), 'content-type': 'application/json' },
      body: JSON.stringify(payload),
    });
    expect(answer.statusCode).toBe(status);
    if (status !== 200)
      expect(answer.json()).toMatchObject({ message: expect.stringMatching(/^(unauthent|forbid)/) });
  });
});

describe('what is refused says so in the encoding of the request', () => {
  test.each<[string, number, string, Record<string, string>, Buffer | string]>([
    ['a type that is not OTLP', 415, 'unsupported_media_type', { 'content-type': 'text/plain' }, 'x'],
    ['an encoding that is not known', 415, 'unsupported_encoding', { 'content-encoding': 'br' }, '{}'],
    ['a body that is not JSON', 400, 'malformed', {}, '{'],
    ['a body that is not gzip', 400, 'bad_compression', { 'content-encoding': 'gzip' }, '{}'],
    ['a body that is too large', 413, 'body_too_large', {}, Buffer.alloc(maxBodyBytes + 1)],
  ])('%s: %i', async (_, status, code, headers, payload) => {
    const answer = await post(await build(), payload, headers);
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ message: expect.stringMatching(new RegExp(`^${code}: `)) });
  });

  test('protobuf gets a protobuf Status', async () => {
    const answer = await post(await build(), Buffer.from('hello'), {
      'content-type': 'application/x-protobuf',
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/x-protobuf');
    expect([...answer.body.subarray(0, 3)]).toEqual([0x08, 3, 0x12]);
  });

  test('an unknown path: 404', async () => {
    const answer = await ask(await build(), '/v1/profiles', { method: 'POST' });
    expect(answer.statusCode).toBe(404);
  });
});

test('refused records are counted in the answer, the others are written', async () => {
  const built = await build();
  const logRecords = [{ eventName: 'rtc.ice.state' }, { eventName: 'rtc.stats.sfu_producer' }];
  const answer = await post(built, JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }));
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({ partialSuccess: { rejectedLogRecords: '1' } });
  expect((await ask(built, '/metrics')).body.toString()).toContain(
    'callscope_collector_refused_records_total{signal="logs",reason="sfu_event_of_client"} 1\n',
  );
  await expect.poll(() => built.inserted.map(({ table }) => table)).toEqual(['rtc_event']);
});

test('a participant that sends too often is told when to come back', async () => {
  const built = await build();
  const statuses: number[] = [];
  for (let i = 0; i <= requestRate.burst; i++) statuses.push((await post(built, `{"n":${i}}`)).statusCode);
  expect(statuses.filter((status) => status === 200).length).toBe(requestRate.burst);
  const answer = await post(built, '{}');
  expect(answer.statusCode).toBe(429);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
});

test('what a tenant sends in all is bounded, and the refusals are counted', async () => {
  const built = await build({ quotas: { tenantRecordsPerSecond: 10 } });
  const many = (n: number) =>
    JSON.stringify({
      resourceLogs: [{ scopeLogs: [{ logRecords: Array(15_000).fill({ eventName: `event ${n}` }) }] }],
    });
  const authorization = `Bearer ${tenantKey}`;
  expect((await post(built, many(1), { authorization })).statusCode).toBe(200);
  const refused = await post(built, many(2), { authorization });
  expect(refused.statusCode).toBe(429);
  expect(refused.json().message).toContain('more than 10 records of a tenant a second');
  // 10,000 of 20,000 are free again at 10 a second.
  expect(refused.headers.get('retry-after')).toBe('1000');
  expect((await post(built, many(3))).statusCode).toBe(429);
  expect((await post(built, many(4), { authorization: `Bearer ${serverKey}` })).statusCode).toBe(200);
  const text = (await ask(built, '/metrics')).body.toString();
  expect(text).toContain('callscope_collector_quota_refusals_total{quota="tenant_records"} 2\n');
});

test('until the schema is ready nothing is taken, and /readyz says why', async () => {
  const built = await build({ notReady: 'the schema is not there' });
  const answer = await post(built, JSON.stringify(event));
  expect(answer.statusCode).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('2');
  const ready = await ask(built, '/readyz');
  expect([ready.statusCode, ready.json().reason]).toEqual([503, 'the schema is not there']);
  expect((await ask(built, '/healthz')).statusCode).toBe(200);
});

describe('pages', () => {
  const preflight = { 'access-control-request-method': 'POST' };
  test.each([
    ['https://meet.example.org', 204, 'https://meet.example.org'],
    ['https://evil.example.org', 403, null],
  ])('from %s: preflight %i', async (origin, status, allowed) => {
    const headers = { origin, ...preflight };
    const answer = await ask(await build(), '/v1/logs', { method: 'OPTIONS', headers });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe(allowed);
    if (!allowed) return;
    expect(answer.headers.get('access-control-allow-headers')).toMatch(
      /authorization.*content-type.*content-encoding/,
    );
    expect(Number(answer.headers.get('access-control-max-age'))).toBeGreaterThanOrEqual(7_200);
  });

  test('that are allowed can read refusals too', async () => {
    const headers = { origin: 'https://meet.example.org' };
    const answer = await ask(await build(), '/v1/logs', { method: 'POST', headers });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://meet.example.org');
    expect(answer.headers.get('access-control-expose-headers')).toContain('retry-after');
  });
});

test('/metrics counts requests by status, rows by table, refusals by code', async () => {
  const built = await build();
  await post(built, JSON.stringify(event));
  await post(built, '{');
  const metrics = async () => (await ask(built, '/metrics')).body.toString();
  const counted = 'callscope_collector_insert_seconds_count 1\n';
  await expect.poll(metrics).toContain(counted);
  const text = await metrics();
  expect(text).toContain('callscope_collector_requests_total{signal="logs",status="200"} 1\n');
  expect(text).toContain('callscope_collector_rows_total{table="rtc_event"} 1\n');
  expect(text).toContain('callscope_collector_errors_total{code="malformed"} 1\n');
  for (const gauge of ['lag_seconds 0', 'ready 1', 'clickhouse_takes_rows 1', 'buffered_rows 0']) {
    expect(text).toContain(`callscope_collector_${gauge}\n`);
  }
});

const directory = mkdtempSync(path.join(os.tmpdir(), 'callscope-spool-'));
const spools: Spool[] = [];
const apps: { close(): Promise<unknown> }[] = [];
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await Promise.all(spools.map((spool) => spool.close()));
  rmSync(directory, { recursive: true });
});

async function build(options: { notReady?: string; quotas?: Quotas } = {}) {
  const inserted: { table: string; block: Buffer }[] = [];
  const metrics = new CollectorMetrics();
  const insert = async (table: string, block: Buffer) => {
    inserted.push({ table, block });
  };
  const spool = await Spool.open({ directory: path.join(directory, String(spools.length)) });
  spools.push(spool);
  const parts = { spool, insert, refusedDirectory: directory, metrics, log };
  const store = new Store(parts, { lingerMs: () => 1 });
  store.start();
  const intakeParts = {
    authorise: authoriser({ tokenSecret: secret, serverKey, tenantKeys: new Map([[tenantKey, 'acme']]) }),
    store,
    metrics,
    log,
    notReady: () => options.notReady,
    ...(options.quotas && { quotas: options.quotas }),
    now: () => 1_790_000_000_000,
  };
  const intake = new Intake(intakeParts);
  const app = buildServer({ ...intakeParts, intake, cors: cors(['https://meet.example.org']) });
  apps.push(app);
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), inserted };
}

type Built = Awaited<ReturnType<typeof build>>;

async function ask({ url }: Built, path: string, init: RequestInit = {}) {
  const answer = await fetch(url + path, init);
  const body = Buffer.from(await answer.arrayBuffer());
  return {
    statusCode: answer.status,
    headers: answer.headers,
    body,
    json: () => JSON.parse(body.toString()),
  };
}

function post(built: Built, payload: Buffer | string, headers: Record<string, string> = {}) {
  const authorization = `Bearer ${ann}`;
  return ask(built, '/v1/logs', {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body: typeof payload === 'string' ? payload : new Uint8Array(payload),
  });
}

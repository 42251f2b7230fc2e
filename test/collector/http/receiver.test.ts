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
import { Intake } from '../../../collector/intake.ts';
import { CollectorMetrics } from '../../../collector/metrics.ts';
import { Spool } from '../../../collector/store/spool.ts';
import { Store } from '../../../collector/store/store.ts';
import { signToken } from '../../../telemetry/tokens.ts';

const secret = 'a secret for telemetry tokens';
const serverKey = 'a-key-for-the-servers';
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
    ['a telemetry token', 200, `Bearer ${ann}`, 'logs'],
    ['a telemetry token, for metrics', 403, `Bearer ${ann}`, 'metrics'],
    ['a token that has expired', 401, expired, 'logs'],
    ['a token of another issuer', 401, foreign, 'logs'],
    ['an invite', 401, invite, 'logs'],
    ['a wrong key', 401, 'Bearer a-key-for-the-servers?', 'logs'],
    ['another scheme', 401, `Basic ${serverKey}`, 'logs'],
    ['no header', 401, '', 'logs'],
  ])('%s: %i', async (_, status, header, signal) => {
    const { app } = await build();
    const token = await header;
    const authorization = token.includes(' ') || token === '' ? token : `Bearer ${token}`;
    const payload = signal === 'logs' ? event : { resourceMetrics: [] };
    const answer = await app.inject({
      method: 'POST',
      url: `/v1/${signal}`,
      headers: { authorization },
      payload,
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
    const { app } = await build();
    const answer = await post(app, payload, headers);
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ message: expect.stringMatching(new RegExp(`^${code}: `)) });
  });

  test('protobuf gets a protobuf Status', async () => {
    const { app } = await build();
    const answer = await post(app, Buffer.from('hello'), { 'content-type': 'application/x-protobuf' });
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toBe('application/x-protobuf');
    expect([...answer.rawPayload.subarray(0, 3)]).toEqual([0x08, 3, 0x12]);
  });

  test('an unknown path: 404', async () => {
    const answer = await (await build()).app.inject({ method: 'POST', url: '/v1/profiles' });
    expect(answer.statusCode).toBe(404);
  });
});

test('refused records are counted in the answer, the others are written', async () => {
  const { app, inserted } = await build();
  const logRecords = [{ eventName: 'rtc.ice.state' }, { eventName: 'rtc.stats.sfu_producer' }];
  const answer = await post(app, JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }));
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({ partialSuccess: { rejectedLogRecords: '1' } });
  await expect.poll(() => inserted.map(({ table }) => table)).toEqual(['rtc_event']);
});

test('a participant that sends too often is told when to come back', async () => {
  const { app } = await build();
  const statuses: number[] = [];
  for (let i = 0; i <= requestRate.burst; i++) statuses.push((await post(app, '{}')).statusCode);
  expect(statuses.filter((status) => status === 200).length).toBe(requestRate.burst);
  const answer = await post(app, '{}');
  expect(answer.statusCode).toBe(429);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
});

test('until the schema is ready nothing is taken, and /readyz says why', async () => {
  const { app } = await build({ notReady: 'the schema is not there' });
  const answer = await post(app, JSON.stringify(event));
  expect(answer.statusCode).toBe(503);
  expect(answer.headers['retry-after']).toBe('2');
  const ready = await app.inject('/readyz');
  expect([ready.statusCode, ready.json().reason]).toEqual([503, 'the schema is not there']);
  expect((await app.inject('/healthz')).statusCode).toBe(200);
});

describe('pages', () => {
  const preflight = { 'access-control-request-method': 'POST' };
  test.each([
    ['https://meet.example.org', 204, 'https://meet.example.org'],
    ['https://evil.example.org', 403, undefined],
  ])('from %s: preflight %i', async (origin, status, allowed) => {
    const { app } = await build();
    const headers = { origin, ...preflight };
    const answer = await app.inject({ method: 'OPTIONS', url: '/v1/logs', headers });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBe(allowed);
    if (!allowed) return;
    expect(answer.headers['access-control-allow-headers']).toMatch(
      /authorization.*content-type.*content-encoding/,
    );
    expect(Number(answer.headers['access-control-max-age'])).toBeGreaterThanOrEqual(7_200);
  });

  test('that are allowed can read refusals too', async () => {
    const headers = { origin: 'https://meet.example.org' };
    const answer = await (await build()).app.inject({
      method: 'POST',
      url: '/v1/logs',
      headers,
      payload: {},
    });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['access-control-allow-origin']).toBe('https://meet.example.org');
    expect(answer.headers['access-control-expose-headers']).toContain('retry-after');
  });
});

test('/metrics counts requests by status, rows by table, refusals by code', async () => {
  const { app } = await build();
  await post(app, JSON.stringify(event));
  await post(app, '{');
  const counted = 'callscope_collector_insert_seconds_count 1\n';
  await expect.poll(async () => (await app.inject('/metrics')).body).toContain(counted);
  const text = (await app.inject('/metrics')).body;
  expect(text).toContain('callscope_collector_requests_total{signal="logs",status="200"} 1\n');
  expect(text).toContain('callscope_collector_rows_total{table="rtc_event"} 1\n');
  expect(text).toContain('callscope_collector_errors_total{code="malformed"} 1\n');
});

const directory = mkdtempSync(path.join(os.tmpdir(), 'callscope-spool-'));
const spools: Spool[] = [];
afterAll(async () => {
  await Promise.all(spools.map((spool) => spool.close()));
  rmSync(directory, { recursive: true });
});

async function build(options: { notReady?: string } = {}) {
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
    authorise: authoriser({ tokenSecret: secret, serverKey }),
    store,
    metrics,
    log,
    notReady: () => options.notReady,
    now: () => 1_790_000_000_000,
  };
  const intake = new Intake(intakeParts);
  const app = buildServer({ ...intakeParts, intake, cors: cors(['https://meet.example.org']) });
  return { app, inserted };
}

function post(
  app: Awaited<ReturnType<typeof build>>['app'],
  payload: Buffer | string,
  headers: Record<string, string> = {},
) {
  const authorization = `Bearer ${ann}`;
  return app.inject({
    method: 'POST',
    url: '/v1/logs',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    payload,
  });
}

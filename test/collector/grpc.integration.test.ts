/** OTLP/gRPC with a plain gRPC client: the same data, limits and answers as over HTTP. */
import {
  type Client,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { encodeLogRecords, encodeRequest } from '../../client/sdk/otlp.ts';
import { requestRate } from '../../collector/http/rate.ts';
import { signToken } from '../../telemetry/tokens.ts';
import {
  serverKey,
  startCollector,
  type TestCollector,
  type TestDatabase,
  testDatabase,
  tokenSecret,
} from './support.ts';

let db: TestDatabase;
let collector: TestCollector;
let client: Client;
beforeAll(async () => {
  db = await testDatabase(inject('clickhouseUrl'), { create: false });
  collector = await startCollector(db.url);
  const Generic = makeGenericClientConstructor({}, 'Logs');
  client = new Generic(collector.grpc, credentials.createInsecure(), {
    // As it comes through a proxy that speaks gRPC-Web to pages.
    'grpc.primary_user_agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0',
  });
});
afterAll(async () => {
  client.close();
  await collector[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});

const same = (bytes: Buffer) => bytes;

function send(
  token: string,
  body: Uint8Array,
  signal = 'logs.v1.Logs',
  headers: Record<string, string> = {},
): Promise<Buffer | ServiceError> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  if (token) metadata.set('authorization', `Bearer ${token}`);
  const path = `/opentelemetry.proto.collector.${signal}Service/Export`;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, Buffer.from(body), metadata, (error, answer) =>
      resolve(error ?? answer ?? Buffer.alloc(0)),
    );
  });
}

const body = (callId: string, eventName = 'rtc.ice.state') =>
  encodeRequest('t', [
    {
      resource: [['rtc.call_id', callId]],
      chunks: [encodeLogRecords([{ eventName, timeMs: Date.now(), attributes: [['rtc.state', 'failed']] }])],
    },
  ]);

test('logs arrive; a participant writes into its own call only', async () => {
  expect(await send(serverKey, body('one'))).toEqual(Buffer.alloc(0));
  const claims = { tenantId: 'acme', roomId: 'r', callId: 'own', participantId: 'ann' };
  const token = await signToken('telemetry', claims, { secret: tokenSecret, ttlSeconds: 60 });
  expect(await send(token, body('foreign'))).toEqual(Buffer.alloc(0));
  const read = 'SELECT call_id, tenant_id FROM rtc_event ORDER BY call_id';
  await expect
    .poll(() => db.rows(read))
    .toEqual([
      { call_id: 'one', tenant_id: 'default' },
      { call_id: 'own', tenant_id: 'acme' },
    ]);
  expect(String(await send(token, body('own', 'rtc.stats.sfu_producer')))).toContain('measured by the SFU');
});

test('a participant’s events say from which browser, system and network they come, a server’s do not', async () => {
  const claims = { tenantId: 'acme', roomId: 'r', callId: 'told', participantId: 'ann' };
  const token = await signToken('telemetry', claims, { secret: tokenSecret, ttlSeconds: 60 });
  const hints = {
    'sec-ch-ua': '"Chromium";v="140", "Microsoft Edge";v="140", "Not=A?Brand";v="24"',
    'sec-ch-ua-platform': '"Windows"',
  };
  await send(token, body('told'));
  await send(token, body('told', 'rtc.ice.gathering'), undefined, hints);
  await send(serverKey, body('told', 'rtc.sfu.told'), undefined, hints);
  const read = `SELECT attributes['user_agent.name'] AS browser, attributes['browser.platform'] AS platform,
    attributes['client.address'] AS address FROM rtc_event WHERE call_id = 'told' ORDER BY browser`;
  await expect
    .poll(() => db.rows(read))
    .toEqual([
      { browser: '', platform: '', address: '' },
      { browser: 'Firefox', platform: 'Linux', address: '127.0.0.0' },
      { browser: 'Microsoft Edge', platform: 'Windows', address: '127.0.0.0' },
    ]);
});

test('what is refused has its status, and back-pressure says when to come back', async () => {
  expect(await send('', body('x'))).toMatchObject({ code: status.UNAUTHENTICATED });
  expect(await send(serverKey, Buffer.from('hello'))).toMatchObject({ code: status.INVALID_ARGUMENT });
  const claims = { tenantId: 'acme', roomId: 'r', callId: 'busy', participantId: 'bob' };
  const token = await signToken('telemetry', claims, { secret: tokenSecret, ttlSeconds: 60 });
  expect(await send(token, Buffer.alloc(0), 'metrics.v1.Metrics')).toMatchObject({
    code: status.PERMISSION_DENIED,
  });
  const answers = await Promise.all(
    Array.from({ length: requestRate.burst + 20 }, () => send(token, body('busy'))),
  );
  const refused = answers.find((answer) => !(answer instanceof Buffer)) as ServiceError;
  expect(refused.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(String(refused.metadata.get('grpc-status-details-bin')[0])).toContain('google.rpc.RetryInfo');
});

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
  client = new Generic(collector.grpc, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await collector[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});

const same = (bytes: Buffer) => bytes;

function send(token: string, body: Uint8Array, signal = 'logs.v1.Logs'): Promise<Buffer | ServiceError> {
  const metadata = new Metadata();
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

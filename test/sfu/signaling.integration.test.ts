import { afterAll, beforeAll, expect, test } from 'vitest';
import { signToken } from '../../telemetry/tokens.ts';
import { post, startTestNode, type TestNode, tokenSecret, until } from './support/node.ts';
import { captureTimeUri, TestClient } from './support/TestClient.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node.stop());

const dtlsParameters = {
  role: 'client' as const,
  fingerprints: [{ algorithm: 'sha-256' as const, value: Array(32).fill('AB').join(':') }],
};

test('two people join, one sends, the other receives, and each is told of the other', async () => {
  const anna = await node.join('pair', 'Anna');
  const ben = await node.join('pair', 'Ben');
  expect(ben.joined?.participants).toEqual([
    { participantId: anna.joined?.participantId, displayName: 'Anna' },
  ]);
  expect(ben.joined?.callId).toBe(anna.joined?.callId);
  const send = await anna.transport('send');
  expect(new Set(send.iceCandidates.map(({ protocol }) => protocol))).toEqual(new Set(['udp', 'tcp']));
  await anna.request('connectTransport', { transportId: send.transportId, dtlsParameters });
  const producerId = await anna.produceCamera(send.transportId);
  const { producerId: audioId } = await anna.request('produce', {
    transportId: send.transportId,
    kind: 'audio',
    source: 'microphone',
    rtpParameters: anna.audioParameters(),
  });
  await until('Ben hears of both', () => ben.told('producerAdded').length === 2);
  expect(ben.told('producerAdded')[0]).toEqual({
    producerId,
    participantId: anna.joined?.participantId,
    kind: 'video',
    source: 'camera',
    paused: false,
  });

  await ben.transport('recv');
  const video = await ben.consume(producerId);
  expect(video).toMatchObject({ producerId, kind: 'video', producerPaused: false });
  const audio = await ben.consume(audioId);
  await ben.request('setPreferredLayers', {
    consumerId: video.consumerId,
    spatialLayer: 1,
    temporalLayer: 2,
  });
  const receiver = node.rooms.call(ben.joined!.callId)?.room?.participants.get(ben.joined!.participantId);
  expect(receiver?.consumers.get(video.consumerId)?.consumer).toMatchObject({
    paused: false,
    preferredLayers: { spatialLayer: 1, temporalLayer: 2 },
  });

  await anna.request('pauseProducer', { producerId: audioId });
  await until('Ben sees the mute', () => ben.told('producerPaused').some((p) => p.producerId === audioId));
  await anna.request('closeProducer', { producerId });
  await until('Ben loses the video', () =>
    ben.told('consumerClosed').some((c) => c.consumerId === video.consumerId),
  );
  await anna.request('leave', {});
  expect(await anna.closed).toMatchObject({ code: 1000 });
  await until('Ben sees Anna leave', () => ben.told('participantLeft').length === 1);
  // By way of the worker, so maybe a moment later.
  await until('Ben’s consumer of her is closed', () =>
    ben.told('consumerClosed').some((c) => c.consumerId === audio.consumerId),
  );
  ben.close();
});

test('capture time is kept from clients: not in the capabilities, not in what is consumed', async () => {
  const a = await node.join('capture', 'A');
  const b = await node.join('capture', 'B');
  expect(JSON.stringify(a.capabilities)).not.toContain('abs-capture-time');
  const { transportId } = await a.transport('send');
  const producerId = await a.produceCamera(transportId);
  await b.transport('recv');
  // Even a client that insists gets none.
  const offered = {
    ...b.capabilities,
    headerExtensions: [
      ...(b.capabilities.headerExtensions ?? []),
      { kind: 'video' as const, uri: captureTimeUri, preferredId: 13, direction: 'sendrecv' as const },
    ],
  } as typeof b.capabilities;
  const consumer = await b.request('consume', { producerId, rtpCapabilities: offered });
  expect(JSON.stringify(consumer.rtpParameters)).not.toContain('abs-capture-time');
  a.close();
  b.close();
});

test('whoever has no valid token is refused with a code and shown out', async () => {
  const { callId } = await node.admit('guarded', 'X');
  const claims = { tenantId: 'acme', roomId: 'guarded', callId, participantId: 'p-x', displayName: 'X' };
  const sign = (secret: string, ttlSeconds: number, over = {}) =>
    signToken('join', { ...claims, ...over }, { secret, ttlSeconds });
  const invite = await signToken(
    'invite',
    { tenantId: 'acme', roomId: 'guarded' },
    {
      secret: tokenSecret,
      ttlSeconds: 60,
    },
  );
  const cases: [token: string, code: string][] = [
    ['nonsense', 'token_invalid'],
    [await sign('another secret of the tests', 60), 'token_invalid'],
    [await sign(tokenSecret, -60), 'token_invalid'],
    [invite, 'token_invalid'],
    [await sign(tokenSecret, 60, { callId: 'elsewhere' }), 'call_over'],
    [await sign(tokenSecret, 60, { tenantId: 'other' }), 'call_over'],
    [await sign(tokenSecret, 60, { roomId: 'other' }), 'call_over'],
  ];
  for (const [token, code] of cases) {
    const client = await node.connect();
    await expect(client.join(token)).rejects.toMatchObject({ code });
    expect(await client.closed).toEqual({ code: 4006, reason: 'join_refused' });
  }
  await until('refusals are told', () =>
    cases.every(([, code]) =>
      node.records('rtc.signaling.refused').some((r) => r.code === code && r.method === 'join'),
    ),
  );
});

test('a join token admits once', async () => {
  const { joinToken } = await node.admit('once', 'A');
  const first = await node.connect();
  const second = await node.connect();
  const results = await Promise.allSettled([first.join(joinToken), second.join(joinToken)]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(results.find((r) => r.status === 'rejected')).toMatchObject({ reason: { code: 'token_used' } });
  first.close();
  second.close();
});

test('a second connection of a participant replaces the first', async () => {
  const admitted = await node.admit('twice', 'A');
  const claims = {
    tenantId: 'acme',
    roomId: 'twice',
    callId: admitted.callId,
    participantId: admitted.participantId,
    displayName: 'A again',
  };
  const first = await node.connect();
  await first.join(admitted.joinToken);
  const second = await node.connect();
  await second.join(await signToken('join', claims, { secret: tokenSecret, ttlSeconds: 60 }));
  expect(await first.closed).toEqual({ code: 4002, reason: 'replaced' });
  expect(await second.request('ping', {})).toHaveProperty('serverTimeMs');
  expect(node.rooms.call(admitted.callId)?.room?.participants.size).toBe(1);
  second.close();
});

test('nonsense gets a coded answer, and the room goes on', async () => {
  const a = await node.join('sturdy', 'A');
  const b = await node.join('sturdy', 'B');
  for (const text of ['', '{', 'null', '[]', '{"id":-1,"method":"ping","data":{}}', '{"method":"ping"}']) {
    a.send(text);
  }
  a.send(Buffer.from([0, 1, 2]));
  await until('each is answered', () => a.strays.length === 7);
  expect(a.strays.every(({ error }) => error?.code === 'malformed')).toBe(true);

  const { transportId } = await a.transport('send');
  const rtpParameters = a.videoParameters(3);
  const refused: [method: string, data: unknown, code: string][] = [
    ['fly', {}, 'unknown_method'],
    ['constructor', {}, 'unknown_method'],
    ['join', { token: 'x' }, 'already_joined'],
    ['createTransport', { direction: 'up' }, 'malformed'],
    ['createTransport', null, 'malformed'],
    ['produce', { transportId, kind: 'video', source: 'cellar', rtpParameters }, 'malformed'],
    ['produce', { transportId, kind: 'video', source: 'camera', rtpParameters: {} }, 'media_refused'],
    [
      'produce',
      { transportId, kind: 'video', source: 'camera', rtpParameters: { codecs: 'x' } },
      'media_refused',
    ],
    [
      'connectTransport',
      { transportId, dtlsParameters: { fingerprints: [{ algorithm: 'sha-0' }] } },
      'media_refused',
    ],
    ['consume', { producerId: 'none', rtpCapabilities: {} }, 'not_found'],
  ];
  for (const [method, data, code] of refused) {
    await expect(a.requestAny(method, data), `${method} ${JSON.stringify(data)}`).rejects.toMatchObject({
      code,
    });
  }
  // The one who was refused goes on too, and the other never noticed.
  const producerId = await a.produceCamera(transportId);
  await until('B is told', () => b.told('producerAdded').some((p) => p.producerId === producerId));
  await b.transport('recv');
  await expect(b.request('consume', { producerId, rtpCapabilities: { codecs: [] } })).rejects.toMatchObject({
    code: 'cannot_consume',
  });
  await b.consume(producerId);
  expect(node.workers.slots).toHaveLength(1);
  a.close();
  b.close();
});

test('a participant reaches only what is its own', async () => {
  const a = await node.join('own', 'A');
  const b = await node.join('own', 'B');
  const outside = await node.join('elsewhere', 'C');
  const send = await a.transport('send');
  const producerId = await a.produceCamera(send.transportId);
  await b.transport('recv');
  const { consumerId } = await b.consume(producerId);
  await outside.transport('recv');
  const { transportId } = send;
  const rtpParameters = b.videoParameters(1);
  const tries: [TestClient, string, unknown][] = [
    [b, 'connectTransport', { transportId, dtlsParameters }],
    [b, 'restartIce', { transportId }],
    [b, 'tellPath', { transportId, usesRelay: true }],
    [b, 'produce', { transportId, kind: 'video', source: 'camera', rtpParameters }],
    [b, 'closeProducer', { producerId }],
    [b, 'pauseProducer', { producerId }],
    [a, 'resumeConsumer', { consumerId }],
    [a, 'setPreferredLayers', { consumerId, spatialLayer: 0, temporalLayer: 0 }],
    [outside, 'consume', { producerId, rtpCapabilities: outside.capabilities }],
  ];
  for (const [client, method, data] of tries) {
    await expect(client.requestAny(method, data), method).rejects.toMatchObject({ code: 'not_found' });
  }
  for (const client of [a, b, outside]) client.close();
});

test('a socket that does not join in time is closed; before joining nothing is answered', async () => {
  const client = await node.connect();
  await expect(client.request('createTransport', { direction: 'send' })).rejects.toMatchObject({
    code: 'not_joined',
  });
  expect(await client.closed).toEqual({ code: 4001, reason: 'join_timeout' });
});

test('a flood is answered with a code, then the connection is closed', async () => {
  const flood = await node.join('flood', 'A');
  for (let i = 0; i < 1000; i++) flood.send('{"id":0,"method":"ping","data":{}}');
  expect(await flood.closed).toEqual({ code: 4004, reason: 'rate_limited' });
  expect(flood.strays.some(({ error }) => error?.code === 'rate_limited')).toBe(true);
});

test('a message over the size bound closes the connection', async () => {
  const client = await node.join('large', 'A');
  client.send(`{"id":1,"method":"ping","data":{"x":"${'x'.repeat(200_000)}"}}`);
  expect((await client.closed).code).toBe(1009);
});

test('another site may not open the socket, and other paths have none', async () => {
  await expect(TestClient.connect(node.url, { origin: 'https://evil.example' })).rejects.toThrow('403');
  const own = await TestClient.connect(node.url, { origin: node.url });
  own.close();
  await expect(TestClient.connect(`${node.url}/other`)).rejects.toThrow('404');
});

test('the last one out ends the call; the next one in begins another', async () => {
  const a = await node.join('turns', 'A');
  const callId = a.joined!.callId;
  const call = node.rooms.call(callId)!;
  call.expectedUntilMs = 0;
  a.close();
  await until('the call is over', () => !node.rooms.call(callId));
  const b = await node.join('turns', 'B');
  expect(b.joined?.callId).not.toBe(callId);
  b.close();
});

test.each<[string, unknown, number, string]>([
  ['no JSON', '{', 400, 'malformed'],
  ['nothing in it', {}, 400, 'malformed'],
  ['a false invitation', { invite: 'x', displayName: 'A' }, 401, 'invite_invalid'],
  ['a name of blanks', { invite: 'x', displayName: '   ' }, 400, 'malformed'],
  ['too large', { invite: 'x', displayName: 'A', more: 'x'.repeat(20_000) }, 400, 'malformed'],
])('admission refuses a request with %s', async (_name, body, status, code) => {
  expect(await post(`${node.url}/api/v1/join`, body)).toMatchObject({ status, body: { code } });
});

test('an invitation that has expired is told apart from a false one', async () => {
  const claims = { tenantId: 'acme', roomId: 'late' };
  const invite = await signToken('invite', claims, { secret: tokenSecret, ttlSeconds: -60 });
  expect(await post(`${node.url}/api/v1/join`, { invite, displayName: 'A' })).toMatchObject({
    status: 401,
    body: { code: 'invite_expired' },
  });
});

test('health and readiness are told, with security headers', async () => {
  const health = await fetch(`${node.url}/healthz`);
  expect(health.status).toBe(200);
  expect(health.headers.get('content-security-policy')).toContain("default-src 'none'");
  const ready = await fetch(`${node.url}/readyz`);
  expect(ready.status).toBe(200);
  expect(await ready.json()).toMatchObject({ ready: true, workers: 1, decisions: null });
  const page = await fetch(node.url);
  expect(page.status).toBe(503);
  expect(await page.text()).toContain('CALLSCOPE_PAGE_DIR');
});

test('a request span is a child of the client span and says who asked', async () => {
  const client = await node.join('traced', 'A');
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  await client.request('ping', {}, `00-${traceId}-b7ad6b7169203331-01`);
  const span = await until('the span is out', () =>
    node.spans.getFinishedSpans().find((s) => s.spanContext().traceId === traceId),
  );
  expect(span.attributes).toMatchObject({
    'rtc.method': 'ping',
    'rtc.call_id': client.joined?.callId,
    'rtc.participant_id': client.joined?.participantId,
  });
  client.close();
});

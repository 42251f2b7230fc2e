import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startRedis } from '../../runtime/embedded/redis.ts';
import type { ReceivedStream } from '../../sfu/ReceivedStream.ts';
import { type Action, queueNames, queuePrefix, type SfuMessage } from '../../telemetry/queues.ts';
import { startTestNode, type TestNode, until } from './support/node.ts';
import type { TestClient } from './support/TestClient.ts';

const nodeId = `decisions-${process.pid}`;
let node: TestNode;
let queue: Queue;
let redisUrl: string;

beforeAll(async () => {
  redisUrl = inject('redisUrl');
  node = await startTestNode({ CALLSCOPE_SFU_NODE_ID: nodeId, CALLSCOPE_REDIS_URL: redisUrl });
  queue = new Queue(queueNames.sfu(nodeId), { connection: { url: redisUrl }, prefix: queuePrefix });
});
afterAll(async () => {
  await queue.obliterate({ force: true });
  await queue.close();
  await node.stop();
});

interface Pair {
  sender: TestClient;
  receiver: TestClient;
  producerId: string;
  consumerId: string;
  /** The consumer as the node holds it. */
  stream: ReceivedStream;
  callId: string;
}

/** Two people; the second receives the first's camera. */
async function pair(roomId: string, on: TestNode = node): Promise<Pair> {
  const sender = await on.join(roomId, 'Sender');
  const receiver = await on.join(roomId, 'Receiver');
  const producerId = await sender.produceCamera((await sender.transport('send')).transportId);
  await receiver.transport('recv');
  const { consumerId } = await receiver.consume(producerId);
  const { callId, participantId } = receiver.joined!;
  const stream = on.rooms.call(callId)?.room?.participants.get(participantId)?.consumers.get(consumerId);
  return { sender, receiver, producerId, consumerId, stream: stream!, callId };
}

let lastId = 0;
function decision({ receiver, callId }: Pair, action: Action, over: object = {}) {
  return {
    type: 'decision' as const,
    decisionId: `d-${++lastId}`,
    tenantId: 'acme',
    callId,
    participantId: receiver.joined!.participantId,
    action,
    reason: 'downlink congestion',
    sentAtMs: Date.now(),
    ttlMs: 30_000,
    ...over,
  };
}

const send = (message: SfuMessage) => queue.add(message.type, message);

const decisionEvents = (decisionId: string) =>
  ['applied', 'refused', 'lifted'].flatMap((kind) =>
    node
      .records(`rtc.decision.${kind}`)
      .filter((record) => record.decision_id === decisionId)
      .map((record) => `${kind} ${record.reason}`),
  );

const eventually = (what: string, decisionId: string, expected: string[]) =>
  until(what, () => JSON.stringify(decisionEvents(decisionId)) === JSON.stringify(expected));

test('a cap bounds the camera, later ones too, and ends by itself', async () => {
  const call = await pair('cap');
  const { sender, receiver, stream } = call;
  expect(stream.consumer.preferredLayers).toEqual({ spatialLayer: 2, temporalLayer: 2 });
  const cap = decision(
    call,
    {
      kind: 'cap_layers',
      spatialLayer: 0,
      temporalLayer: 1,
      drainMs: 0,
      minOutgoingBitrateBps: 0,
      audioMaxBitrateBps: 0,
    },
    { ttlMs: 2_500 },
  );
  await send(cap);
  await until('the cap holds', () => stream.consumer.preferredLayers?.spatialLayer === 0);
  expect(stream.consumer.preferredLayers).toEqual({ spatialLayer: 0, temporalLayer: 1 });
  expect(stream.consumer.paused).toBe(false);

  await receiver.request('setPreferredLayers', {
    consumerId: call.consumerId,
    spatialLayer: 1,
    temporalLayer: 2,
  });
  expect(stream.consumer.preferredLayers).toEqual({ spatialLayer: 0, temporalLayer: 1 });

  const { transportId } = await sender.transport('send');
  const second = await sender.produceCamera(transportId);
  const { consumerId } = await receiver.consume(second);
  const later = node.rooms
    .call(call.callId)
    ?.room?.participants.get(receiver.joined!.participantId)
    ?.consumers.get(consumerId);
  expect(later?.consumer.preferredLayers).toEqual({ spatialLayer: 0, temporalLayer: 1 });

  await until('the later one is free again', () => later?.consumer.preferredLayers?.spatialLayer === 2);
  await eventually('both steps are told', cap.decisionId, ['applied downlink congestion', 'lifted expired']);
  sender.close();
  receiver.close();
});

test('after the cap the wish of the page counts again', async () => {
  const call = await pair('wish');
  const { stream, receiver, consumerId } = call;
  await receiver.request('setPreferredLayers', { consumerId, spatialLayer: 1, temporalLayer: 2 });
  await send(
    decision(call, {
      kind: 'cap_layers',
      spatialLayer: 0,
      temporalLayer: 0,
      drainMs: 0,
      minOutgoingBitrateBps: 0,
      audioMaxBitrateBps: 0,
    }),
  );
  await until('the cap holds', () => stream.consumer.preferredLayers?.spatialLayer === 0);
  const lift = decision(call, { kind: 'lift' });
  await send(lift);
  await until('the wish counts', () => stream.consumer.preferredLayers?.spatialLayer === 1);
  expect(stream.consumer.preferredLayers).toEqual({ spatialLayer: 1, temporalLayer: 2 });
  await eventually('the lift is told', lift.decisionId, ['applied downlink congestion']);
  call.sender.close();
  receiver.close();
});

test('a drain pauses first, tells the client why, then resumes at the cap', async () => {
  const call = await pair('drain');
  const { stream, receiver, consumerId } = call;
  await send(
    decision(call, {
      kind: 'cap_layers',
      spatialLayer: 0,
      temporalLayer: 2,
      drainMs: 600,
      minOutgoingBitrateBps: 0,
      audioMaxBitrateBps: 0,
    }),
  );
  await until('it is paused', () => stream.consumer.paused);
  expect(stream.consumer.preferredLayers?.spatialLayer).toBe(0);
  await until('it is resumed', () => !stream.consumer.paused);
  expect(stream.consumer.preferredLayers).toEqual({ spatialLayer: 0, temporalLayer: 2 });
  await until('the client knows', () => receiver.told('consumerResumed').length === 1);
  expect(receiver.told('consumerPaused')).toEqual([{ consumerId, reason: 'downlink congestion' }]);
  call.sender.close();
  receiver.close();
});

test('audio only holds all video, also what comes later, and lets audio through', async () => {
  const call = await pair('audio');
  const { sender, receiver, stream } = call;
  const only = decision(call, { kind: 'audio_only', audioDrainMs: 0, audioMaxBitrateBps: 0 });
  await send(only);
  await until('it is paused', () => stream.consumer.paused);
  const { transportId } = await sender.transport('send');
  const produce = (kind: 'audio' | 'video', source: 'microphone' | 'screen') =>
    sender.request('produce', {
      transportId,
      kind,
      source,
      rtpParameters: kind === 'audio' ? sender.audioParameters() : sender.videoParameters(1),
    });
  const screen = await receiver.consume((await produce('video', 'screen')).producerId);
  const audio = await receiver.consume((await produce('audio', 'microphone')).producerId);
  const { consumers } = node.rooms.call(call.callId)!.room!.participants.get(receiver.joined!.participantId)!;
  expect(consumers.get(screen.consumerId)?.consumer.paused).toBe(true);
  expect(consumers.get(audio.consumerId)?.consumer.paused).toBe(false);
  expect(receiver.told('consumerPaused').map((told) => told.consumerId)).toContain(screen.consumerId);
  await send(decision(call, { kind: 'lift' }));
  await until('the screen is back', () => !consumers.get(screen.consumerId)?.consumer.paused);
  await eventually('both steps are told', only.decisionId, [
    'applied downlink congestion',
    'lifted recovered',
  ]);
  sender.close();
  receiver.close();
});

test('where a link hardly holds audio, those who are heard are told to send less, until that is over', async () => {
  const call = await pair('low-audio');
  const { sender, receiver } = call;
  const low: Action = { kind: 'audio_only', audioDrainMs: 0, audioMaxBitrateBps: 16_000 };
  await send(decision(call, low));
  await until('the sender is told', () => sender.told('audioBounded').length === 1);
  const third = await node.join('low-audio', 'third');
  await until('who comes later too', () => third.told('audioBounded').length === 1);
  await send(decision(call, { kind: 'lift' }));
  await until('it is over', () => sender.told('audioBounded').length === 2);
  await send(decision(call, low));
  await until('the sender is told again', () => sender.told('audioBounded').length === 3);
  receiver.close();
  await until('nobody hears it any more who asks', () => sender.told('audioBounded').length === 4);
  expect(sender.told('audioBounded').map(({ maxBitrateBps }) => maxBitrateBps)).toEqual([
    16_000,
    null,
    16_000,
    null,
  ]);
  expect(receiver.told('audioBounded')).toEqual([]);
  sender.close();
  third.close();
});

test('what is stale, unknown or of another tenant is refused with the reason', async () => {
  const call = await pair('refused');
  const audioOnly: Action = { kind: 'audio_only', audioDrainMs: 0, audioMaxBitrateBps: 0 };
  const cases: [over: object, reason: string][] = [
    [{ sentAtMs: Date.now() - 60_000 }, 'stale'],
    [{ callId: 'no-such-call' }, 'unknown_call'],
    [{ participantId: 'nobody' }, 'unknown_participant'],
    [{ tenantId: 'other' }, 'tenant_mismatch'],
  ];
  for (const [over, reason] of cases) {
    const message = decision(call, audioOnly, over);
    await send(message);
    await eventually(`${reason} is told`, message.decisionId, [`refused ${reason}`]);
  }
  await queue.add('decision', { type: 'decision', nonsense: true });
  await queue.add('decision', 'text');
  // The queue goes on behind them, and the call was not touched.
  const last = decision(call, { kind: 'lift' });
  await send(last);
  await eventually('the last is told', last.decisionId, ['refused nothing_in_force']);
  expect(call.stream.consumer.paused).toBe(false);
  call.sender.close();
  call.receiver.close();
});

test('quality reaches everyone in the call, and nobody of another tenant', async () => {
  const call = await pair('quality');
  const quality = (tenantId: string, reason: string): SfuMessage => ({
    type: 'quality',
    tenantId,
    callId: call.callId,
    participants: [{ participantId: 'p', level: 'poor', reason, audioMos: 2.5, videoMos: null }],
  });
  await send(quality('other', 'false'));
  await send(quality('acme', 'true'));
  for (const client of [call.sender, call.receiver]) {
    await until('it is told', () => client.told('qualityChanged').length > 0);
    expect(client.told('qualityChanged')).toEqual([
      { participantId: 'p', level: 'poor', reason: 'true', audioMos: 2.5, videoMos: null },
    ]);
    client.close();
  }
});

test('with Redis gone signaling goes on and a cap still expires; back again, decisions arrive', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'callscope-redis-'));
  let redis = await startRedis({ dataDir });
  const { port, url } = redis;
  const ownId = `${nodeId}-outage`;
  const own = await startTestNode({ CALLSCOPE_SFU_NODE_ID: ownId, CALLSCOPE_REDIS_URL: url });
  const open = () => {
    const made = new Queue(queueNames.sfu(ownId), { connection: { url }, prefix: queuePrefix });
    made.on('error', () => {});
    return made;
  };
  let ownQueue = open();
  const call = await pair('outage', own);
  const cap: Action = {
    kind: 'cap_layers',
    spatialLayer: 0,
    temporalLayer: 0,
    drainMs: 0,
    minOutgoingBitrateBps: 0,
    audioMaxBitrateBps: 0,
  };
  await ownQueue.add('decision', decision(call, cap, { ttlMs: 3_000 }));
  await until('the cap holds', () => call.stream.consumer.preferredLayers?.spatialLayer === 0);
  await ownQueue.close();

  process.kill(redis.pid, 'SIGKILL');
  await redis.exited;
  const readiness = async () =>
    (await (await fetch(`${own.url}/readyz`)).json()) as { ready: boolean; decisions: boolean };
  await until('the node notices', async () => !(await readiness()).decisions);
  expect((await readiness()).ready).toBe(true);
  const third = await own.join('outage', 'Third');
  await third.transport('recv');
  await third.consume(call.producerId);
  await until('the cap has expired', () => call.stream.consumer.preferredLayers?.spatialLayer === 2);

  redis = await startRedis({ dataDir, port });
  ownQueue = open();
  await until('the node is back', async () => (await readiness()).decisions, 15_000);
  await ownQueue.add('decision', decision(call, cap));
  await until(
    'decisions arrive again',
    () => call.stream.consumer.preferredLayers?.spatialLayer === 0,
    15_000,
  );

  await ownQueue.close();
  await own.stop();
  await redis.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import type { types as mediasoup } from 'mediasoup';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { openWay } from '../../../lab/failures/way.ts';
import { selfMadeCertificate } from '../../../runtime/embedded/certificate.ts';
import { startRedis } from '../../../runtime/embedded/redis.ts';
import { linkPath } from '../../../sfu/pipes/Links.ts';
import { seatPath } from '../../../sfu/pipes/Seats.ts';
import { decisionMessageSchema, queueNames, queuePrefix } from '../../../telemetry/queues.ts';
import { recordingPaths } from '../../../telemetry/recording.ts';
import type { JoinAnswer } from '../../../telemetry/signaling.ts';
import { type NodeClaims, signToken } from '../../../telemetry/tokens.ts';
import {
  freePort,
  nodeProcess,
  post,
  startTestNode,
  type TestNode,
  tokenSecret,
  until,
} from '../support/node.ts';
import { bytesOf, participantOf, receive, type Sent, send } from '../support/plainMedia.ts';
import { TestClient } from '../support/TestClient.ts';

type Env = Record<string, string>;

let redis: Awaited<ReturnType<typeof startRedis>>;
const dir = mkdtempSync(join(tmpdir(), 'callscope-pipes-'));
const started: TestNode[] = [];
const children: ChildProcess[] = [];
const sending: Sent[] = [];
const clients: TestClient[] = [];
beforeAll(async () => {
  redis = await startRedis({ dataDir: dir });
});
afterEach(async () => {
  for (const sent of sending.splice(0)) sent.stop();
  // A node that is to stop waits for those who are there.
  for (const client of clients.splice(0)) client.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const node of started.splice(0)) await node.stop();
});
afterAll(async () => {
  await redis.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** One of a call sits on a node; whoever comes then is seated elsewhere. */
const oneEach: Env = { CALLSCOPE_SFU_CALL_PARTICIPANTS_PER_NODE: '1' };

let tests = 0;

/** Nodes of one test know each other and nobody else. */
async function start(...more: Env[]) {
  const redisUrl = `${redis.url.replace(/\/\d*$/, '')}/${++tests}`;
  const env = (id: string, port: number, own: Env): Env => ({
    CALLSCOPE_SFU_NODE_ID: id,
    CALLSCOPE_SFU_PORT: String(port),
    CALLSCOPE_SFU_NODE_ORIGINS: `http${own.CALLSCOPE_TLS_CERT ? 's' : ''}://127.0.0.1:${port}`,
    CALLSCOPE_REDIS_URL: redisUrl,
    ...own,
  });
  const nodes: TestNode[] = [];
  for (const own of more) nodes.push(await startTestNode(env(`n${nodes.length + 1}`, await freePort(), own)));
  started.push(...nodes);
  await knowEachOther(nodes, nodes.length);
  return { nodes, env, redisUrl };
}

/** Made by itself, as one machine's is. */
async function certificate(name: string): Promise<Env> {
  const { certFile, keyFile } = (await selfMadeCertificate(join(dir, name)))!;
  return { CALLSCOPE_TLS_CERT: certFile, CALLSCOPE_TLS_KEY: keyFile };
}

const knowEachOther = (nodes: readonly TestNode[], count: number) =>
  until(
    'they know each other',
    async () =>
      (await Promise.all(nodes.map(({ nodes }) => nodes!.others()))).every((o) => o.length === count - 1),
    30_000,
  );

async function startProcess(env: Env): Promise<ChildProcess> {
  const child = await nodeProcess(env);
  children.push(child);
  return child;
}

async function joinBy({ joinToken, nodeOrigins }: JoinAnswer): Promise<TestClient> {
  const client = await TestClient.connect(nodeOrigins[0]!);
  clients.push(client);
  await client.join(joinToken);
  return client;
}

async function sendFrom(node: TestNode, client: TestClient, kind: 'audio' | 'video'): Promise<Sent> {
  const sent = await send(node, client, kind);
  sending.push(sent);
  return sent;
}

async function flows(consumer: mediasoup.Consumer): Promise<void> {
  const before = await bytesOf(consumer);
  await until('media flows', async () => (await bytesOf(consumer)) > before + 1_000);
}

/** Of a call that both have a part of. */
async function startPair() {
  const { nodes, env, redisUrl } = await start(oneEach, oneEach);
  const [one, two] = nodes as [TestNode, TestNode];
  const ana = await joinBy(await one.admit('pair', 'Ana'));
  const bo = await joinBy(await one.admit('pair', 'Bo'));
  return { one, two, ana, bo, env, redisUrl, callId: ana.joined!.callId };
}

test('whoever comes when the home has its share sits on another node, and all see and hear each other', async () => {
  const { one, two, ana, bo } = await startPair();
  expect(ana.joined).toMatchObject({ sfuNodeId: 'n1' });
  expect(bo.joined).toMatchObject({
    sfuNodeId: 'n2',
    callId: ana.joined!.callId,
    participants: [{ participantId: ana.joined!.participantId, displayName: 'Ana' }],
  });
  expect(await until('Ana is told', () => ana.told('participantJoined')[0])).toEqual({
    participantId: bo.joined!.participantId,
    displayName: 'Bo',
  });

  const fromAna = await sendFrom(one, ana, 'audio');
  const fromBo = await sendFrom(two, bo, 'video');
  const news = {
    toBo: await until('Bo is told', () => bo.told('producerAdded')[0]),
    toAna: await until('Ana is told', () => ana.told('producerAdded')[0]),
  };
  expect(news.toBo).toEqual({
    producerId: fromAna.producer.id,
    participantId: ana.joined!.participantId,
    kind: 'audio',
    source: 'microphone',
    paused: false,
  });
  expect(news.toAna).toMatchObject({ producerId: fromBo.producer.id, kind: 'video', source: 'camera' });
  const heard = await receive(two, bo, fromAna.producer.id);
  const seen = await receive(one, ana, fromBo.producer.id);
  await Promise.all([flows(heard), flows(seen)]);

  // All layers are in the pipe: the receiver's node chooses.
  expect(seen.type).toBe('simulcast');
  await until('the highest layer', () => seen.currentLayers?.spatialLayer === 2);
  await ana.request('setPreferredLayers', { consumerId: seen.id, spatialLayer: 0, temporalLayer: 0 });
  await until('the lowest layer', () => seen.currentLayers?.spatialLayer === 0);
  await flows(seen);
  await fromBo.producer.enableTraceEvent(['pli']);
  const asked = new Promise((resolve) => fromBo.producer.once('trace', resolve));
  await seen.requestKeyFrame();
  expect(await asked).toMatchObject({ type: 'pli' });

  // Muted and not; whoever comes back is brought up to date.
  await bo.request('pauseProducer', { producerId: fromBo.producer.id });
  await until('Ana is told of the pause', () => ana.told('producerPaused').length === 1);
  expect(seen.producerPaused).toBe(true);
  expect(participantOf(one, ana).room.findProducer(fromBo.producer.id)?.sent.producer.paused).toBe(true);
  ana.terminate();
  await ana.closed;
  const back = await one.connect();
  expect(await back.resume(ana.joined!.resumeToken)).toMatchObject({
    participants: [{ displayName: 'Bo' }],
    producers: [{ producerId: fromBo.producer.id, paused: true }],
  });
  await bo.request('resumeProducer', { producerId: fromBo.producer.id });
  await until('Ana is told that it goes on', () => back.told('producerResumed').length === 1);
  await flows(seen);

  await bo.request('closeProducer', { producerId: fromBo.producer.id });
  await until('Ana is told that it is gone', () => back.told('producerClosed').length === 1);
  await until('her consumer too', () => back.told('consumerClosed').length === 1);
  expect(seen.closed).toBe(true);

  await back.request('leave', {});
  await until('Bo is told that Ana left', () => bo.told('participantLeft').length === 1);
  expect(heard.closed).toBe(true);
  await bo.request('leave', {});
  await until('the part ends', () => two.rooms.calls.length === 0);
  await until('nobody is in the call', () => one.rooms.calls.every(({ room }) => room?.present === 0));

  // Each told by the node where it happened, once.
  const names = (node: TestNode, event: string) => node.records(event).map((r) => r.display_name);
  await until('all is told', () =>
    [one, two].every((node) => names(node, 'rtc.participant.left').length === 1),
  );
  expect(names(one, 'rtc.participant.joined')).toEqual(['Ana']);
  expect(names(two, 'rtc.participant.joined')).toEqual(['Bo']);
  expect(names(one, 'rtc.participant.left')).toEqual(['Ana']);
  expect(one.records('rtc.producer.opened')).toHaveLength(1);
  expect(two.records('rtc.producer.closed')).toHaveLength(1);
  expect(two.records('rtc.sfu.part_linked')).toEqual([expect.objectContaining({ home_node_id: 'n1' })]);
  expect([...one.records('rtc.sfu.part_lost'), ...two.records('rtc.sfu.part_lost')]).toEqual([]);
});

test('each node samples what its own people send and receive', async () => {
  const { one, two, ana, bo } = await startPair();
  const sent = await sendFrom(one, ana, 'audio');
  await until('Bo is told', () => bo.told('producerAdded')[0]);
  const consumer = await receive(two, bo, sent.producer.id);
  const of = (node: TestNode, kind: string) => node.records(`rtc.stats.sfu_${kind}`);
  await until('both sampled', () => of(one, 'producer').length > 1 && of(two, 'consumer').length > 1);
  expect(of(one, 'producer')[0]).toMatchObject({
    producer_id: sent.producer.id,
    participant_id: ana.joined!.participantId,
  });
  expect(of(two, 'consumer')[0]).toMatchObject({
    consumer_id: consumer.id,
    producer_id: sent.producer.id,
    participant_id: bo.joined!.participantId,
    call_id: ana.joined!.callId,
  });
  expect([...of(one, 'consumer'), ...of(two, 'producer')]).toEqual([]);
});

test('people of two parts meet by way of the home, also those who were there before', async () => {
  const { nodes } = await start(oneEach, oneEach, oneEach);
  const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
  const ana = await joinBy(await two.admit('three', 'Ana'));
  expect(ana.joined!.sfuNodeId).toBe('n2');
  const bo = await joinBy(await three.admit('three', 'Bo'));
  expect(bo.joined!.sfuNodeId).toBe('n3');
  const fromBo = await sendFrom(three, bo, 'audio');
  const cy = await joinBy(await three.admit('three', 'Cy'));
  expect(cy.joined!.sfuNodeId).toBe('n1');
  expect(cy.joined!.participants.map(({ displayName }) => displayName).sort()).toEqual(['Ana', 'Bo']);
  expect(cy.joined!.producers).toMatchObject([{ producerId: fromBo.producer.id }]);
  await flows(await receive(one, cy, fromBo.producer.id));
  const fromCy = await sendFrom(one, cy, 'audio');
  await until('Bo is told', () => bo.told('producerAdded')[0]);
  await flows(await receive(three, bo, fromCy.producer.id));
  await cy.request('leave', {});
  await until('Bo is told that Cy left', () => bo.told('participantLeft').length === 1);
});

test('a crowd that comes at once over both entrances is divided', async () => {
  const { nodes } = await start(
    { CALLSCOPE_SFU_CALL_PARTICIPANTS_PER_NODE: '3' },
    { CALLSCOPE_SFU_CALL_PARTICIPANTS_PER_NODE: '3' },
  );
  const [one, two] = nodes as [TestNode, TestNode];
  await one.admit('crowd', 'A');
  const answers = await Promise.all([one, two, one, two, one].map((node, i) => node.admit('crowd', `P${i}`)));
  expect(answers.map(({ sfuNodeId }) => sfuNodeId).sort()).toEqual(['n1', 'n1', 'n2', 'n2', 'n2']);
});

test('whoever asks in another region sits there, where that is wished', async () => {
  const across = { CALLSCOPE_SFU_CALLS_ACROSS_REGIONS: 'on' };
  const { nodes } = await start({ ...across, CALLSCOPE_REGION: 'eu' }, { ...across, CALLSCOPE_REGION: 'us' });
  const [eu, us] = nodes as [TestNode, TestNode];
  expect(await eu.admit('regions', 'A')).toMatchObject({ sfuNodeId: 'n1' });
  expect(await us.admit('regions', 'B')).toMatchObject({ sfuNodeId: 'n2', nodeOrigins: [us.url] });
  expect(await eu.admit('regions', 'C')).toMatchObject({ sfuNodeId: 'n1' });
});

test('a decision is carried out where its receiver sits', async () => {
  const { one, two, ana, bo, callId, redisUrl } = await startPair();
  const sent = await sendFrom(one, ana, 'video');
  await until('Bo is told', () => bo.told('producerAdded')[0]);
  const consumer = await receive(two, bo, sent.producer.id);
  await flows(consumer);
  // Pipelines send to the node that told of the receiver's transport.
  const [sample] = await until('a sample', () => {
    const all = two.records('rtc.stats.sfu_consumer');
    return all.length > 0 && all;
  });
  const queue = new Queue(queueNames.sfu(String(sample!.sfu_node_id)), {
    connection: { url: redisUrl },
    prefix: queuePrefix,
  });
  const message = decisionMessageSchema.parse({
    type: 'decision',
    decisionId: 'd-1',
    tenantId: 'acme',
    callId,
    participantId: bo.joined!.participantId,
    action: { kind: 'cap_layers', spatialLayer: 0, temporalLayer: 0, drainMs: 0 },
    reason: 'downlink congestion',
    sentAtMs: Date.now(),
    ttlMs: 30_000,
  });
  await queue.add(message.type, message);
  await until('the cap holds', () => consumer.preferredLayers?.spatialLayer === 0);
  await until('the lowest layer', () => consumer.currentLayers?.spatialLayer === 0);
  await until('it is told', () => two.records('rtc.decision.applied').length === 1);
  expect(one.records('rtc.decision.refused')).toEqual([]);

  // What is asked of those whom the receiver hears is asked of those on the other node.
  const audioOnly = { kind: 'audio_only', audioDrainMs: 0, audioMaxBitrateBps: 16_000 } as const;
  await queue.add(message.type, { ...message, decisionId: 'd-2', action: audioOnly, sentAtMs: Date.now() });
  await until('Ana is asked', () => ana.told('audioBounded').length === 1);
  expect(ana.told('audioBounded')).toEqual([{ maxBitrateBps: 16_000 }]);
  expect(bo.told('audioBounded')).toEqual([]);
  await bo.request('leave', {});
  await until('Ana is free', () => ana.told('audioBounded').at(-1)?.maxBitrateBps === null);
  await queue.close();
});

test('everybody is recorded, wherever they sit, and whoever of them asked for it', async () => {
  const recorded = { ...oneEach, CALLSCOPE_RECORDER_SECRET: 'the recorder secret of the tests' };
  const { nodes } = await start(recorded, recorded);
  const [one, two] = nodes as [TestNode, TestNode];
  const ana = await joinBy(await one.admit('recorded', 'Ana'));
  const { callId } = ana.joined!;
  const invite = await signToken(
    'invite',
    { tenantId: 'acme', roomId: 'recorded', recording: 'recorded' },
    { secret: tokenSecret, ttlSeconds: 60 },
  );
  const { body } = await post(`${one.url}/api/v1/join`, { invite, displayName: 'Bo' });
  const bo = await joinBy(body as JoinAnswer);
  expect(bo.joined!.sfuNodeId).toBe('n2');
  const sent = await sendFrom(two, bo, 'audio');
  await until('Ana is told', () => ana.told('producerAdded')[0]);
  const headers = {
    authorization: `Bearer ${recorded.CALLSCOPE_RECORDER_SECRET}`,
    'content-type': 'application/json',
  };
  const tap = await until('it is to be recorded', async () => {
    const response = await fetch(`${one.url}${recordingPaths.tap(callId)}`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ recorderId: 'r' }),
    });
    return response.ok && response;
  });
  const lines = tap.body!.pipeThrough(new TextDecoderStream()).getReader();
  let told = '';
  while (!told.includes('"stream"')) told += (await lines.read()).value;
  expect(told).toContain(sent.producer.id);
  expect(told).toContain('"displayName":"Bo"');
  const { tapId } = JSON.parse(told.split('\n')[0]!) as { tapId: string };
  const taken = await fetch(`${one.url}${recordingPaths.streams(callId)}`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ tapId, producerId: sent.producer.id, ip: '127.0.0.1', port: await freePort() }),
  });
  expect(await taken.json()).toMatchObject({ mimeType: 'audio/opus' });
  await lines.cancel();
  // The part's own node records nothing.
  const there = await fetch(`${two.url}${recordingPaths.wanted}`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ tenantId: 'acme', roomId: 'recorded' }),
  });
  expect(there.status).toBe(404);
});

test('the node of a part is killed: its people are gone from the call, and come back over another entrance', async () => {
  const { nodes, env } = await start(oneEach);
  const [one] = nodes as [TestNode];
  const port = await freePort();
  const killed = await startProcess(env('killed', port, oneEach));
  await knowEachOther([one], 2);
  const ana = await joinBy(await one.admit('killed', 'Ana'));
  const bo = await joinBy(await one.admit('killed', 'Bo'));
  expect(bo.joined!.sfuNodeId).toBe('killed');
  await bo.produceCamera((await bo.transport('send')).transportId);
  await until('Ana is told', () => ana.told('producerAdded')[0]);
  killed.kill('SIGKILL');
  await bo.closed;
  await until('Bo is gone', () => ana.told('participantLeft').length === 1);
  expect(ana.told('producerClosed')).toHaveLength(1);
  const back = await joinBy(await one.admit('killed', 'Bo'));
  expect(back.joined).toMatchObject({ sfuNodeId: 'n1', callId: ana.joined!.callId });
  await until('it is told', () => one.records('rtc.sfu.part_lost').length > 0);
  expect(one.records('rtc.sfu.part_lost')).toEqual([
    expect.objectContaining({ other_node_id: 'killed', participants: 1 }),
  ]);
  // Nobody else can say so any more.
  await until('it is told that Bo left', () => one.records('rtc.participant.left').length > 0);
  expect(one.records('rtc.participant.left')).toEqual([
    expect.objectContaining({
      participant_id: bo.joined!.participantId,
      sfu_node_id: 'killed',
      reason: 'node_lost',
      lost_node_id: 'killed',
    }),
  ]);
});

test('the home is killed: its parts end, and their people go on in the same call', async () => {
  const { nodes, env } = await start(oneEach);
  const [one] = nodes as [TestNode];
  const port = await freePort();
  const killed = await startProcess(env('killed', port, oneEach));
  await knowEachOther([one], 2);
  const origin = `http://127.0.0.1:${port}`;
  const ana = await joinBy(await one.admitAt(origin, 'home', 'Ana'));
  expect(ana.joined!.sfuNodeId).toBe('killed');
  const bo = await joinBy(await one.admitAt(origin, 'home', 'Bo'));
  expect(bo.joined!.sfuNodeId).toBe('n1');
  killed.kill('SIGKILL');
  // A page takes this for the end of its session, and asks an entrance.
  expect(await bo.closed).toEqual({ code: 1001, reason: 'going_away' });
  expect(bo.told('participantLeft')).toEqual([{ participantId: ana.joined!.participantId }]);
  expect(one.rooms.calls).toEqual([]);
  const again = await joinBy(await one.admit('home', 'Bo'));
  expect(again.joined).toMatchObject({ sfuNodeId: 'n1', callId: ana.joined!.callId, participants: [] });
  expect(one.rooms.calls).toMatchObject([{ homeNodeId: null }]);
});

test('the way to the home is cut: the part is linked anew; closed for good: its people sit elsewhere', async () => {
  const { nodes, env } = await start(oneEach);
  const [two] = nodes as [TestNode];
  const port = await freePort();
  const way = await openWay(`http://127.0.0.1:${port}`);
  const one = await startTestNode(
    env('home', port, { ...oneEach, CALLSCOPE_SFU_NODE_ORIGINS: way.origin, CALLSCOPE_REGION: 'eu' }),
  );
  started.push(one);
  await knowEachOther([one, two], 2);
  try {
    const ana = await joinBy(await one.admit('way', 'Ana'));
    expect(ana.joined!.sfuNodeId).toBe('home');
    const bo = await joinBy(await one.admit('way', 'Bo'));
    way.cut();
    await until('it is linked anew', () => two.records('rtc.sfu.part_linked').length === 2);
    expect(two.records('rtc.sfu.part_lost')).toEqual([
      expect.objectContaining({ other_node_id: 'home', participants: 1 }),
    ]);
    const sent = await sendFrom(one, ana, 'audio');
    await until('Bo is told', () => bo.told('producerAdded')[0]);
    await flows(await receive(two, bo, sent.producer.id));
    for (const node of [one, two]) expect(node.records('rtc.participant.left')).toEqual([]);

    // Silent: nobody says that it is broken.
    way.set('swallow');
    await until('Bo is gone', () => participantOf(one, ana).room.remotes.size === 0, 15_000);
    way.set('open');
    await until('it is linked once more', () => two.records('rtc.sfu.part_linked').length === 3, 15_000);

    way.set('refuse');
    way.cut();
    expect(await bo.closed).toMatchObject({ reason: 'going_away' });
    await until('Bo is gone', () => participantOf(one, ana).room.remotes.size === 0);
    // The home cannot know that the other node does not reach it; it finds out that nobody comes in there.
    const seats = await until('Bo is seated at home', async () => {
      const answer = await one.admit('way', 'Bo');
      if (answer.sfuNodeId === 'home') return answer;
      await expect(joinBy(answer)).rejects.toThrow(/call_over/);
      return null;
    });
    expect(seats.callId).toBe(ana.joined!.callId);
  } finally {
    await way.close();
  }
});

test('with the registry away a part stays a part, and whoever asks there sits at home', async () => {
  const own = await startRedis({ dataDir: join(dir, 'own') });
  const { nodes } = await start(
    { ...oneEach, CALLSCOPE_REDIS_URL: own.url },
    { ...oneEach, CALLSCOPE_REDIS_URL: own.url },
  );
  const [one, two] = nodes as [TestNode, TestNode];
  const ana = await joinBy(await one.admit('away', 'Ana'));
  const bo = await joinBy(await two.admit('away', 'Bo'));
  expect(bo.joined!.sfuNodeId).toBe('n2');
  await own.stop();
  const cy = await joinBy(await two.admit('away', 'Cy'));
  expect(cy.joined).toMatchObject({ sfuNodeId: 'n1', callId: ana.joined!.callId });
  expect(cy.joined!.participants).toHaveLength(2);
  await until('Bo is told', () => bo.told('participantJoined').length === 1);
});

test('the home’s media worker dies: its part is linked anew, and nobody leaves', async () => {
  const { one, two, ana, bo } = await startPair();
  const sent = await sendFrom(two, bo, 'audio');
  await until('Ana is told', () => ana.told('producerAdded')[0]);
  process.kill(one.workers.slots[0]!.worker.pid, 'SIGKILL');
  await until('Ana has other media', () => ana.told('mediaRestarted').length === 1);
  await until('Bo is there again', () => participantOf(one, ana).room.remotes.size === 1);
  await until('Ana is there again', () => participantOf(two, bo).room.remotes.size === 1);
  await until('Ana is told anew', () => ana.told('producerAdded').length === 2);
  const about = ['mediaRestarted', 'participantLeft', 'participantJoined', 'producerAdded'];
  expect(ana.notifications.map(({ method }) => method).filter((method) => about.includes(method))).toEqual([
    'participantJoined',
    'producerAdded',
    ...about,
  ]);
  await flows(await receive(one, ana, sent.producer.id));
  await until('it is told', () => two.records('rtc.sfu.part_linked').length === 2);
  expect(two.records('rtc.participant.left')).toEqual([]);
});

test('the media worker of a part dies: it is linked anew', async () => {
  const { one, two, ana, bo } = await startPair();
  const sent = await sendFrom(one, ana, 'audio');
  await until('Bo is told', () => bo.told('producerAdded')[0]);
  process.kill(two.workers.slots[0]!.worker.pid, 'SIGKILL');
  await until('Bo has other media', () => bo.told('mediaRestarted').length === 1);
  await until('Bo is there again', () => ana.told('participantJoined').length === 2);
  await until('Bo is told anew', () => bo.told('producerAdded').length === 2);
  expect([...bo.told('participantLeft'), ...bo.told('participantJoined')]).toEqual([]);
  await flows(await receive(two, bo, sent.producer.id));
});

test('a home that is about to stop gives its call to another, and the parts tell their people', async () => {
  const { one, two, ana, bo, callId } = await startPair();
  started.splice(started.indexOf(one), 1);
  const stopped = one.stop();
  await until('Ana is told', () => ana.told('nodeLeaving').length === 1);
  await until('Bo is told', () => bo.told('nodeLeaving').length === 1);
  // They are in the new call and in the old one for a while.
  const boThere = await joinBy(await two.admit('pair', 'Bo'));
  const anaThere = await joinBy(await two.admit('pair', 'Ana'));
  for (const { joined } of [boThere, anaThere]) expect(joined).toMatchObject({ sfuNodeId: 'n2', callId });
  expect(anaThere.joined!.participants).toMatchObject([{ displayName: 'Bo' }]);
  const sent = await sendFrom(two, boThere, 'audio');
  await flows(await receive(two, anaThere, sent.producer.id));
  for (const client of [ana, bo]) await client.request('leave', {});
  await stopped;
  await until('the old part is over', () => two.rooms.calls.length === 1);
  expect(await boThere.request('ping', {})).toHaveProperty('serverTimeMs');
});

test('a node of a part that is about to stop has its people elsewhere first', async () => {
  const { two, ana, bo, callId } = await startPair();
  started.splice(started.indexOf(two), 1);
  const stopped = two.stop();
  await until('Bo is told', () => bo.told('nodeLeaving').length === 1);
  expect(ana.told('nodeLeaving')).toEqual([]);
  const there = await joinBy(await two.admit('pair', 'Bo'));
  expect(there.joined).toMatchObject({ sfuNodeId: 'n1', callId });
  await bo.request('leave', {});
  await stopped;
  await until('the old Bo is gone', () => ana.told('participantLeft').length === 1);
});

async function answerTo(node: TestNode, authorization: string): Promise<number> {
  const socket = new WebSocket(`${node.url.replace(/^http/, 'ws')}${linkPath}`, {
    headers: { authorization },
  });
  return new Promise((resolve) => {
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode!));
    socket.on('open', () => resolve(101));
    socket.on('error', () => {});
  });
}

test('parts are linked by way of TLS, if the other end has a certificate that is trusted', async () => {
  const trusted = await certificate('one');
  const { nodes } = await start(
    { ...oneEach, ...trusted },
    { ...oneEach, ...trusted },
    {
      ...oneEach,
      ...(await certificate('another')),
    },
  );
  const [one, two, stranger] = nodes as [TestNode, TestNode, TestNode];
  const seat = { tenantId: 'acme', roomId: 'tls', callId: 'tls-call', participantId: 'p', displayName: 'P' };
  one.rooms.admit('acme', 'tls', Date.now() + 60_000, 'tls-call');
  const client = { open: true, follow: () => {}, notify: () => {}, close: () => {} };
  const { room, participant } = await two.rooms.enter({ ...seat, nodeId: 'n2', homeNodeId: 'n1' }, client);
  await until('the home knows', () => one.rooms.call('tls-call')?.room?.remotes.size === 1);
  expect(room.present).toBe(1);
  await expect(
    stranger.rooms.enter({ ...seat, participantId: 'q', nodeId: 'n3', homeNodeId: 'n1' }, client),
  ).rejects.toThrow(/cannot be reached/);
  two.rooms.leave(participant);
});

test('who has no token of the nodes for this node and this call is neither linked nor told of seats', async () => {
  const { nodes } = await start(oneEach);
  const [one] = nodes as [TestNode];
  const { callId } = await one.admit('guarded', 'Ana');
  const claims = { tenantId: 'acme', roomId: 'guarded', callId, nodeId: 'n9', toNodeId: 'n1' };
  const pass = async (more: Partial<NodeClaims> = {}, secret = tokenSecret) =>
    `Bearer ${await signToken('node', { ...claims, ...more }, { secret, ttlSeconds: 30 })}`;
  const joinToken = await signToken(
    'telemetry',
    { ...claims, participantId: 'p' },
    { secret: tokenSecret, ttlSeconds: 30 },
  );
  for (const [authorization, status] of [
    ['', 401],
    ['Bearer x', 401],
    [`Bearer ${joinToken}`, 401],
    [await pass({}, 'another secret of enough length'), 401],
    [await pass({ toNodeId: 'n2' }), 401],
    [await pass({ callId: 'over' }), 410],
    [await pass({ tenantId: 'globex' }), 410],
  ] as const) {
    expect(await answerTo(one, authorization)).toBe(status);
  }
  const seat = async (authorization: string, body: object) =>
    fetch(`${one.url}${seatPath}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const wish = { participantId: 'p', region: '', forMs: 60_000 };
  expect((await seat('', wish)).status).toBe(401);
  expect((await seat(await pass({}, 'another secret of enough length'), wish)).status).toBe(401);
  expect((await seat(await pass(), { ...wish, forMs: 1e9 })).status).toBe(400);
  expect((await seat(await pass({ callId: 'other' }), wish)).status).toBe(410);
  expect((await seat(await pass(), wish)).status).toBe(200);
});

test.each<[string, (string | Buffer)[]]>([
  ['what is no message', ['{"type":"all"}']],
  ['bytes', [Buffer.from([1, 2, 3])]],
  ['news before hello', ['{"type":"participantLeft","participantId":"p"}']],
  ['a message without end', ['x'.repeat(70_000)]],
])('a link that brings %s is given up, and the call goes on', async (_, messages) => {
  const { nodes } = await start(oneEach);
  const [one] = nodes as [TestNode];
  const ana = await one.join('spoiled', 'Ana');
  const { callId } = ana.joined!;
  const claims = { tenantId: 'acme', roomId: 'spoiled', callId, nodeId: 'n9', toNodeId: 'n1' };
  const token = await signToken('node', claims, { secret: tokenSecret, ttlSeconds: 30 });
  const socket = new WebSocket(`${one.url.replace(/^http/, 'ws')}${linkPath}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.once('open', () => {
    for (const message of messages) socket.send(message);
  });
  await closed;
  expect(await ana.request('ping', {})).toHaveProperty('serverTimeMs');
  expect(participantOf(one, ana).room.remotes.size).toBe(0);
});

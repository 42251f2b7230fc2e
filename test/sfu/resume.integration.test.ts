import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestNode, type TestNode, until } from './support/node.ts';
import type { TestClient } from './support/TestClient.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node.stop());

const participantOf = (client: TestClient) => {
  const { callId, participantId } = client.joined!;
  return node.rooms.call(callId)?.room?.participants.get(participantId);
};

test('who lost the socket goes on over another: the same participant, the same media, told of all that came meanwhile', async () => {
  const a = await node.join('resume', 'A');
  const b = await node.join('resume', 'B');
  const send = await a.transport('send');
  const own = await a.produceCamera(send.transportId);
  await until('B is told', () => b.told('producerAdded').length === 1);
  const before = participantOf(a);
  a.terminate();
  await until('the loss is noticed', () => node.records('rtc.signaling.lost').length === 1);
  expect(participantOf(a)).toBe(before);
  const sendB = await b.transport('send');
  const camera = await b.produceCamera(sendB.transportId);
  await b.request('pauseProducer', { producerId: camera });
  const c = await node.join('resume', 'C');

  const back = await node.connect();
  const snapshot = await back.resume(a.joined!.resumeToken);
  expect(snapshot).toMatchObject({
    own: { transportIds: [send.transportId], producerIds: [own] },
    producers: [{ producerId: camera, paused: true }],
    held: [],
  });
  expect(snapshot.participants.map(({ displayName }) => displayName)).toEqual(['B', 'C']);
  expect(b.told('participantLeft')).toEqual([]);
  expect(b.told('producerClosed')).toEqual([]);
  // It can do all that it could before, and is told what comes from here on.
  await back.request('pauseProducer', { producerId: own });
  await b.request('resumeProducer', { producerId: camera });
  await until('it is told', () => back.told('producerResumed').length === 1);
  expect(node.records('rtc.participant.left')).toEqual([]);
  await until('the return is told', () => node.records('rtc.signaling.resumed').length === 1);
  await back.request('leave', {});
  expect(await back.closed).toEqual({ code: 1000, reason: 'left' });
  for (const one of [b, c]) one.close();
});

test('a socket that was only slow is replaced, and its end takes nothing along', async () => {
  const a = await node.join('slow', 'A');
  const second = await node.connect();
  await second.resume(a.joined!.resumeToken);
  expect(await a.closed).toEqual({ code: 4002, reason: 'replaced' });
  expect(participantOf(a)?.closed).toBe(false);
  expect(await second.request('ping', {})).toHaveProperty('serverTimeMs');
  second.close();
  await until('it has left', () => participantOf(a) === undefined);
});

test('after a farewell there is nothing to resume, nor with a token that was never given', async () => {
  const a = await node.join('over', 'A');
  await a.request('leave', {});
  for (const token of [a.joined!.resumeToken, 'never-given']) {
    const late = await node.connect();
    await expect(late.resume(token)).rejects.toMatchObject({ code: 'session_over' });
    expect(await late.closed).toEqual({ code: 4006, reason: 'join_refused' });
  }
});

test('whoever is away while the media worker dies makes the media anew when back', async () => {
  const a = await node.join('both', 'A');
  const send = await a.transport('send');
  a.terminate();
  const { room } = node.rooms.call(a.joined!.callId)!;
  process.kill(room!.slot.worker.pid, 'SIGKILL');
  await until('another worker has the room', () => {
    const now = node.rooms.call(a.joined!.callId)?.room;
    return now && now !== room && now.participants.size === 1;
  });
  const back = await node.connect();
  const { own } = await back.resume(a.joined!.resumeToken);
  expect(own.transportIds).not.toContain(send.transportId);
  back.joined = a.joined;
  await back.produceCamera((await back.transport('send')).transportId);
  back.close();
});

test('connecting is the same when asked twice, because the first answer was lost', async () => {
  const a = await node.join('twice', 'A');
  const { transportId } = await a.transport('send');
  const dtlsParameters = {
    role: 'client' as const,
    fingerprints: [{ algorithm: 'sha-256' as const, value: Array(32).fill('AB').join(':') }],
  };
  for (let time = 0; time < 2; time++) await a.request('connectTransport', { transportId, dtlsParameters });
  a.close();
});

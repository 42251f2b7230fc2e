import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import pino from 'pino';
import { afterEach, expect, test } from 'vitest';
import { Workers } from '../../sfu/Workers.ts';
import { startTestNode, type TestNode, until } from './support/node.ts';

const started: TestNode[] = [];
const start = async (env?: Record<string, string>) => {
  const node = await startTestNode(env);
  started.push(node);
  return node;
};
afterEach(async () => {
  for (const node of started.splice(0)) await node.stop();
});

test('a worker that dies is replaced, and its rooms go on elsewhere over the same sockets', async () => {
  const node = await start({ CALLSCOPE_SFU_WORKERS: '2' });
  const hit = await node.join('hit', 'A');
  const other = await node.join('hit', 'B');
  const spared = await node.join('spared', 'C');
  const { callId } = hit.joined!;
  const { slot } = node.rooms.call(callId)!.room!;
  // The second room went to the other worker: the least loaded one.
  expect(node.rooms.call(spared.joined!.callId)?.room?.slot).not.toBe(slot);
  const lostSend = await hit.transport('send');
  await hit.produceCamera(lostSend.transportId);
  await until('the other is told of it', () => other.told('producerAdded').length === 1);

  process.kill(slot.worker.pid, 'SIGKILL');
  for (const client of [hit, other]) {
    await until('it is told to make its media anew', () => client.told('mediaRestarted').length === 1);
  }
  await until('it is told', () => node.records('rtc.sfu.worker_died').length === 1);
  expect(node.records('rtc.sfu.worker_died')[0]).toMatchObject({ worker: slot.index });
  expect(node.rooms.call(callId)?.room?.slot).not.toBe(slot);
  // With the worker everything went; the streams one by one are not worth telling.
  expect(other.told('producerClosed')).toEqual([]);
  expect(spared.told('mediaRestarted')).toEqual([]);
  await expect(hit.produceCamera(lostSend.transportId)).rejects.toMatchObject({ code: 'not_found' });

  const send = await hit.transport('send');
  const producerId = await hit.produceCamera(send.transportId);
  await until('the other is told of the new one', () => other.told('producerAdded').length === 2);
  await other.transport('recv');
  await other.consume(producerId);
  await until('both left by a worker’s death and came again', () => {
    const left = node.records('rtc.participant.left').filter(({ reason }) => reason === 'worker_died');
    return left.length === 2 && node.records('rtc.participant.joined').length === 5;
  });
  await until('the worker is replaced', () => node.workers.missing === 0);
});

test('a node whose only worker dies has another at once, and who joins meanwhile waits for it', async () => {
  const node = await start();
  const a = await node.join('alone', 'A');
  process.kill(node.workers.slots[0]!.worker.pid, 'SIGKILL');
  await until('the node has noticed', () => node.workers.missing === 1);
  expect(await a.request('ping', {})).toHaveProperty('serverTimeMs');
  await expect(a.transport('send')).rejects.toMatchObject({ code: 'no_worker' });
  const b = await node.join('alone', 'B');
  expect(b.joined?.callId).toBe(a.joined?.callId);
  await until('A is told to make its media anew', () => a.told('mediaRestarted').length === 1);
  const send = await a.transport('send');
  await a.produceCamera(send.transportId);
  await until('B sees A’s camera', () => b.told('producerAdded').length === 1);
});

test('a stop tells the clients, writes the last events and ends the workers', async () => {
  const node = await startTestNode();
  const client = await node.join('end', 'A');
  const { pid } = node.workers.slots[0]!.worker;
  await until('the join is told', () => node.records('rtc.participant.joined').length === 1);
  await node.stop();
  expect(await client.closed).toEqual({ code: 1001, reason: 'going_away' });
  await until('the worker process is gone', () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
  expect(node.telemetry.counts).toMatchObject({ failed: 0, dropped: 0 });
  expect(node.telemetry.counts?.sent).toBe(node.telemetry.counts?.taken);
});

test('a busy media port is named, with what to change', async () => {
  const busy = createServer();
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
  const { port } = busy.address() as AddressInfo;
  const log = pino({ level: 'silent' });
  await expect(
    Workers.start({ count: 1, host: '127.0.0.1', port, announcedAddress: null, log }),
  ).rejects.toMatchObject({
    code: 'rtc_port_busy',
    message: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${port}.*CALLSCOPE_RTC_PORT`)),
  });
  busy.close();
});

test('a call is sampled every second, with the ids that join sender and receiver', async () => {
  const node = await start();
  const sender = await node.join('sampled', 'Sender');
  const receiver = await node.join('sampled', 'Receiver');
  const send = await sender.transport('send');
  const producerId = await sender.produceCamera(send.transportId);
  const recv = await receiver.transport('recv');
  const { consumerId } = await receiver.consume(producerId);
  const samples = (kind: string) => node.records(`rtc.stats.${kind}`);

  await until('consumers are sampled three times', () => samples('sfu_consumer').length >= 3);
  const identity = {
    tenant_id: 'acme',
    call_id: sender.joined?.callId,
    room_id: 'sampled',
    sfu_node_id: 'sfu-1',
  };
  expect(samples('sfu_consumer')[0]).toMatchObject({
    ...identity,
    participant_id: receiver.joined?.participantId,
    transport_id: recv.transportId,
    producer_id: producerId,
    consumer_id: consumerId,
    kind: 'video',
    source: 'camera',
    type: 'simulcast',
    paused: false,
    current_spatial_layer: -1,
    preferred_spatial_layer: 2,
  });
  expect(samples('sfu_transport').map((s) => s.direction)).toEqual(expect.arrayContaining(['send', 'recv']));
  expect(samples('sfu_transport')[0]).toMatchObject({ ...identity, ice_state: 'new', dtls_state: 'new' });

  expect(node.records('rtc.participant.joined').map((r) => r.display_name)).toEqual(['Sender', 'Receiver']);
  expect(node.records('rtc.producer.opened')).toEqual([
    expect.objectContaining({
      ...identity,
      participant_id: sender.joined?.participantId,
      transport_id: send.transportId,
      producer_id: producerId,
      kind: 'video',
      source: 'camera',
    }),
  ]);
  expect(node.records('rtc.consumer.opened')).toEqual([
    expect.objectContaining({
      ...identity,
      participant_id: receiver.joined?.participantId,
      producer_participant_id: sender.joined?.participantId,
      transport_id: recv.transportId,
      producer_id: producerId,
      consumer_id: consumerId,
      kind: 'video',
      source: 'camera',
    }),
  ]);
  sender.close();
  receiver.close();
});

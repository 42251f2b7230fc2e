/**
 * The media node of the benchmark, as a process of its own: the service as it is started everywhere, with people whose
 * transports are plain RTP in the place of WebRTC, told by IPC what to do. `node node.ts COLLECTOR_URL`.
 */
// First: mediasoup reads where its worker is when it is loaded.
import '../../test/support/worker-bin.ts';
import pino from 'pino';
import { readSfuConfig } from '../../sfu/config.ts';
import { type RunningSfu, startSfu } from '../../sfu/main.ts';
import type { Participant } from '../../sfu/Participant.ts';
import type { Room } from '../../sfu/Room.ts';
import { RoomSampler } from '../../sfu/telemetry/RoomSampler.ts';
import { WorkerPulse } from '../../sfu/WorkerPulse.ts';
import { freePort } from '../../test/sfu/support/node.ts';
import { link, withoutEstimate } from '../rtp/plain.ts';
import type { Target } from '../rtp/senders.ts';

export interface FillRequest {
  readonly do: 'fill';
  /** In all; those there are stay. */
  readonly rooms: number;
  readonly participantsPerRoom: number;
}

export interface ReceiveRequest {
  readonly do: 'receive';
  /** Where receivers are. */
  readonly sinkPort: number;
  /** Whether what they get is encrypted. */
  readonly srtp: boolean;
}

export type Request =
  | FillRequest
  | ReceiveRequest
  | { readonly do: 'telemetry'; readonly on: boolean }
  | { readonly do: 'read' | 'count' };

/** Since the process began, ms of CPU. */
export interface Reading {
  readonly atMs: number;
  readonly nodeMs: number;
  readonly workerMs: number;
  /** The longest that the worker took to answer in the last second; null where nobody asked. */
  readonly answerMs: number | null;
  /** Records given to the collector. */
  readonly records: number;
  readonly nodeBytes: number;
}

export interface Count {
  readonly packets: number;
  readonly packetsLost: number;
  readonly packetsOut: number;
}

/** One 720p camera in three layers of 0.1, 0.3 and 1 Mbit/s. */
const layers = [
  { packetsPerFrame: 1, packetBytes: 420 },
  { packetsPerFrame: 2, packetBytes: 620 },
  { packetsPerFrame: 4, packetBytes: 1_040 },
];
const loopback = { protocol: 'udp', ip: '127.0.0.1' } as const;
/** Receivers do not decrypt: any key will do. */
const srtpParameters = {
  cryptoSuite: 'AES_CM_128_HMAC_SHA1_80',
  keyBase64: Buffer.alloc(30, 7).toString('base64'),
} as const;

if (process.send) {
  const sfu = await start(process.argv[2]!);
  const people: Participant[] = [];
  process.on('message', (request: Request) => {
    void answer(sfu, people, request).then((said) => process.send!(said));
  });
  process.on('disconnect', () => void sfu.stop().then(() => process.exit(0)));
  process.send('ready');
}

async function start(collectorUrl: string): Promise<RunningSfu> {
  const config = readSfuConfig({
    CALLSCOPE_SFU_PORT: '0',
    CALLSCOPE_RTC_PORT: String(await freePort()),
    CALLSCOPE_SFU_WORKERS: '1',
    CALLSCOPE_TOKEN_SECRET: 'the token secret of the benchmark',
    CALLSCOPE_COLLECTOR_URL: collectorUrl,
    CALLSCOPE_SERVER_KEY: 'the server key of the benchmark',
  });
  return startSfu(config, pino({ level: 'warn' }));
}

async function answer(sfu: RunningSfu, people: Participant[], request: Request): Promise<unknown> {
  switch (request.do) {
    case 'fill':
      return fill(sfu, people, request);
    case 'receive':
      return receiveAll(people, sfu, request);
    case 'telemetry':
      return switchTelemetry(request.on);
    case 'read':
      return read(sfu);
    case 'count':
      return count(people);
  }
}

/** Everybody receives everybody. After the streams have begun: a receiver then gets the highest layer at once. */
async function receiveAll(
  people: readonly Participant[],
  sfu: RunningSfu,
  request: ReceiveRequest,
): Promise<null> {
  for (const participant of people) {
    const { room } = sfu.rooms.call(participant.callId)!;
    if (participant.consumers.size === 0) await receive(participant, room!, request);
  }
  return null;
}

/** @returns what those who came send */
async function fill(sfu: RunningSfu, people: Participant[], request: FillRequest): Promise<Target[]> {
  const targets: Target[] = [];
  for (let number = sfu.rooms.calls.length; number < request.rooms; number++) {
    const roomId = `room-${number}`;
    const { callId } = sfu.rooms.admit('acme', roomId, Date.now() + 60_000);
    for (let i = 0; i < request.participantsPerRoom; i++) {
      const client = { open: true, follow: () => {}, notify: () => {}, close: () => {} };
      const claims = {
        tenantId: 'acme',
        roomId,
        callId,
        participantId: `p${number}-${i}`,
        displayName: `P${i}`,
      };
      const entered = await sfu.rooms.enter(claims, client);
      people.push(entered.participant);
      targets.push(...(await send(entered, people.length)));
    }
  }
  return targets;
}

type Entered = { readonly participant: Participant; readonly room: Room };

async function send({ participant, room }: Entered, nth: number): Promise<Target[]> {
  const transport = await room.router.createPlainTransport({
    listenInfo: loopback,
    rtcpMux: true,
    comedia: true,
  });
  link(participant, transport, 'send');
  const port = transport.tuple.localPort;
  const ssrc = 1_000 * nth;
  const common = { transportId: transport.id, paused: false };
  await participant.produce({
    ...common,
    kind: 'audio',
    source: 'microphone',
    rtpParameters: {
      codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2 }],
      encodings: [{ ssrc }],
    },
  });
  await participant.produce({
    ...common,
    kind: 'video',
    source: 'camera',
    rtpParameters: {
      codecs: [
        {
          mimeType: 'video/VP8',
          payloadType: 101,
          clockRate: 90_000,
          rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
        },
      ],
      encodings: layers.map((_, i) => ({ ssrc: ssrc + 1 + i })),
    },
  });
  return [
    { kind: 'audio', port, ssrc, payloadType: 111 },
    ...layers.map((layer, i) => ({
      ...layer,
      kind: 'video' as const,
      port,
      ssrc: ssrc + 1 + i,
      payloadType: 101,
    })),
  ];
}

async function receive(
  participant: Participant,
  room: Room,
  { sinkPort, srtp }: ReceiveRequest,
): Promise<void> {
  const transport = await room.router.createPlainTransport({
    listenInfo: loopback,
    rtcpMux: true,
    comedia: false,
    enableSrtp: srtp,
  });
  await transport.connect({ ip: '127.0.0.1', port: sinkPort, ...(srtp && { srtpParameters }) });
  link(participant, transport, 'recv');
  for (const other of room.participants.values()) {
    if (other === participant) continue;
    for (const producerId of other.producers.keys()) {
      const consumer = await participant.consume(producerId, withoutEstimate(room.rtpCapabilities));
      await participant.resumeConsumer(consumer.id);
    }
  }
}

const { pass } = RoomSampler.prototype;
const { ask } = WorkerPulse.prototype;
const nothing = async () => {};

/** Off is a node that asks its worker nothing; what leaves it by then are metrics, once in five seconds. */
function switchTelemetry(on: boolean): null {
  RoomSampler.prototype.pass = on ? pass : nothing;
  WorkerPulse.prototype.ask = on ? ask : nothing;
  return null;
}

async function read(sfu: RunningSfu): Promise<Reading> {
  const [slot] = sfu.workers.slots;
  if (!slot) throw new Error('the media worker is gone');
  const answerMs = slot.pulse.answerMs;
  const { ru_utime, ru_stime } = await slot.worker.getResourceUsage();
  const { user, system } = process.cpuUsage();
  return {
    atMs: performance.now(),
    nodeMs: (user + system) / 1_000,
    workerMs: ru_utime + ru_stime,
    answerMs,
    records: sfu.telemetry.counts?.sent ?? 0,
    nodeBytes: process.memoryUsage.rss(),
  };
}

async function count(people: readonly Participant[]): Promise<Count> {
  let packets = 0;
  let packetsLost = 0;
  let packetsOut = 0;
  for (const { producers, consumers } of people) {
    for (const { producer } of producers.values()) {
      for (const stat of await producer.getStats()) {
        packets += stat.packetCount;
        packetsLost += stat.packetsLost;
      }
    }
    for (const { consumer } of consumers.values()) {
      const stat = (await consumer.getStats()).find(({ type }) => type === 'outbound-rtp');
      packetsOut += stat?.packetCount ?? 0;
    }
  }
  return { packets, packetsLost, packetsOut };
}

/** Media without browsers: people of a test node whose transports are plain RTP in the place of WebRTC. */
import { createSocket, type Socket } from 'node:dgram';
import type { types as mediasoup } from 'mediasoup';
import { link, withoutEstimate } from '../../../bench/rtp/plain.ts';
import type { Participant } from '../../../sfu/Participant.ts';
import type { TestNode } from './node.ts';
import type { TestClient } from './TestClient.ts';

const loopback = { protocol: 'udp', ip: '127.0.0.1' } as const;
const packetEveryMs = 20;

const streams = {
  audio: { source: 'microphone', payloadType: 111, timestampStep: 960, ssrcs: [1_000] },
  /** Three layers. */
  video: { source: 'camera', payloadType: 101, timestampStep: 1_800, ssrcs: [2_000, 2_001, 2_002] },
} as const;

const codecs: Record<keyof typeof streams, mediasoup.RtpCodecParameters> = {
  audio: { mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2 },
  video: {
    mimeType: 'video/VP8',
    payloadType: 101,
    clockRate: 90_000,
    rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
  },
};

export function participantOf(node: TestNode, client: TestClient): Participant {
  const { callId, participantId } = client.joined!;
  const participant = node.rooms.call(callId)?.room?.participants.get(participantId);
  if (!participant) throw new Error('not on this node');
  return participant;
}

export interface Sent {
  readonly producer: mediasoup.Producer;
  stop(): void;
}

/** Sends packets until it is stopped; of video, each is a key frame. */
export async function send(node: TestNode, client: TestClient, kind: keyof typeof streams): Promise<Sent> {
  const participant = participantOf(node, client);
  const { source, payloadType, timestampStep, ssrcs } = streams[kind];
  const transport = await participant.room.router.createPlainTransport({
    listenInfo: loopback,
    rtcpMux: true,
    comedia: true,
  });
  link(participant, transport, 'send');
  const producerId = await participant.produce({
    transportId: transport.id,
    kind,
    source,
    paused: false,
    rtpParameters: { codecs: [codecs[kind]], encodings: ssrcs.map((ssrc) => ({ ssrc })) },
  });
  const socket = createSocket('udp4');
  let sent = 0;
  const timer = setInterval(() => {
    sent += 1;
    for (const ssrc of ssrcs) {
      const packet = rtpPacket({ payloadType, sequence: sent, timestamp: sent * timestampStep, ssrc });
      socket.send(packet, transport.tuple.localPort, '127.0.0.1');
    }
  }, packetEveryMs);
  return {
    producer: participant.producers.get(producerId)!.producer,
    stop: () => {
      clearInterval(timer);
      socket.close();
    },
  };
}

/** Receives the producer from now on; ends with the participant. */
export async function receive(
  node: TestNode,
  client: TestClient,
  producerId: string,
): Promise<mediasoup.Consumer> {
  const participant = participantOf(node, client);
  if (![...participant.transports.values()].some(({ direction }) => direction === 'recv')) {
    const sink = await openSink();
    const transport = await participant.room.router.createPlainTransport({
      listenInfo: loopback,
      rtcpMux: true,
    });
    await transport.connect({ ip: '127.0.0.1', port: sink.address().port });
    transport.observer.once('close', () => sink.close());
    link(participant, transport, 'recv');
  }
  const consumer = await participant.consume(producerId, withoutEstimate(participant.room.rtpCapabilities));
  await participant.resumeConsumer(consumer.id);
  return consumer;
}

export async function bytesOf(consumer: mediasoup.Consumer): Promise<number> {
  return (await consumer.getStats()).find(({ type }) => type === 'outbound-rtp')?.byteCount ?? 0;
}

const openSink = (): Promise<Socket> =>
  new Promise((resolve) => {
    const sink = createSocket('udp4');
    sink.bind(0, '127.0.0.1', () => resolve(sink));
  });

/** RFC 3550, section 5.1; the payload is a VP8 key frame of 16x16 pixels in one packet (RFC 7741, section 4). */
function rtpPacket(header: {
  payloadType: number;
  sequence: number;
  timestamp: number;
  ssrc: number;
}): Buffer {
  const packet = Buffer.alloc(12 + 100);
  packet.writeUInt8(0x80, 0);
  packet.writeUInt8(0x80 | header.payloadType, 1);
  packet.writeUInt16BE(header.sequence & 0xffff, 2);
  packet.writeUInt32BE(header.timestamp >>> 0, 4);
  packet.writeUInt32BE(header.ssrc, 8);
  Buffer.from([0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 16, 0, 16, 0]).copy(packet, 12);
  return packet;
}

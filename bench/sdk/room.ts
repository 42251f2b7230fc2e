/** A mediasoup router that any page of the benchmark may use by plain function calls. */

import type { types } from 'mediasoup';
import * as mediasoup from 'mediasoup';
import type { types as client } from 'mediasoup-client';
import { workerBin } from '../../runtime/worker-bin.ts';

const mediaCodecs: types.RouterRtpCodecCapability[] = [
  { kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2, preferredPayloadType: 111 },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90000, preferredPayloadType: 96 },
];

/** What a page may ask for. The caller is this benchmark's own page, so requests are not checked. */
export interface RoomRequests {
  capabilities: { request: object; answer: client.RtpCapabilities };
  createTransport: {
    request: { direction: 'send' | 'recv' };
    answer: {
      id: string;
      iceParameters: types.IceParameters;
      iceCandidates: types.IceCandidate[];
      dtlsParameters: types.DtlsParameters;
    };
  };
  connect: { request: { transportId: string; dtlsParameters: types.DtlsParameters }; answer: object };
  produce: {
    request: { transportId: string; kind: types.MediaKind; rtpParameters: types.RtpParameters };
    answer: { id: string };
  };
  consume: {
    request: { transportId: string; producerId: string; rtpCapabilities: types.RtpCapabilities };
    answer: { id: string; producerId: string; kind: types.MediaKind; rtpParameters: client.RtpParameters };
  };
  resume: { request: { consumerId: string }; answer: object };
}

export interface Room {
  request(method: keyof RoomRequests, data: never): Promise<unknown>;
  close(): Promise<void>;
}

export async function openRoom(): Promise<Room> {
  const worker = await mediasoup.createWorker({ logLevel: 'error', workerBin: workerBin() });
  const router = await worker.createRouter({ mediaCodecs });
  const transports = new Map<string, types.WebRtcTransport>();
  const consumers = new Map<string, types.Consumer>();
  type Handlers = {
    [M in keyof RoomRequests]: (data: RoomRequests[M]['request']) => Promise<RoomRequests[M]['answer']>;
  };
  const handlers: Handlers = {
    // Without abs-capture-time: with it a simulcast consumer waits for capture times that never come.
    capabilities: async () => {
      const capabilities = router.rtpCapabilities as client.RtpCapabilities;
      return {
        ...capabilities,
        headerExtensions: capabilities.headerExtensions?.filter(
          ({ uri }) => !uri.includes('abs-capture-time'),
        ),
      };
    },
    createTransport: async () => {
      const transport = await router.createWebRtcTransport({
        listenInfos: [
          { protocol: 'udp', ip: '127.0.0.1' },
          { protocol: 'tcp', ip: '127.0.0.1' },
        ],
        initialAvailableOutgoingBitrate: 1_000_000,
      });
      transports.set(transport.id, transport);
      const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
      return { id, iceParameters, iceCandidates, dtlsParameters };
    },
    connect: async ({ transportId, dtlsParameters }) => {
      await transports.get(transportId)?.connect({ dtlsParameters });
      return {};
    },
    produce: async ({ transportId, kind, rtpParameters }) => {
      const producer = await transports.get(transportId)!.produce({ kind, rtpParameters });
      return { id: producer.id };
    },
    consume: async ({ transportId, producerId, rtpCapabilities }) => {
      const consumer = await transports
        .get(transportId)!
        .consume({ producerId, rtpCapabilities, paused: true });
      consumers.set(consumer.id, consumer);
      const { id, kind } = consumer;
      return { id, producerId, kind, rtpParameters: consumer.rtpParameters as client.RtpParameters };
    },
    resume: async ({ consumerId }) => {
      await consumers.get(consumerId)?.resume();
      return {};
    },
  };
  return {
    request: (method, data) => handlers[method](data),
    async close() {
      const gone = new Promise<void>((resolve) => worker.once('subprocessclose', () => resolve()));
      worker.close();
      await gone;
    },
  };
}

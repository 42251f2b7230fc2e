/**
 * The browser side of the SDK benchmark: two far participants in one page, and the one that is measured in
 * another, with mediasoup-client as any meeting page would have it.
 */
import { Device, type types } from 'mediasoup-client';
import type * as sdk from '../../client/sdk/telemetry.ts';
import type { RoomRequests } from './room.ts';

export interface MeasuredPage {
  /** Sends one microphone and one camera for each of `count` far participants; returns the producers' ids. */
  sendAsFar(count: number): Promise<string[]>;
  /** Joins as the measured participant: one microphone, one camera in three layers, everything of the others. */
  join(producerIds: string[], telemetry: { url: string; token: string } | null): Promise<void>;
  cost(): sdk.TelemetryCost | null;
  /** One getStats report of each connection, as plain objects. */
  reports(): Promise<Record<string, unknown>[][]>;
  leave(): Promise<void>;
}

declare global {
  interface Window {
    room<M extends keyof RoomRequests>(
      method: M,
      data: RoomRequests[M]['request'],
    ): Promise<RoomRequests[M]['answer']>;
    bench: MeasuredPage;
  }
}

const video = { width: 640, height: 360, frameRate: 15 };
const farVideo = { width: 320, height: 180, frameRate: 15 };
const layers: types.RtpEncodingParameters[] = [
  { rid: 'r0', scaleResolutionDownBy: 4, maxBitrate: 90_000, scalabilityMode: 'L1T3' },
  { rid: 'r1', scaleResolutionDownBy: 2, maxBitrate: 220_000, scalabilityMode: 'L1T3' },
  { rid: 'r2', scaleResolutionDownBy: 1, maxBitrate: 600_000, scalabilityMode: 'L1T3' },
];

const device = new Device();
const transports: types.Transport[] = [];
let telemetry: sdk.Telemetry | null = null;

async function openTransport(direction: 'send' | 'recv'): Promise<types.Transport> {
  if (!device.loaded) await device.load({ routerRtpCapabilities: await window.room('capabilities', {}) });
  const answer = await window.room('createTransport', { direction });
  const transport =
    direction === 'send' ? device.createSendTransport(answer) : device.createRecvTransport(answer);
  transport.on('connect', ({ dtlsParameters }, done, failed) => {
    window.room('connect', { transportId: transport.id, dtlsParameters }).then(done, failed);
  });
  transport.on('produce', ({ kind, rtpParameters }, done, failed) => {
    window.room('produce', { transportId: transport.id, kind, rtpParameters }).then(done, failed);
  });
  transports.push(transport);
  return transport;
}

window.bench = {
  async sendAsFar(count) {
    const transport = await openTransport('send');
    const ids: string[] = [];
    for (let i = 0; i < count; i++) {
      // Small, because only what the measured page sends and receives matters, not how large it is.
      const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: farVideo });
      for (const track of media.getTracks()) {
        const producer = await transport.produce({
          track,
          ...(track.kind === 'video' && { encodings: [{ maxBitrate: 200_000 }] }),
        });
        ids.push(producer.id);
      }
    }
    return ids;
  },

  async join(producerIds, options) {
    // A script of its own, so that a profile can tell its work from the page's.
    const sdkUrl = '/sdk.js';
    const module = (await import(sdkUrl)) as typeof sdk;
    const trace = module.startJoinTrace();
    if (options) {
      telemetry = module.createTelemetry(options);
      telemetry.adopt(trace);
    }
    const send = await openTransport('send');
    telemetry?.bindTransport(send);
    const media = await navigator.mediaDevices.getUserMedia({ audio: true, video });
    for (const track of media.getTracks()) {
      const producer = await send.produce({ track, ...(track.kind === 'video' && { encodings: layers }) });
      telemetry?.bindProducer(producer, track.kind === 'video' ? 'camera' : 'microphone');
    }
    const receive = await openTransport('recv');
    telemetry?.bindTransport(receive);
    for (const producerId of producerIds) {
      const answer = await window.room('consume', {
        transportId: receive.id,
        producerId,
        rtpCapabilities: device.recvRtpCapabilities,
      });
      const consumer = await receive.consume(answer);
      telemetry?.bindConsumer(consumer);
      const element = document.createElement(consumer.kind);
      element.srcObject = new MediaStream([consumer.track]);
      element.autoplay = true;
      document.body.append(element);
      if (element instanceof HTMLVideoElement) telemetry?.watchFirstFrame(element);
      await window.room('resume', { consumerId: consumer.id });
    }
  },

  cost: () => telemetry?.stats() ?? null,

  async reports() {
    const reports = await Promise.all(transports.map((transport) => transport.getStats()));
    return reports.map((report) => [...report.values()]);
  },

  async leave() {
    await telemetry?.close();
    for (const transport of transports) transport.close();
  },
};

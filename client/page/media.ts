/**
 * The media of a call: one transport each way, what is sent and what is received over them. It is made anew, as a
 * whole, when the SFU's media worker died; the socket and the local tracks outlive it.
 */
import { Device, type types as mediasoup } from 'mediasoup-client';
import { spans } from '../../telemetry/events.ts';
import type { LoopMode } from '../../telemetry/loop.ts';
import type { IceServerInfo, Notifications, ProducerInfo } from '../../telemetry/signaling.ts';
import type { JoinTrace, Telemetry } from '../sdk/telemetry.ts';
import { FaultError } from './faults.ts';
import { type IceRestarts, restartIceWhenBroken } from './ice-restart.ts';
import { tellRelayUse } from './path.ts';
import { Publisher } from './publisher.ts';
import { Receiver } from './receiver.ts';
import { relayOrder } from './relay-order.ts';
import { type Requests, SignalingError } from './signaling.ts';
import type { Action } from './state.ts';
import { helpUplink } from './uplink.ts';

export interface MediaOptions {
  readonly signaling: Requests;
  readonly telemetry: Telemetry | null;
  readonly trace: JoinTrace | null;
  readonly iceServers: IceServerInfo[];
  readonly loopMode: LoopMode;
  readonly routerRtpCapabilities: mediasoup.RtpCapabilities;
  readonly dispatch: (action: Action) => void;
  /** What this takes the place of: the browser need not be asked again what it can do. */
  readonly before?: Media;
}

export class Media {
  readonly publisher: Publisher;
  readonly receiver: Receiver;
  readonly transports: readonly mediasoup.Transport[];
  private readonly restarts: readonly IceRestarts[];
  private readonly telemetry: Telemetry | null;
  private readonly device: Device;
  private readonly capabilities: string;

  /** @throws FaultError, SignalingError */
  static async open(options: MediaOptions): Promise<Media> {
    const span = options.trace?.span(spans.transport);
    const { routerRtpCapabilities, before } = options;
    const known = before?.capabilities === JSON.stringify(routerRtpCapabilities) && before.device;
    const device = known || (await loadedDevice(routerRtpCapabilities));
    const open = (direction: 'send' | 'recv') => openTransport(device, direction, options, span?.traceparent);
    const [send, recv] = await Promise.all([open('send'), open('recv')]);
    span?.end();
    return new Media(options, device, send, recv);
  }

  private constructor(options: MediaOptions, device: Device, send: Opened, recv: Opened) {
    const { signaling, telemetry, dispatch, loopMode } = options;
    this.telemetry = telemetry;
    this.device = device;
    this.capabilities = JSON.stringify(options.routerRtpCapabilities);
    this.transports = [send.transport, recv.transport];
    this.restarts = [send.restarts, recv.restarts];
    this.publisher = new Publisher(send.transport, signaling, telemetry);
    if (loopMode === 'on') helpUplink(send.transport, this.publisher, telemetry);
    this.receiver = new Receiver({ transport: recv.transport, device, signaling, telemetry, dispatch });
  }

  async consume(producer: ProducerInfo): Promise<void> {
    await this.receiver.consume(producer).catch((error: unknown) => {
      // Closed while we asked: its own notification takes it off the screen. Anything else is worth a look.
      if (error instanceof SignalingError && consumeMayFail.has(error.code)) return;
      if (this.transports.some(({ closed }) => closed)) return;
      const { producerId: producer_id, kind, source } = producer;
      this.telemetry?.event('rtc.consume.failed', { producer_id, kind, source, error: String(error) });
    });
  }

  /** @returns how many paths went over them and were moved */
  async leaveRelays(lost: Notifications['relaysLost']): Promise<number> {
    const moved = await Promise.all(this.restarts.map((one) => one.relaysLost(lost).catch(() => false)));
    return moved.filter(Boolean).length;
  }

  close(): void {
    for (const transport of this.transports) transport.close();
  }
}

/** Codes of the SFU: the producer is gone, the socket is, the worker is. */
const consumeMayFail = new Set(['not_found', 'closed', 'no_worker']);

interface Opened {
  readonly transport: mediasoup.Transport;
  readonly restarts: IceRestarts;
}

async function openTransport(
  device: Device,
  direction: 'send' | 'recv',
  { signaling, telemetry, trace, iceServers: given }: MediaOptions,
  traceparent: string | undefined,
): Promise<Opened> {
  const info = await signaling.request('createTransport', { direction }, { traceparent });
  const { transportId: id, iceParameters, iceCandidates, dtlsParameters } = info;
  const iceServers = relayOrder(given, 'last');
  const settings = { id, iceParameters, iceCandidates, dtlsParameters, iceServers };
  const transport =
    direction === 'send' ? device.createSendTransport(settings) : device.createRecvTransport(settings);
  telemetry?.bindTransport(transport);
  transport.on('connect', ({ dtlsParameters }, done, failed) => {
    signaling
      .request('connectTransport', { transportId: id, dtlsParameters }, { traceparent: trace?.traceparent })
      .then(done, failed);
  });
  const restarts = restartIceWhenBroken(transport, (lostRelayUrls) =>
    signaling.request('restartIce', { transportId: id, lostRelayUrls }),
  );
  tellRelayUse(transport, (usesRelay) => signaling.request('tellPath', { transportId: id, usesRelay }));
  return { transport, restarts };
}

async function loadedDevice(routerRtpCapabilities: mediasoup.RtpCapabilities): Promise<Device> {
  const device = await Device.factory().catch(() => {
    throw new FaultError('browser_unsupported');
  });
  await device.load({ routerRtpCapabilities });
  return device;
}

/**
 * One stay in a call over one signaling connection: joined, media both ways, until it is left or lost. After
 * a loss the meeting makes a new one; nothing is carried over but the local tracks.
 */
import { Device, type types as mediasoup } from 'mediasoup-client';
import { events, spans } from '../../telemetry/events.ts';
import type {
  JoinAnswer,
  NotificationMessage,
  Notifications,
  ResponseData,
} from '../../telemetry/signaling.ts';
import type { JoinTrace, Telemetry } from '../sdk/telemetry.ts';
import { type ClockProbe, estimateOffsetMs } from './clock.ts';
import { FaultError } from './faults.ts';
import { type IceRestarts, restartIceWhenBroken } from './ice-restart.ts';
import { Publisher } from './publisher.ts';
import { Receiver } from './receiver.ts';
import { Signaling, SignalingError } from './signaling.ts';
import type { Action } from './state.ts';

/** A probe every so often also notices a dead socket, which the browser alone may not for minutes. */
const probeEveryMs = 5_000;
/** Longer than any server stays busy; after it the connection counts as lost. */
const probeLimitMs = 5_000;
/** The first probes come close together, so that telemetry has an offset from its first batch on. */
const firstProbes = 4;
/** Offsets drift with the clocks: only this many of the last probes count. */
const keptProbes = 12;

export interface CallOptions {
  readonly answer: JoinAnswer;
  readonly url: string;
  readonly telemetry: Telemetry | null;
  /** Absent when coming back after a loss: nobody clicked. */
  readonly trace: JoinTrace | null;
  readonly dispatch: (action: Action) => void;
  readonly onLost: () => void;
}

export class Call {
  readonly publisher: Publisher;
  private readonly receiver: Receiver;
  private readonly signaling: Signaling;
  private readonly options: CallOptions;
  private readonly transports: readonly mediasoup.Transport[];
  private readonly restarts: readonly IceRestarts[];
  private probeTimer: ReturnType<typeof setTimeout> | undefined;

  /** @throws FaultError, SignalingError */
  static async join(options: CallOptions): Promise<Call> {
    const { answer, trace, telemetry, dispatch } = options;
    let call: Call | null = null;
    let lost = false;
    const early: NotificationMessage[] = [];
    const span = trace?.span(spans.signaling);
    const signaling = await Signaling.open(options.url, {
      onNotification: (message) => {
        dispatch({ type: 'notified', message });
        if (call) call.follow(message);
        else early.push(message);
      },
      onLost: (code) => {
        telemetry?.event(events.signalingState, { state: 'closed', code });
        lost = true;
        if (call) call.lost();
      },
    });
    try {
      const joined = await signaling.request(
        'join',
        { token: answer.joinToken },
        {
          traceparent: span?.traceparent,
        },
      );
      span?.end();
      telemetry?.event(events.signalingState, { state: 'connected' });
      const { participantId: selfId, participants, producers } = joined;
      dispatch({ type: 'joined', selfId, roomId: answer.roomId, participants, producers });
      call = await Call.setUp(options, signaling, joined);
      if (lost) throw new SignalingError('closed', 'The connection was lost while joining.');
    } catch (error) {
      span?.fail(error);
      signaling.close();
      call?.close();
      throw error;
    }
    call.start(early);
    return call;
  }

  private static async setUp(
    options: CallOptions,
    signaling: Signaling,
    joined: ResponseData['join'],
  ): Promise<Call> {
    const { answer, trace, telemetry } = options;
    const span = trace?.span(spans.transport);
    const device = await supportedDevice();
    const create = async (direction: 'send' | 'recv') => {
      const info = await signaling.request(
        'createTransport',
        { direction },
        { traceparent: span?.traceparent },
      );
      const { transportId: id, iceParameters, iceCandidates, dtlsParameters } = info;
      const { iceServers } = answer;
      const settings = { id, iceParameters, iceCandidates, dtlsParameters, iceServers };
      const transport =
        direction === 'send' ? device.createSendTransport(settings) : device.createRecvTransport(settings);
      telemetry?.bindTransport(transport);
      transport.on('connect', ({ dtlsParameters }, done, failed) => {
        signaling
          .request(
            'connectTransport',
            { transportId: id, dtlsParameters },
            { traceparent: trace?.traceparent },
          )
          .then(done, failed);
      });
      const restarts = restartIceWhenBroken(transport, (lostRelayUrls) =>
        signaling.request('restartIce', { transportId: id, lostRelayUrls }),
      );
      return { transport, restarts };
    };
    await device.load({ routerRtpCapabilities: joined.routerRtpCapabilities });
    const [send, recv] = await Promise.all([create('send'), create('recv')]);
    span?.end();
    const restarts = [send.restarts, recv.restarts];
    return new Call(options, signaling, device, send.transport, recv.transport, restarts, joined);
  }

  private constructor(
    options: CallOptions,
    signaling: Signaling,
    device: Device,
    send: mediasoup.Transport,
    recv: mediasoup.Transport,
    restarts: readonly IceRestarts[],
    joined: ResponseData['join'],
  ) {
    const { telemetry, dispatch } = options;
    this.options = options;
    this.signaling = signaling;
    this.transports = [send, recv];
    this.restarts = restarts;
    this.publisher = new Publisher(send, signaling, telemetry);
    this.receiver = new Receiver({ transport: recv, device, signaling, telemetry, dispatch });
    this.endTraceWhenNothingComes(joined);
    for (const producer of joined.producers) void this.consume(producer);
  }

  /** @param lines height of the consumer's picture on the screen, device pixels */
  displayed(consumerId: string, lines: number): void {
    this.receiver.displayed(consumerId, lines).catch(ignoreRefusal);
  }

  /** Says goodbye, so that the tile goes at once at the others. */
  async leave(): Promise<void> {
    await this.signaling.request('leave', {}).catch(ignoreRefusal);
    this.close();
  }

  close(): void {
    clearTimeout(this.probeTimer);
    this.signaling.close();
    for (const transport of this.transports) transport.close();
  }

  private start(early: NotificationMessage[]): void {
    for (const message of early) this.follow(message);
    void this.probeClock([]);
  }

  private lost(): void {
    clearTimeout(this.probeTimer);
    this.options.onLost();
  }

  private follow(message: NotificationMessage): void {
    if (message.method === 'producerAdded') void this.consume(message.data);
    if (message.method === 'producerClosed' || message.method === 'consumerClosed') {
      this.receiver.forget(message.data);
    }
    if (message.method === 'relaysLost') void this.leaveRelays(message.data);
  }

  private async leaveRelays(lost: Notifications['relaysLost']): Promise<void> {
    const moved = await Promise.all(this.restarts.map((one) => one.relaysLost(lost).catch(() => false)));
    const paths = moved.filter(Boolean).length;
    if (paths > 0) {
      this.options.telemetry?.event(events.relayLeft, { relay_urls: lost.urls.join(' '), paths });
    }
  }

  private async consume(producer: Parameters<Receiver['consume']>[0]): Promise<void> {
    await this.receiver.consume(producer).catch((error: unknown) => {
      // Closed while we asked: its own notification takes it off the screen. Anything else is worth a look.
      if (error instanceof SignalingError && (error.code === 'not_found' || error.code === 'closed')) return;
      const { producerId: producer_id, kind, source } = producer;
      this.options.telemetry?.event('rtc.consume.failed', {
        producer_id,
        kind,
        source,
        error: String(error),
      });
    });
  }

  /**
   * The SDK ends the trace at the first remote frame. Where nobody sends video no frame will come, and the
   * join is over once media is connected.
   */
  private endTraceWhenNothingComes({ producers }: ResponseData['join']): void {
    const { trace } = this.options;
    if (!trace || producers.some(({ kind, paused }) => kind === 'video' && !paused)) return;
    for (const transport of this.transports) {
      transport.on('connectionstatechange', (state) => {
        // A task later: the SDK hears of the same change, and its DTLS span belongs into the trace.
        if (state === 'connected') setTimeout(() => trace.end({ frames_expected: false }));
      });
    }
  }

  private async probeClock(probes: readonly ClockProbe[]): Promise<void> {
    try {
      // Telemetry stamps with Date.now(), so that is the clock to compare; its steps must not count as delay.
      const sentAtMs = Date.now();
      const began = performance.now();
      const { serverTimeMs } = await this.signaling.request('ping', {}, { limitMs: probeLimitMs });
      const receivedAtMs = sentAtMs + performance.now() - began;
      const kept = [...probes, { sentAtMs, receivedAtMs, serverTimeMs }].slice(-keptProbes);
      const offsetMs = estimateOffsetMs(kept);
      if (offsetMs !== null) this.options.telemetry?.setClockOffset(offsetMs);
      const wait = kept.length < firstProbes ? 50 : probeEveryMs;
      this.probeTimer = setTimeout(() => void this.probeClock(kept), wait);
    } catch {
      // The socket ends with an unanswered probe, and `onLost` tells the rest.
    }
  }
}

async function supportedDevice(): Promise<Device> {
  try {
    return await Device.factory();
  } catch {
    throw new FaultError('browser_unsupported');
  }
}

/** Refusals of requests that are hints or farewells: the call goes on, or is over, without them. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof SignalingError)) throw error;
}

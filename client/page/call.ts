/**
 * One stay in a call over one signaling connection: joined, media both ways, until it is left or lost. After
 * a loss the meeting makes a new one; nothing is carried over but the local tracks. When only the SFU's media
 * is lost, the call makes that anew and goes on.
 */
import type { types as mediasoup } from 'mediasoup-client';
import { events, spans } from '../../telemetry/events.ts';
import type {
  JoinAnswer,
  NotificationMessage,
  ProducerInfo,
  ResponseData,
} from '../../telemetry/signaling.ts';
import type { JoinTrace, Telemetry } from '../sdk/telemetry.ts';
import { type ClockProbe, estimateOffsetMs } from './clock.ts';
import { Media } from './media.ts';
import type { Publisher } from './publisher.ts';
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
  /** There is a new publisher, which has published nothing yet. */
  readonly onMediaRestarted: () => void;
  readonly onLost: () => void;
}

export class Call {
  private media: Media;
  private readonly signaling: Signaling;
  private readonly options: CallOptions;
  /** What others announced while the media is made anew, by producer id; null while it stands. */
  private announced: Map<string, ProducerInfo> | null = null;
  private restarts = 0;
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
      const { participantId: selfId, participants, producers, routerRtpCapabilities } = joined;
      dispatch({ type: 'joined', selfId, roomId: answer.roomId, participants, producers });
      const media = await Media.open({ ...options, ...answer, signaling, routerRtpCapabilities });
      call = new Call(options, signaling, media, joined);
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

  private constructor(
    options: CallOptions,
    signaling: Signaling,
    media: Media,
    joined: ResponseData['join'],
  ) {
    this.options = options;
    this.signaling = signaling;
    this.media = media;
    this.endTraceWhenNothingComes(joined);
    for (const producer of joined.producers) void media.consume(producer);
  }

  get publisher(): Publisher {
    return this.media.publisher;
  }

  /** @param lines height of the consumer's picture on the screen, device pixels */
  displayed(consumerId: string, lines: number): void {
    this.media.receiver.displayed(consumerId, lines).catch(ignoreRefusal);
  }

  /** Says goodbye, so that the tile goes at once at the others. */
  async leave(): Promise<void> {
    await this.signaling.request('leave', {}).catch(ignoreRefusal);
    this.close();
  }

  close(): void {
    clearTimeout(this.probeTimer);
    this.signaling.close();
    this.media.close();
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
    switch (message.method) {
      case 'producerAdded':
        if (this.announced) this.announced.set(message.data.producerId, message.data);
        else void this.media.consume(message.data);
        break;
      case 'producerClosed':
        this.announced?.delete(message.data.producerId);
        this.media.receiver.forget(message.data);
        break;
      case 'consumerClosed':
        this.media.receiver.forget(message.data);
        break;
      case 'relaysLost':
        void this.media.leaveRelays(message.data).then((paths) => {
          const relay_urls = message.data.urls.join(' ');
          if (paths > 0) this.options.telemetry?.event(events.relayLeft, { relay_urls, paths });
        });
        break;
      case 'mediaRestarted':
        void this.restartMedia(message.data.routerRtpCapabilities);
        break;
    }
  }

  /** Another worker has the room: the same again there, as fast as it goes. A second death meanwhile begins it anew. */
  private async restartMedia(routerRtpCapabilities: mediasoup.RtpCapabilities): Promise<void> {
    const restart = ++this.restarts;
    this.announced = new Map();
    this.media.close();
    const { options, signaling } = this;
    try {
      const media = await Media.open({
        ...options,
        ...options.answer,
        signaling,
        routerRtpCapabilities,
        trace: null,
      });
      if (restart !== this.restarts) return media.close();
      this.media = media;
    } catch (error) {
      // A worker that died again tells so itself, and a socket that is lost does.
      if (!(error instanceof SignalingError)) throw error;
      return;
    }
    const announced = this.announced.values();
    this.announced = null;
    options.onMediaRestarted();
    for (const producer of announced) void this.media.consume(producer);
  }

  /**
   * The SDK ends the trace at the first remote frame. Where nobody sends video no frame will come, and the
   * join is over once media is connected.
   */
  private endTraceWhenNothingComes({ producers }: ResponseData['join']): void {
    const { trace } = this.options;
    if (!trace || producers.some(({ kind, paused }) => kind === 'video' && !paused)) return;
    for (const transport of this.media.transports) {
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

/** Refusals of requests that are hints or farewells: the call goes on, or is over, without them. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof SignalingError)) throw error;
}

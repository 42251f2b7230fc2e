/**
 * One stay in a call: joined, media both ways, until it is left or the session is gone. After that the meeting makes
 * a new one; nothing is carried over but the local tracks. When only the SFU's media is lost, the call makes that
 * anew and goes on; when only the socket is, it goes on over another and media is not touched.
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
import { Line, type LineHandlers } from './line.ts';
import { Media } from './media.ts';
import type { Publisher } from './publisher.ts';
import { SignalingError, signalingUrl } from './signaling.ts';
import type { Action } from './state.ts';

const probeEveryMs = 5_000;
/** The first probes come close together, so that telemetry has an offset from its first batch on. */
const firstProbes = 4;
/** Offsets drift with the clocks: only this many of the last probes count. */
const keptProbes = 12;

export interface CallOptions {
  readonly answer: JoinAnswer;
  /** Of the server that will have the session, best first. */
  readonly origins: readonly string[];
  readonly serverIsGone: LineHandlers['serverIsGone'];
  readonly telemetry: Telemetry | null;
  /** Absent when coming back after a loss: nobody clicked. */
  readonly trace: JoinTrace | null;
  readonly dispatch: (action: Action) => void;
  /** There is a new publisher, which has published nothing yet. */
  readonly onMediaRestarted: () => void;
  /** The session goes on: what was switched meanwhile did not arrive. */
  readonly onResumed: () => void;
  /** The server is about to stop: the call is to be entered anew elsewhere, while this goes on. */
  readonly onLeaving: () => void;
  /** The session is over, and not by our doing. */
  readonly onGone: () => void;
}

export class Call {
  private media: Media;
  private readonly signaling: Line;
  private readonly options: CallOptions;
  /** What others announced while the media is made anew, by producer id; null while it stands. */
  private announced: Map<string, ProducerInfo> | null = null;
  private audioMaxBitrateBps: number | null = null;
  private restarts = 0;
  private closed = false;
  private probeTimer: ReturnType<typeof setTimeout> | undefined;

  /** @throws FaultError, SignalingError */
  static async join(options: CallOptions): Promise<Call> {
    const { answer, trace, telemetry, dispatch } = options;
    let call: Call | null = null;
    let lost = false;
    const early: NotificationMessage[] = [];
    const span = trace?.span(spans.signaling);
    const told = (state: string, more: Record<string, number> = {}) =>
      telemetry?.event(events.signalingState, { state, ...more });
    const signaling = await Line.open(options.origins.map(signalingUrl), {
      onNotification: (message) => {
        dispatch({ type: 'notified', message });
        if (call) call.follow(message);
        else early.push(message);
      },
      onLost: (code) => told('closed', { code }),
      onAttempt: (attempt) => {
        told('reconnecting', { attempt });
        dispatch({ type: 'connectionLost', attempt });
      },
      onRecovered: () => {
        told('connected');
        dispatch({ type: 'connectionBack' });
      },
      onResumed: (snapshot) => {
        told('connected');
        call?.resumed(snapshot);
      },
      serverIsGone: options.serverIsGone,
      onGone: () => {
        lost = true;
        if (call) call.gone();
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
      if (lost) throw new SignalingError('closed', 'The connection was lost while joining.');
      call = new Call(options, signaling, media, joined);
      signaling.keep(joined);
    } catch (error) {
      span?.fail(error);
      signaling.close();
      throw error;
    }
    call.start(early);
    return call;
  }

  private constructor(options: CallOptions, signaling: Line, media: Media, joined: ResponseData['join']) {
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
    this.closed = true;
    clearTimeout(this.probeTimer);
    this.signaling.close();
    this.media.close();
  }

  private start(early: NotificationMessage[]): void {
    for (const message of early) this.follow(message);
    void this.probeClock([]);
  }

  private gone(): void {
    this.closed = true;
    clearTimeout(this.probeTimer);
    this.options.onGone();
  }

  /** Media went on; what was told or asked meanwhile did not arrive. */
  private resumed(snapshot: ResponseData['resume']): void {
    const { participants, producers, held, own, routerRtpCapabilities, audioMaxBitrateBps } = snapshot;
    this.options.dispatch({ type: 'resumed', participants, producers, held });
    this.boundAudio(audioMaxBitrateBps);
    const { media } = this;
    // The SFU's media may have been made anew meanwhile; or ours, and that did not come to its end.
    if (this.announced || media.transports.some(({ id }) => !own.transportIds.includes(id))) {
      void this.restartMedia(routerRtpCapabilities, producers);
      return;
    }
    for (const producer of media.receiver.reconcile(producers)) void media.consume(producer);
    media.publisher
      .reconcile(own.producerIds)
      .then(() => this.options.onResumed())
      .catch(ignoreRefusal);
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
      case 'audioBounded':
        this.boundAudio(message.data.maxBitrateBps);
        break;
      case 'relaysLost':
        void this.media.leaveRelays(message.data).then((paths) => {
          const relay_urls = message.data.urls.join(' ');
          if (paths > 0) this.options.telemetry?.event(events.relayLeft, { relay_urls, paths });
        });
        break;
      case 'nodeLeaving':
        this.options.onLeaving();
        break;
      case 'mediaRestarted':
        void this.restartMedia(message.data.routerRtpCapabilities);
        break;
    }
  }

  private boundAudio(maxBitrateBps: number | null): void {
    this.audioMaxBitrateBps = maxBitrateBps;
    // One that is closed meanwhile is sent at no rate at all.
    this.media.publisher.boundAudio(maxBitrateBps).catch(() => {});
  }

  /** Another worker has the room: the same again there, as fast as it goes. A second death meanwhile begins it anew. */
  private async restartMedia(
    routerRtpCapabilities: mediasoup.RtpCapabilities,
    producers: readonly ProducerInfo[] = [],
  ): Promise<void> {
    const restart = ++this.restarts;
    this.announced = new Map(producers.map((producer) => [producer.producerId, producer]));
    this.media.close();
    const { options, signaling } = this;
    try {
      const media = await Media.open({
        ...options,
        ...options.answer,
        signaling,
        routerRtpCapabilities,
        trace: null,
        before: this.media,
      });
      if (restart !== this.restarts || this.closed) return media.close();
      this.media = media;
      this.boundAudio(this.audioMaxBitrateBps);
    } catch (error) {
      // A worker that died again tells so itself, and after a socket that was lost it is begun anew.
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
      const { serverTimeMs } = await this.signaling.request('ping', {});
      const receivedAtMs = sentAtMs + performance.now() - began;
      const kept = [...probes, { sentAtMs, receivedAtMs, serverTimeMs }].slice(-keptProbes);
      const offsetMs = estimateOffsetMs(kept);
      if (offsetMs !== null) this.options.telemetry?.setClockOffset(offsetMs);
      this.probeAgain(kept);
    } catch {
      // There is no connection at the moment.
      this.probeAgain(probes);
    }
  }

  private probeAgain(probes: readonly ClockProbe[]): void {
    if (this.closed) return;
    const wait = probes.length > 0 && probes.length < firstProbes ? 50 : probeEveryMs;
    this.probeTimer = setTimeout(() => void this.probeClock(probes), wait);
  }
}

/** Refusals of requests that are hints or farewells: the call goes on, or is over, without them. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof SignalingError)) throw error;
}

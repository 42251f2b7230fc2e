/**
 * The person's stay, from the open page to the rating: devices, the call, coming back after a loss, telemetry.
 * Its methods are what the buttons do; what is to be seen follows from the store.
 */
import { events, spans } from '../../telemetry/events.ts';
import type { MediaSource } from '../../telemetry/rows.ts';
import type { JoinAnswer } from '../../telemetry/signaling.ts';
import { createTelemetry, type JoinTrace, startJoinTrace, type Telemetry } from '../sdk/telemetry.ts';
import { isGone, requestAdmission } from './admission.ts';
import { reconnectDelayMs } from './backoff.ts';
import { Call, type CallOptions } from './call.ts';
import { explainMediaError, type Opened, openEach, openMicrophoneAndCamera } from './devices.ts';
import { FailedJoins } from './failed-joins.ts';
import { FaultError, faultOf } from './faults.ts';
import { pause } from './line.ts';
import type { PageOptions } from './options.ts';
import { SignalingError } from './signaling.ts';
import type { Action, ViewState } from './state.ts';
import type { Store } from './store.ts';

const allSources = ['microphone', 'camera', 'screen'] as const;
/** Everybody on a server that is about to stop moves at once; the one they move to need not feel that. */
const moveSpreadMs = 500;
const flowLimitMs = 5_000;
const firstPictureMs = 300;
/** Whoever has not changed over still hears and sees those who have. */
const lingerMs = 2_500;

export class Meeting {
  private readonly options: PageOptions;
  private readonly store: Store;
  /** Where the server can be reached, as it told last; the page's own origin before that. */
  private origins: readonly string[] = [location.origin];
  private call: Call | null = null;
  private telemetry: Telemetry | null = null;
  /** From join to leave. */
  private stay = new AbortController();
  /** Devices being opened, if any. */
  private opening: Promise<void> | null = null;
  /** From one server to another. */
  private moving = false;
  private readonly failedJoins = new FailedJoins({
    // Browsers that keep nothing throw already when they are asked for their storage.
    getItem: (key) => localStorage.getItem(key),
    setItem: (key, value) => localStorage.setItem(key, value),
  });
  private waitingErrors: { error: unknown; source: MediaSource }[] = [];

  constructor(options: PageOptions, store: Store) {
    this.options = options;
    this.store = store;
  }

  /** The page was opened. */
  start(): void {
    if (!this.options.invite) {
      this.store.dispatch({ type: 'failed', fault: new FaultError('invite_missing').fault });
      return;
    }
    this.openWanted();
    if (this.options.autojoin) void this.join(this.options.name);
  }

  async join(name: string): Promise<void> {
    if (this.store.state.phase === 'joining' || this.store.state.phase === 'joined') return;
    const trace = startJoinTrace();
    this.stay = new AbortController();
    this.store.dispatch({ type: 'joinStarted', name });
    if (this.opening) {
      // Nobody waits for it: who is still being asked for the camera is in the call already.
      const span = trace.span(spans.getUserMedia);
      void this.opening.then(() => span.end());
    }
    try {
      await this.enter(trace);
    } catch (error) {
      trace.fail(error);
      this.giveUp(error);
    }
  }

  async toggle(source: MediaSource): Promise<void> {
    const { sources, tracks } = this.store.state;
    const track = tracks[source];
    if (sources[source] === 'starting') return;
    if (sources[source] === 'on') return this.switchOff(source);
    if (track) return this.switchOn(source, track);
    this.store.dispatch({ type: 'sourceChanged', source, state: 'starting', track: null });
    await this.settle(await openEach([source]));
  }

  async leave(): Promise<void> {
    this.stay.abort();
    const { call, telemetry } = this;
    this.call = null;
    this.stopDevices();
    this.store.dispatch({ type: 'left' });
    await call?.leave();
    // The connection stays open for the rating.
    await telemetry?.flush();
  }

  /** After leaving, or after a fault that may have passed: back to the door. */
  comeBack(): void {
    this.store.dispatch({ type: 'reset' });
    this.openWanted();
  }

  async rate(rating: 1 | 2 | 3 | 4 | 5, comment: string): Promise<void> {
    this.telemetry?.rate(rating, comment);
    await this.telemetry?.flush();
  }

  /** @param lines height of the consumer's picture on the screen, device pixels */
  displayed(consumerId: string, lines: number): void {
    this.call?.displayed(consumerId, lines);
  }

  /** Somebody else's picture was attached to this element. */
  watchFirstFrame(video: HTMLVideoElement): void {
    this.telemetry?.watchFirstFrame(video);
  }

  /** @param trace null when coming back after a loss */
  private async enter(trace: JoinTrace | null): Promise<void> {
    const { signal } = this.stay;
    const span = trace?.span(spans.admission);
    const startedMs = Date.now();
    let answer: JoinAnswer;
    try {
      answer = await requestAdmission(this.origins, this.options.invite, this.store.state.name, signal);
      span?.end();
      if (answer.entrances.length > 0) this.origins = ownFirst(answer.entrances);
    } catch (error) {
      span?.fail(error);
      if (trace) this.failedJoins.keep(startedMs, error);
      throw error;
    }
    this.call?.close();
    this.call = null;
    const telemetry = this.renewTelemetry(answer, trace);
    const call = await this.joinCall(answer, telemetry, trace, { held: null, retired: false });
    if (signal.aborted) return call.leave();
    this.call = call;
    const sent = this.publishAll();
    if (!this.opening && sent.every((one) => one === null) && this.store.state.streams.length === 0) {
      // Alone, and nothing to send: no transport will ever connect.
      trace?.end({ media: false });
    }
    await Promise.all(sent);
  }

  private joinCall(
    answer: JoinAnswer,
    telemetry: Telemetry | null,
    trace: JoinTrace | null,
    gate: Gate,
  ): Promise<Call> {
    const { signal } = this.stay;
    const isOver = () => signal.aborted || gate.retired;
    return Call.join({
      answer,
      ...this.waysTo(answer),
      telemetry,
      trace,
      dispatch: (action) => {
        if (isOver()) return;
        if (gate.held) gate.held.push(action);
        else this.store.dispatch(action);
      },
      onMediaRestarted: () => {
        if (!isOver()) void this.publishAll();
      },
      onResumed: () => {
        if (!isOver()) void this.settleAll();
      },
      onLeaving: () => {
        if (!isOver()) void this.moveOver(gate, signal);
      },
      onGone: () => {
        if (gate.held) gate.retired = true;
        else if (!isOver()) void this.comeBackIn(signal);
      },
    });
  }

  /**
   * The server is about to stop. The call is entered anew where it is to go on, and the page changes over once everybody
   * is heard and seen there; the old one still sends for a while, to those who have not. When that fails, the old one
   * ends and is come back from as after any loss.
   */
  private async moveOver(old: Gate, signal: AbortSignal): Promise<void> {
    const [before, oldTelemetry] = [this.call, this.telemetry];
    if (!before || this.moving) return;
    this.moving = true;
    const gate: Gate = { held: [], retired: false };
    let call: Call | null = null;
    try {
      await pause(Math.random() * moveSpreadMs, signal);
      const answer = await requestAdmission(this.origins, this.options.invite, this.store.state.name, signal);
      const telemetry = this.telemetryFor(answer);
      call = await this.joinCall(answer, telemetry, null, gate);
      const { publisher } = call;
      await Promise.all(allSources.map((source) => this.publish(source, publisher)));
      await flowing(gate.held ?? [], this.store.state, signal);
      if (signal.aborted || gate.retired || this.call !== before) {
        throw new SignalingError('closed', 'One of the two calls was lost meanwhile.');
      }
      this.telemetry = telemetry;
    } catch {
      gate.retired = true;
      void call?.leave();
      return;
    } finally {
      this.moving = false;
    }
    old.retired = true;
    this.call = call;
    const held = gate.held ?? [];
    gate.held = null;
    for (const action of held) this.store.dispatch(action);
    // Whatever was switched during the change.
    void this.settleAll();
    await pause(lingerMs, signal);
    await before.leave();
    void oldTelemetry?.close();
  }

  /** Where the call is, and whom to ask about its server when that does not answer. */
  private waysTo({ nodeOrigins, sfuNodeId }: JoinAnswer): Pick<CallOptions, 'origins' | 'serverIsGone'> {
    const others = this.origins.filter((origin) => !nodeOrigins.includes(origin));
    if (nodeOrigins.length === 0) return { origins: this.origins, serverIsGone: null };
    return {
      origins: ownFirst(nodeOrigins),
      serverIsGone: others.length > 0 ? () => isGone(others, sfuNodeId) : null,
    };
  }

  /** The session is gone; what media still flows goes on until there is a new one. */
  private async comeBackIn(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      this.store.dispatch({ type: 'connectionLost', attempt });
      this.telemetry?.event(events.signalingState, { state: 'reconnecting', attempt });
      await pause(reconnectDelayMs(attempt, Math.random()), signal);
      if (signal.aborted) return;
      try {
        return await this.enter(null);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof FaultError && !error.fault.retry) return this.giveUp(error);
      }
    }
  }

  private giveUp(error: unknown): void {
    if (this.stay.signal.aborted) return;
    this.stay.abort();
    this.call?.close();
    this.call = null;
    this.stopDevices();
    this.store.dispatch({ type: 'failed', fault: faultOf(error) });
    void this.telemetry?.flush();
  }

  /** A new token is a new participant to the server: the old one's last records go out under the old token. */
  private renewTelemetry(answer: JoinAnswer, trace: JoinTrace | null): Telemetry | null {
    void this.telemetry?.close();
    this.telemetry = this.telemetryFor(answer);
    const { telemetry } = this;
    if (!telemetry) return null;
    for (const failed of this.failedJoins.take()) telemetry.adopt(failed);
    for (const { error, source } of this.waitingErrors) telemetry.mediaError(error, source);
    this.waitingErrors = [];
    if (trace) telemetry.adopt(trace);
    return telemetry;
  }

  private telemetryFor({ telemetryUrl, telemetryToken, callId }: JoinAnswer): Telemetry | null {
    return telemetryUrl ? createTelemetry({ url: telemetryUrl, token: telemetryToken, callId }) : null;
  }

  /** What the address asks for, unless it is open already. */
  private openWanted(): void {
    const { tracks } = this.store.state;
    const wanted = (['microphone', 'camera'] as const).filter(
      (source) => this.options[source] && tracks[source] === null,
    );
    if (wanted.length === 0) return;
    for (const source of wanted) {
      this.store.dispatch({ type: 'sourceChanged', source, state: 'starting', track: null });
    }
    const opening = (wanted.length === 2 ? openMicrophoneAndCamera() : openEach(wanted))
      .then((opened) => this.settle(opened))
      .finally(() => {
        if (this.opening === opening) this.opening = null;
      });
    this.opening = opening;
  }

  private async settle(opened: Opened): Promise<void> {
    const { phase } = this.store.state;
    for (const [source, result] of opened) {
      if (result instanceof Error) {
        if (this.telemetry) this.telemetry.mediaError(result, source);
        else this.waitingErrors.push({ error: result, source });
        const notice = explainMediaError(source, result);
        const state = source === 'screen' ? 'off' : 'blocked';
        this.store.dispatch({ type: 'sourceChanged', source, state, track: null, ...(notice && { notice }) });
      } else if (phase === 'left' || phase === 'error') {
        result.stop();
        this.store.dispatch({ type: 'sourceChanged', source, state: 'off', track: null });
      } else {
        // Unplugged, taken away in the browser's settings, or "stop sharing" in its own bar.
        result.onended = () => void this.switchOff(source, 'It was stopped outside this page.');
        await this.switchOn(source, result);
      }
    }
  }

  private async switchOn(source: MediaSource, track: MediaStreamTrack): Promise<void> {
    track.enabled = true;
    this.store.dispatch({ type: 'sourceChanged', source, state: 'on', track });
    this.telemetry?.event(events.sourceToggled, { source, enabled: true });
    await this.publish(source);
  }

  /** A muted microphone stays open, so that unmuting is immediate; camera and screen are let go of. */
  private async switchOff(source: MediaSource, notice?: string): Promise<void> {
    const track = this.store.state.tracks[source];
    const kept = source === 'microphone' && track?.readyState === 'live' ? track : null;
    if (kept) kept.enabled = false;
    else track?.stop();
    this.store.dispatch({
      type: 'sourceChanged',
      source,
      state: 'off',
      track: kept,
      ...(notice && { notice }),
    });
    this.telemetry?.event(events.sourceToggled, { source, enabled: false });
    await this.withdraw(source);
  }

  /** @returns null when there is nothing to send */
  private publish(source: MediaSource, publisher = this.call?.publisher): Promise<void> | null {
    const { tracks, sources } = this.store.state;
    const track = tracks[source];
    if (!publisher || !track) return null;
    return publisher.publish(source, track, sources[source] === 'off').catch((error: unknown) => {
      // Its media was closed meanwhile; there is another one to publish over, or will be.
      if (publisher.closed) return;
      toldByLoss(error);
      if (isLoss(error)) return;
      this.store.dispatch({ type: 'told', notice: `The server did not take the ${source}.` });
    });
  }

  /** What was switched without a connection is switched at the SFU as well. */
  private async settleAll(): Promise<void> {
    for (const source of allSources) {
      if (this.store.state.tracks[source]) await this.publish(source);
      else await this.withdraw(source);
    }
  }

  private withdraw(source: MediaSource): Promise<void> | undefined {
    const publisher = this.call?.publisher;
    return (source === 'screen' ? publisher?.unpublish(source) : publisher?.pause(source))?.catch(toldByLoss);
  }

  private publishAll(): (Promise<void> | null)[] {
    return allSources.map((source) => this.publish(source));
  }

  private stopDevices(): void {
    const { tracks } = this.store.state;
    for (const source of allSources) {
      tracks[source]?.stop();
      this.store.dispatch({ type: 'sourceChanged', source, state: 'off', track: null });
    }
  }
}

/** What a call may show: nothing yet, and what it would have; nothing any more. */
interface Gate {
  held: Action[] | null;
  retired: boolean;
}

/** Resolves once as much arrives by the new call as is shown of the old one, or when that takes too long. */
async function flowing(held: readonly Action[], shown: ViewState, signal: AbortSignal): Promise<void> {
  const expected = shown.streams.filter(({ track, paused, held }) => track && !paused && !held).length;
  const deadline = performance.now() + flowLimitMs;
  const arriving = () =>
    new Set(
      held.flatMap((action) =>
        action.type === 'consuming' && action.track && !action.track.muted ? [action.track.id] : [],
      ),
    ).size;
  while (arriving() < expected && performance.now() < deadline && !signal.aborted) await pause(100, signal);
  // The first packet came; the first picture needs a moment more.
  await pause(firstPictureMs, signal);
}

/** The page came from there, so that is what this browser reaches. */
const ownFirst = (origins: readonly string[]): string[] =>
  [...origins].sort((a, b) => Number(b === location.origin) - Number(a === location.origin));

/** A request that died with its connection is made again after coming back; anything else is a fault. */
function toldByLoss(error: unknown): void {
  if (!(error instanceof SignalingError)) throw error;
}

/** Of the connection or of the SFU's media: either comes back and asks for everything again. */
const isLoss = (error: unknown) =>
  error instanceof SignalingError && ['closed', 'timeout', 'no_worker'].includes(error.code);

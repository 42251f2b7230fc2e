/** What is noted of one connection while a recording is read. */
import type { RawStats } from '../../telemetry/browser-stats.ts';
import type { ConnectionLog, PairChange, StateChange, StreamTotal } from './recording.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Streams whose totals are kept; a call of hundreds has fewer. */
const maxStreams = 10_000;

export class ConnectionRecorder {
  readonly id: string;
  participantId: string;
  createdAt: number | undefined;
  closedAt: number | undefined;
  peerToPeer: boolean | undefined;
  readonly states: StateChange[] = [];
  readonly pairs: PairChange[] = [];
  readonly restartRequests: number[] = [];
  readonly failures: { time: number; call: string; reason: string }[] = [];
  /** Producer by stats id: a source keeps its id though it gets its mid only later. */
  readonly producers = new Map<string, string>();
  readonly #credentials: string[] = [];
  readonly #streams = new Map<string, Writable<StreamTotal>>();
  #credentialsOf: string | undefined;
  #pairKey = '';
  #reports = { count: 0, firstAt: 0, lastAt: 0 };
  #roundTrip = { count: 0, sumMs: 0, highestMs: 0 };

  constructor(id: string, participantId: string) {
    this.id = id;
    this.participantId = participantId;
  }

  reported(time: number): void {
    const { count, firstAt, lastAt } = this.#reports;
    this.#reports = {
      count: count + 1,
      firstAt: count === 0 ? time : Math.min(firstAt, time),
      lastAt: count === 0 ? time : Math.max(lastAt, time),
    };
  }

  /** @returns whether this pair is another than before */
  pairInUse(pair: RawStats, change: PairChange): boolean {
    const key = `${pair.localCandidateId} ${pair.remoteCandidateId}`;
    if (key === this.#pairKey) return false;
    this.#pairKey = key;
    this.pairs.push(change);
    return true;
  }

  roundTrip(seconds: unknown): void {
    if (typeof seconds !== 'number' || !(seconds > 0) || !Number.isFinite(seconds)) return;
    this.#roundTrip.count++;
    this.#roundTrip.sumMs += seconds * 1000;
    this.#roundTrip.highestMs = Math.max(this.#roundTrip.highestMs, seconds * 1000);
  }

  /** The username fragment in use. Each media section may have its own until they are bundled: one is followed. */
  credentials(fragment: unknown, section: string): void {
    if (typeof fragment !== 'string' || fragment === '') return;
    this.#credentialsOf ??= section;
    if (section !== this.#credentialsOf || this.#credentials.includes(fragment)) return;
    if (this.#credentials.length < 1_000) this.#credentials.push(fragment.slice(0, 64));
  }

  stream(direction: 'send' | 'recv', ssrc: number, kind: string): Writable<StreamTotal> | undefined {
    const key = `${direction} ${ssrc}`;
    const known = this.#streams.get(key);
    if (known || this.#streams.size >= maxStreams) return known;
    const stream: Writable<StreamTotal> = {
      direction,
      kind,
      ssrc,
      codec: '',
      packets: 0,
      packetsLost: undefined,
      concealedRatio: undefined,
    };
    this.#streams.set(key, stream);
    return stream;
  }

  directions(): ('send' | 'recv')[] {
    return [...new Set([...this.#streams.values()].map((stream) => stream.direction))];
  }

  /** '' before the first; the connection's own state where ICE's was not told. States must be in order of time. */
  iceStateAt(time: number): string {
    const told = this.states.some((s) => s.of === 'ice') ? 'ice' : 'connection';
    const state = this.states.findLast((s) => s.of === told && s.time <= time)?.state ?? '';
    return state === 'connecting' ? 'checking' : state;
  }

  log(): ConnectionLog {
    const { count, sumMs, highestMs } = this.#roundTrip;
    return {
      id: this.id,
      participantId: this.participantId,
      createdAt: this.createdAt,
      closedAt: this.closedAt,
      peerToPeer: this.peerToPeer,
      states: this.states,
      pairs: this.pairs,
      restartRequests: this.restartRequests,
      iceCredentials: this.#credentials,
      failures: this.failures,
      reports: this.#reports,
      roundTripMs: count > 0 ? { mean: sumMs / count, highest: highestMs } : undefined,
      streams: [...this.#streams.values()],
    };
  }
}

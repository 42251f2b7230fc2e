/**
 * One stream at its receiver over the last seconds: what was heard and seen, and what it cost to show it. A figure is
 * worked out when it is read, as in measure.ts.
 */
import type { MediaKind, MediaSource } from '../../telemetry/rows.ts';
import { quotient } from '../counters.ts';
import { type InboundMeasure, measureInbound } from '../measure.ts';
import type { PathFeatures } from './path.ts';
import { fresh, historyMs, longMs, staleClientMs, upTo } from './trailing.ts';

export interface ReceivingFeatures {
  readonly at: PathFeatures;
  readonly receiverId: string;
  /** '' when its producer is on no row. */
  readonly senderId: string;
  readonly consumerId: string;
  readonly kind: MediaKind;
  readonly source: MediaSource;
  /** Newest sample, epoch ms. */
  readonly timeMs: number | undefined;
  /** How much of the history its samples cover, ms: a stream that has just begun is not judged. */
  readonly knownMs: number;
  /** All below over the last 5 s, those with `Long` over the whole history. */
  readonly packetsPerSecond: number | undefined;
  readonly loss: number | undefined;
  /** Audible concealment, of all samples played; silence is not counted. */
  readonly concealed: number | undefined;
  readonly concealedLong: number | undefined;
  /** Of the history before the last 5 s. */
  readonly concealedBefore: number | undefined;
  /** Samples inserted or removed to stretch or squeeze the sound, of all played. */
  readonly stretched: number | undefined;
  readonly jitterMs: number | undefined;
  readonly jitterBufferMs: number | undefined;
  readonly jitterBufferLongMs: number | undefined;
  readonly receivedFps: number | undefined;
  readonly decodedFps: number | undefined;
  /** Frames that arrived whole and were thrown away, of those that arrived. */
  readonly dropped: number | undefined;
  readonly droppedLong: number | undefined;
  readonly droppedBefore: number | undefined;
  /** Part of the time that the decoder was at work on it. */
  readonly decoding: number | undefined;
  readonly plisPerSecond: number | undefined;
  readonly plisPerSecondLong: number | undefined;
}

/** Whether its picture stood for a whole sampling interval of the history: a standstill, which is judged as such. */
export const stood = ({ at }: ReceivingFeatures): boolean =>
  at.path.inbound.some((row, i, rows) => i > 0 && row.frames_decoded === rows[i - 1]!.frames_decoded);

export const receivingFeatures = (at: PathFeatures, atMs: number): ReceivingFeatures =>
  new ReceivingAt(at, atMs);

class ReceivingAt implements ReceivingFeatures {
  readonly at: PathFeatures;
  readonly receiverId: string;
  readonly senderId: string;
  readonly consumerId: string;
  readonly kind: MediaKind;
  readonly source: MediaSource;
  readonly timeMs: number | undefined;
  readonly knownMs: number;
  private readonly now: InboundMeasure;
  private readonly long: InboundMeasure;

  constructor(at: PathFeatures, atMs: number) {
    const { path } = at;
    const rows = fresh(path.inbound, atMs, staleClientMs);
    this.at = at;
    this.receiverId = path.receiverId;
    this.senderId = path.uplink.senderId;
    this.consumerId = path.consumerId;
    this.kind = path.uplink.kind;
    this.source = path.uplink.source;
    this.timeMs = rows.at(-1)?.time;
    this.now = measureInbound(rows, upTo(this.timeMs, longMs));
    this.long = measureInbound(rows, upTo(this.timeMs, historyMs));
    this.knownMs = this.long.coveredMs;
  }

  get packetsPerSecond() {
    return this.now.packetsPerSecond;
  }
  get loss() {
    return this.now.lossRatio;
  }
  get concealed() {
    return this.now.concealedRatio;
  }
  get concealedLong() {
    return this.long.concealedRatio;
  }
  get concealedBefore() {
    return before(
      this.long,
      this.now,
      (m) => m.audiblyConcealedSamples,
      (m) => m.playedSamples,
    );
  }
  get stretched() {
    return this.now.stretchRatio;
  }
  get jitterMs() {
    return this.now.jitterMs;
  }
  get jitterBufferMs() {
    return this.now.jitterBufferMs;
  }
  get jitterBufferLongMs() {
    return this.long.jitterBufferMs;
  }
  get receivedFps() {
    return this.now.framesReceivedPerSecond;
  }
  get decodedFps() {
    return this.now.framesPerSecond;
  }
  get dropped() {
    return quotient(this.now.framesDropped, this.now.framesReceived);
  }
  get droppedLong() {
    return quotient(this.long.framesDropped, this.long.framesReceived);
  }
  get droppedBefore() {
    return before(
      this.long,
      this.now,
      (m) => m.framesDropped,
      (m) => m.framesReceived,
    );
  }
  get decoding() {
    return this.now.decodingRatio;
  }
  get plisPerSecond() {
    return this.now.pliPerSecond;
  }
  get plisPerSecondLong() {
    return this.long.pliPerSecond;
  }
}

/** part / whole of the history without its newest part. */
function before(
  long: InboundMeasure,
  now: InboundMeasure,
  part: (m: InboundMeasure) => number | undefined,
  whole: (m: InboundMeasure) => number | undefined,
): number | undefined {
  const earlier = (of: typeof part) => minus(of(long), of(now));
  return quotient(earlier(part), earlier(whole));
}

const minus = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a - b;

/**
 * When a receiver may begin, who needs a key frame of its sender for it. Two things of Chromium make one that is asked for at
 * the wrong moment cost a second: it passes over what comes within 300 ms of the request before, for whichever of its layers
 * that was (libwebrtc, EncoderRtcpFeedback), and mediasoup asks again after a second only; and after some in quick
 * succession, each of all layers, its encoder is so far over its rate that it drops frames, for everybody.
 */
import type { types as mediasoup } from 'mediasoup';

/** With what a request may lose of the distance on its way. */
const leastBetweenMs = 350;
/** In quick succession: the first, which nobody can have yet, and the one for those who are there. */
const atOnce = 2;
/** What one takes of an encoder's rate is made up for in less. */
const oneInMs = 1_000;
/** Those of all layers count as one. */
const sameWithinMs = 150;

type Traced = Pick<mediasoup.Producer, 'on' | 'enableTraceEvent'>;

const known = new WeakMap<object, KeyFrames>();

/** The same for the same producer. */
export function keyFramesOf(producer: Traced): KeyFrames {
  let keyFrames = known.get(producer);
  if (!keyFrames) {
    keyFrames = new KeyFrames(producer);
    known.set(producer, keyFrames);
  }
  return keyFrames;
}

export class KeyFrames {
  readonly #now: () => number;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #answered = true;
  #cameAtMs = Number.NEGATIVE_INFINITY;
  /** How many there may be at once, as of when the last one came. */
  #left = atOnce;

  /** @param now a monotonic clock, ms */
  constructor(producer: Traced, now = () => performance.now()) {
    this.#now = now;
    producer.on('trace', ({ type }) => {
      if (type === 'keyframe') {
        this.#came();
      } else if (type === 'pli' || type === 'fir') {
        this.#askedAtMs = this.#now();
        this.#answered = false;
      }
    });
    // A producer that has closed meanwhile has nothing to be asked for.
    producer.enableTraceEvent(['keyframe', 'pli', 'fir']).catch(() => {});
  }

  /** How long whoever needs one is to wait, ms; 0 where one is on its way that will do. */
  get waitMs(): number {
    if (!this.#answered) return 0;
    const heardInMs = this.#askedAtMs + leastBetweenMs - this.#now();
    const affordedInMs = (1 - this.#affordable) * oneInMs;
    return Math.max(0, heardInMs, affordedInMs);
  }

  get #affordable(): number {
    return Math.min(atOnce, this.#left + (this.#now() - this.#cameAtMs) / oneInMs);
  }

  #came(): void {
    this.#answered = true;
    if (this.#now() - this.#cameAtMs < sameWithinMs) return;
    this.#left = Math.max(0, this.#affordable - 1);
    this.#cameAtMs = this.#now();
  }
}

/**
 * How much one participant may send: a bucket each, filled at a steady rate. A client in a call of 50 sends some
 * 300 records a second in a request or two; the bounds stop loops and floods, not busy calls.
 */
import { CollectorError } from '../errors.ts';
import type { Series } from '../metrics.ts';
import { maxRecords } from '../otlp/limits.ts';

export interface Rate {
  /** Per second, sustained. */
  readonly perSecond: number;
  /** What may come at once after a silence, e.g. after a while offline. */
  readonly burst: number;
}

export const requestRate: Rate = { perSecond: 5, burst: 60 };
export const recordRate: Rate = rateOf(2_000);

/** Of records: what came together while a sender was away for 20 s may come at once, and the largest request always. */
export function rateOf(perSecond: number): Rate {
  return { perSecond, burst: Math.max(perSecond * 20, maxRecords) };
}

/**
 * Participants of a generation. Who is in neither this one nor the one before was not seen while so many others were:
 * it is forgotten, and starts with a full bucket.
 */
const maxBuckets = 50_000;

interface Bucket {
  level: number;
  atMs: number;
}

export class RateLimit {
  readonly #rate: Rate;
  readonly #what: string;
  readonly #refused: Series | undefined;
  #buckets = new Map<string, Bucket>();
  #before = new Map<string, Bucket>();

  /**
   * @param what is counted, for the refusal's text
   * @param refused counts refusals
   */
  constructor(rate: Rate, what = 'requests', refused?: Series) {
    this.#rate = rate;
    this.#what = what;
    this.#refused = refused;
  }

  /** @throws CollectorError `too_many_requests` with the time until `amount` would pass */
  take(key: string, amount: number, nowMs: number): void {
    const { perSecond, burst } = this.#rate;
    const bucket = this.#bucketOf(key, nowMs);
    bucket.level = Math.min(burst, bucket.level + ((nowMs - bucket.atMs) / 1000) * perSecond);
    bucket.atMs = nowMs;
    if (bucket.level >= amount) {
      bucket.level -= amount;
      return;
    }
    const retryAfterSeconds = Math.max(1, Math.ceil((amount - bucket.level) / perSecond));
    if (this.#refused) this.#refused.value++;
    throw new CollectorError('too_many_requests', `more than ${perSecond} ${this.#what} a second`, {
      retryAfterSeconds,
    });
  }

  #bucketOf(key: string, nowMs: number): Bucket {
    const known = this.#buckets.get(key);
    if (known) return known;
    if (this.#buckets.size >= maxBuckets) {
      this.#before = this.#buckets;
      this.#buckets = new Map();
    }
    const bucket = this.#before.get(key) ?? { level: this.#rate.burst, atMs: nowMs };
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

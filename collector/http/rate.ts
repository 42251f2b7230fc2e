/**
 * How much one participant may send: a bucket each, filled at a steady rate. A client in a call of 50 sends some
 * 300 records a second in a request or two; the bounds stop loops and floods, not busy calls.
 */
import { CollectorError } from '../errors.ts';

export interface Rate {
  /** Per second, sustained. */
  readonly perSecond: number;
  /** What may come at once after a silence, e.g. after a while offline. */
  readonly burst: number;
}

export const requestRate: Rate = { perSecond: 5, burst: 60 };
export const recordRate: Rate = { perSecond: 2_000, burst: 40_000 };

/** Participants remembered; the one longest unseen is forgotten (and starts with a full bucket). */
const maxBuckets = 100_000;

export class RateLimit {
  readonly #rate: Rate;
  /** Oldest use first. */
  readonly #buckets = new Map<string, { level: number; atMs: number }>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** @throws CollectorError `too_many_requests` with the time until `amount` would pass */
  take(key: string, amount: number, nowMs: number): void {
    const { perSecond, burst } = this.#rate;
    const bucket = this.#buckets.get(key) ?? { level: burst, atMs: nowMs };
    const level = Math.min(burst, bucket.level + ((nowMs - bucket.atMs) / 1000) * perSecond);
    const enough = level >= amount;
    this.#buckets.delete(key);
    this.#buckets.set(key, { level: enough ? level - amount : level, atMs: nowMs });
    if (this.#buckets.size > maxBuckets) {
      const [oldest] = this.#buckets.keys();
      this.#buckets.delete(oldest!);
    }
    if (enough) return;
    const retryAfterSeconds = Math.max(1, Math.ceil((amount - level) / perSecond));
    throw new CollectorError('too_many_requests', `more than ${perSecond} a second`, { retryAfterSeconds });
  }
}

/**
 * How a service keeps to a Redis that may go away: it tries again after 0.1, 0.2 … s, at most two seconds apart. Options
 * for ioredis and for BullMQ's connections; nothing that is on Redis could not be made anew.
 */

export const retryAfterAtMost =
  (longestMs: number) =>
  (times: number): number =>
    Math.min(longestMs, 100 * times);

const retryStrategy = retryAfterAtMost(2_000);

/** For those who ask or add: with Redis away that fails at once, and whoever wants it asks again. */
export const failsAtOnce = { retryStrategy, enableOfflineQueue: false, maxRetriesPerRequest: 1 } as const;

/** For those who listen or wait for work: they wait through an outage. */
export const waitsThrough = { retryStrategy, maxRetriesPerRequest: null } as const;

/** How long to wait before the next attempt to come back into the call. */

/** The first wait; each further one doubles. */
const firstMs = 500;
/** No wait is longer: a person sits in front of the page. */
const longestMs = 15_000;

/**
 * Exponential, with jitter over the upper half: when an SFU dies, everybody who was on it comes back within
 * the same second, and should not come in step. The lower half stays, so that a server that refuses at once
 * is never hammered.
 *
 * @param attempt 0 for the first
 * @param random uniform in [0, 1)
 */
export function reconnectDelayMs(attempt: number, random: number): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(full / 2 + (full / 2) * random);
}

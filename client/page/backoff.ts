/** How long to wait before the next attempt to come back into the call. */

/** The longest first wait; each further one doubles. */
const firstMs = 500;
/** No wait is longer: a person sits in front of the page. */
const longestMs = 8_000;

/**
 * Exponential, with jitter over the whole wait: when a server dies, everybody who was on it comes back at once, and
 * nothing spreads a crowd as evenly as chance alone (full jitter; M. Brooker, "Exponential Backoff And Jitter", 2015).
 *
 * @param attempt 0 for the first
 * @param random uniform in [0, 1)
 */
export function reconnectDelayMs(attempt: number, random: number): number {
  return Math.round(Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 30)) * random);
}

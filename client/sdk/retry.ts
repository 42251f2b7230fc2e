/** What to do with an answer of the collector (OTLP/HTTP 1.x, "Failures"). Pure. */

/** First wait after a failure, ms; doubles with each further one. */
const FIRST_WAIT_MS = 1_000;
/** A collector that was away for an hour is found again within half a minute. */
const LONGEST_WAIT_MS = 30_000;

export type Verdict = 'sent' | 'retry' | 'refused';

/** Status 0: no answer (offline, DNS, CORS, aborted). */
export function verdictOf(status: number): Verdict {
  if (status >= 200 && status < 300) return 'sent';
  // Of the 4xx only "too many requests" and "timeout" get better by waiting.
  if (status >= 400 && status < 500 && status !== 429 && status !== 408) return 'refused';
  return 'retry';
}

/**
 * Exponential, with jitter over the upper half, so that clients that failed together do not return together.
 * A Retry-After (seconds or HTTP date) of the server is the least.
 */
export function waitMs(failures: number, retryAfter: string | null, nowMs: number, random: number): number {
  const backoff = Math.min(FIRST_WAIT_MS * 2 ** Math.max(failures - 1, 0), LONGEST_WAIT_MS);
  return Math.max(backoff * (0.5 + random / 2), retryAfterMs(retryAfter, nowMs));
}

/** At most ten minutes: a wrong header must not silence a client for the rest of its call. */
const LONGEST_RETRY_AFTER_MS = 600_000;

function retryAfterMs(header: string | null, nowMs: number): number {
  if (!header) return 0;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS) : 0;
}

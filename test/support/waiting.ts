/** Waiting for something to become true, by looking again and again. */
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** @default 30,000: a busy machine decodes its first frames late */
  readonly limitMs?: number;
  /** Between two looks. @default 100 */
  readonly everyMs?: number;
}

/**
 * @param what is waited for, in words for the failure
 * @param look its first answer that is neither null, undefined nor false is returned
 * @throws Error after the limit, naming what was waited for
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  { limitMs = 30_000, everyMs = 100 }: WaitOptions = {},
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms in vain for: ${what}`);
    await delay(everyMs);
  }
}

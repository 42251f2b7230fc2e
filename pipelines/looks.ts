/**
 * When to look at a call: once a second, each right after its SFU's samples came in. A look at fixed times would find
 * them half a second old in the mean, and what is wrong would be told that much later.
 */
import { detectEveryMs, lookEveryMs } from './worklist.ts';

/** Without news, what has stopped telling is looked at all the same. */
const withoutNewsMs = detectEveryMs + lookEveryMs;
const forgottenMs = 60_000;

interface Look {
  readonly atMs: number;
  readonly newestMs: number;
}

export class Looks {
  readonly #last = new Map<string, Look>();
  readonly #leastMs: number;

  /** @param leastMs between two looks at the same, whatever the news */
  constructor(leastMs: number) {
    this.#leastMs = leastMs;
  }

  /**
   * Whether it is to be looked at now; if so, that is taken as done.
   * @param newestMs time of the newest SFU sample that is known of it, epoch ms
   */
  due(key: string, newestMs: number, nowMs: number): boolean {
    const last = this.#last.get(key);
    const sinceMs = last ? nowMs - last.atMs : Number.POSITIVE_INFINITY;
    const news = newestMs > (last?.newestMs ?? 0) && sinceMs >= this.#leastMs;
    if (!news && sinceMs < withoutNewsMs) return false;
    this.#last.set(key, { atMs: nowMs, newestMs });
    return true;
  }

  /** Of what has gone. */
  forget(nowMs: number): void {
    for (const [key, { atMs }] of this.#last) if (nowMs - atMs > forgottenMs) this.#last.delete(key);
  }
}

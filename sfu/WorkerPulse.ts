/**
 * How long a media worker takes to answer a question that costs it nothing. A worker that is overloaded, or whose host
 * does not let it run, handles packets as late as it answers: the node's own and quickest witness of its trouble.
 */
import type { types as mediasoup } from 'mediasoup';

/** Asked this often: a standstill of a tenth of a second is met within the second. */
const everyMs = 200;
/** What the longest answer is told of: a bit more than one sampling interval. */
const spanMs = 1_200;

export class WorkerPulse {
  readonly #worker: Pick<mediasoup.Worker, 'getResourceUsage'>;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #askedAtMs: number | null = null;
  #answers: { readonly atMs: number; readonly tookMs: number }[] = [];

  /** @param now a monotonic clock, ms */
  constructor(worker: Pick<mediasoup.Worker, 'getResourceUsage'>, now = () => performance.now()) {
    this.#worker = worker;
    this.#now = now;
    this.#timer = setInterval(() => void this.ask(), everyMs);
    this.#timer.unref();
  }

  /** The longest answer of the last second, or how long one has been awaited by now; ms, null before the first. */
  get answerMs(): number | null {
    const nowMs = this.#now();
    const told = this.#answers.filter(({ atMs }) => atMs > nowMs - spanMs).map(({ tookMs }) => tookMs);
    if (this.#askedAtMs !== null) told.push(nowMs - this.#askedAtMs);
    return told.length > 0 ? Math.round(Math.max(...told)) : null;
  }

  /** One question at a time. Never throws: a worker that is gone has no more to say. */
  async ask(): Promise<void> {
    if (this.#askedAtMs !== null) return;
    const askedAtMs = this.#now();
    this.#askedAtMs = askedAtMs;
    try {
      await this.#worker.getResourceUsage();
      const atMs = this.#now();
      this.#answers = this.#answers.filter((answer) => answer.atMs > atMs - spanMs);
      this.#answers.push({ atMs, tookMs: atMs - askedAtMs });
    } catch {
      this.stop();
    } finally {
      this.#askedAtMs = null;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

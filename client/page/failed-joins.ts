/**
 * Attempts to join that failed before there was a token to report them with. They are kept in the browser until one
 * succeeds, today or tomorrow, and told then with the times they had: a server that nobody reached must not look
 * like one that nobody asked.
 */
import { spans } from '../../telemetry/events.ts';
import { errorText, startJoinTrace } from '../sdk/join.ts';
import type { JoinTrace } from '../sdk/telemetry.ts';

interface FailedJoin {
  /** Epoch ms. */
  readonly startMs: number;
  readonly endMs: number;
  readonly error: string;
}

const key = 'callscope.failed-joins';
/** Who retries for hours makes one failure after the other. */
const mostKept = 16;
/** Alerts look back no further. */
const keptMs = 24 * 3600_000;

export class FailedJoins {
  private readonly storage: Pick<Storage, 'getItem' | 'setItem'>;
  private readonly now: () => number;
  /** What the storage did not take; browsers may have none. */
  private inMemory: FailedJoin[] = [];

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'>, now: () => number = Date.now) {
    this.storage = storage;
    this.now = now;
  }

  keep(startMs: number, error: unknown): void {
    const failed = { startMs, endMs: this.now(), error: errorText(error) };
    const kept = [...this.read(), failed].slice(-mostKept);
    if (!this.write(kept)) this.inMemory = kept;
  }

  /** Whatever is kept, as traces to be told; nothing is kept afterwards. */
  take(): JoinTrace[] {
    const kept = this.read();
    this.inMemory = [];
    if (kept.length > 0) this.write([]);
    return kept.filter(({ endMs }) => endMs > this.now() - keptMs).map(traceOf);
  }

  private read(): FailedJoin[] {
    try {
      const stored: unknown = JSON.parse(this.storage.getItem(key) ?? '[]');
      return [...(Array.isArray(stored) ? stored.filter(isFailedJoin) : []), ...this.inMemory];
    } catch {
      return this.inMemory;
    }
  }

  private write(kept: readonly FailedJoin[]): boolean {
    try {
      this.storage.setItem(key, JSON.stringify(kept));
      return true;
    } catch {
      return false;
    }
  }
}

function traceOf({ startMs, endMs, error }: FailedJoin): JoinTrace {
  let nowMs = startMs;
  const trace = startJoinTrace(() => nowMs);
  const admission = trace.span(spans.admission);
  nowMs = endMs;
  admission.fail(error);
  trace.fail(error);
  return trace;
}

const isFailedJoin = (value: unknown): value is FailedJoin =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as FailedJoin).startMs === 'number' &&
  typeof (value as FailedJoin).endMs === 'number' &&
  typeof (value as FailedJoin).error === 'string';

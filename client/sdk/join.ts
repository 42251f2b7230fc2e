/**
 * The join trace: from the click to the first remote frame. It is recorded before there is a token or a
 * connection, and handed to telemetry later (`Telemetry.adopt`).
 */
import { spans } from '../../telemetry/events.ts';
import type { Attributes, JoinSpan, JoinTrace, SpanName } from './contract.ts';
import type { Span } from './otlp.ts';

/** Start it at the click. Spans are kept until `Telemetry.adopt` takes them (at most a few dozen). */
export function startJoinTrace(now: () => number = Date.now): JoinTrace {
  return new RecordedTrace(now);
}

/** How many finished spans wait for `adopt`; a page that retries joining for hours must not grow. */
const MAX_WAITING = 64;

export class RecordedTrace implements JoinTrace {
  readonly traceId = randomHex(16);
  private readonly root: RecordedSpan;
  private readonly open = new Set<RecordedSpan>();
  private readonly seen = new Set<SpanName>();
  private readonly now: () => number;
  private waiting: Span[] = [];
  private sink: ((span: Span) => void) | undefined;

  constructor(now: () => number) {
    this.now = now;
    this.root = new RecordedSpan(this, spans.join, '', now());
  }

  get traceparent(): string {
    return this.root.traceparent;
  }

  get ended(): boolean {
    return this.root.done;
  }

  span(name: SpanName): JoinSpan {
    const span = new RecordedSpan(this, name, this.root.spanId, this.now());
    this.seen.add(name);
    if (!this.ended) this.open.add(span);
    return span;
  }

  /** Has a span of this name been started? Lets the SDK record the first of several connections only. */
  has(name: SpanName): boolean {
    return this.seen.has(name);
  }

  /**
   * A span that began earlier than now, e.g. first packet: from transport connected to the packet.
   *
   * @param endMs where it ended earlier, too
   */
  record(name: SpanName, startMs: number, attributes?: Attributes, endMs?: number): void {
    if (this.ended || this.seen.has(name)) return;
    this.seen.add(name);
    new RecordedSpan(this, name, this.root.spanId, startMs).end(attributes, endMs);
  }

  end(attributes?: Attributes): void {
    if (this.ended) return;
    for (const span of this.open) span.end();
    this.root.end(attributes);
  }

  fail(reason: unknown): void {
    if (this.ended) return;
    for (const span of this.open) span.fail(reason);
    this.root.fail(reason);
  }

  /** Finished spans go to `sink` from now on, those that waited first. */
  drain(sink: (span: Span) => void): void {
    this.sink = sink;
    const waiting = this.waiting;
    this.waiting = [];
    waiting.forEach(sink);
  }

  finished(
    span: RecordedSpan,
    attributes: Attributes | undefined,
    error: string | undefined,
    endMs = this.now(),
  ): void {
    this.open.delete(span);
    const record: Span = {
      traceId: this.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      name: span.name,
      startMs: span.startMs,
      endMs: Math.max(endMs, span.startMs),
      attributes: Object.entries(attributes ?? {}),
      ...(error !== undefined && { error }),
    };
    if (this.sink) this.sink(record);
    else if (this.waiting.length < MAX_WAITING) this.waiting.push(record);
  }
}

class RecordedSpan implements JoinSpan {
  readonly spanId = randomHex(8);
  done = false;
  readonly name: SpanName;
  readonly parentSpanId: string;
  readonly startMs: number;
  private readonly trace: RecordedTrace;

  constructor(trace: RecordedTrace, name: SpanName, parentSpanId: string, startMs: number) {
    this.trace = trace;
    this.name = name;
    this.parentSpanId = parentSpanId;
    this.startMs = startMs;
  }

  get traceparent(): string {
    return `00-${this.trace.traceId}-${this.spanId}-01`;
  }

  end(attributes?: Attributes, endMs?: number): void {
    this.finish(attributes, undefined, endMs);
  }

  fail(error: unknown): void {
    this.finish(undefined, errorText(error));
  }

  private finish(attributes?: Attributes, error?: string, endMs?: number): void {
    if (this.done) return;
    this.done = true;
    this.trace.finished(this, attributes, error, endMs);
  }
}

/** `NotAllowedError: Permission denied`, bounded. */
export function errorText(error: unknown): string {
  return String(error instanceof Error ? `${error.name}: ${error.message}` : error).slice(0, 200);
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

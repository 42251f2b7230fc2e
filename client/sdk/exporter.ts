/**
 * Sends what waits in the queue: one request at a time, gzip where the browser can, again after failures, and
 * at once with `keepalive` when the page goes away. Never throws.
 */

import { attributeName } from '../../telemetry/identity.ts';
import { type AttributeList, encodeRequest } from './otlp.ts';
import { type Batch, type Chunk, Queue, type Signal } from './queue.ts';
import { verdictOf, waitMs } from './retry.ts';

/** Two minutes of uncompressed samples, or about fifteen of compressed ones while offline. */
export const QUEUE_LIMIT_BYTES = 1_500_000;
/** Chunks for one request, uncompressed; below every collector's default body limit. */
export const BATCH_LIMIT_BYTES = 256_000;
/** Browsers refuse more than 64 KiB of keepalive bodies in flight together. */
export const KEEPALIVE_LIMIT_BYTES = 60_000;
/** Events that come together (an ICE state, its pair, its sample) share a request. */
export const COALESCE_MS = 100;
/** A collector that does not answer must not block the queue for ever. */
export const REQUEST_TIMEOUT_MS = 15_000;

const SCOPE_NAME = 'callscope';

export interface ExporterOptions {
  readonly url: string;
  readonly resource: () => AttributeList;
  readonly onDropped: (records: number, reason: string) => void;
  readonly track: <T>(work: () => T) => T;
}

export class Exporter {
  sentBytes = 0;
  sentRequests = 0;
  sentRecords = 0;
  token: string;
  private readonly options: ExporterOptions;
  private readonly queue: Queue;
  private readonly answered = new WeakSet<Batch>();
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private notBefore = 0;
  /** When the first of the chunks in the queue must leave. */
  private dueAt = Number.POSITIVE_INFINITY;
  private running: Promise<void> | undefined;
  private closed = false;

  constructor(token: string, options: ExporterOptions) {
    this.token = token;
    this.options = options;
    this.queue = new Queue(QUEUE_LIMIT_BYTES, (records) => options.onDropped(records, 'queue_full'));
  }

  get queuedBytes(): number {
    return this.queue.bytes;
  }

  /** Puts a chunk in the queue; it leaves within `holdMs` and COALESCE_MS unless an earlier failure says wait. */
  push(chunk: Chunk, holdMs = 0): void {
    if (this.closed) return;
    this.queue.push(chunk);
    this.dueAt = Math.min(this.dueAt, Date.now() + holdMs + COALESCE_MS);
    this.schedule();
  }

  /** Sends all that is there. Resolves when the attempt is over. */
  async flush(): Promise<void> {
    if (this.queue.hasChunks) this.dueAt = Math.min(this.dueAt, Date.now());
    await this.run();
  }

  /**
   * The page goes away, perhaps for good: what fits leaves now, uncompressed because compressing takes turns.
   * @returns what is left of the limit for others
   */
  flushOnHide(limitBytes = KEEPALIVE_LIMIT_BYTES): number {
    let room = limitBytes;
    const inFlight = this.queue.firstBatch;
    if (inFlight && inFlight.body.length < room) {
      room -= inFlight.body.length;
      void this.post(inFlight, true).then((sent) => sent && this.queue.removeBatch(inFlight));
    }
    for (const signal of ['traces', 'logs'] as const) {
      const chunks = this.queue.takeChunks(signal, room - 1_000);
      if (chunks.length === 0) continue;
      const batch = this.encode(signal, chunks);
      if (batch.body.length > room) {
        this.queue.addBatch(batch);
        continue;
      }
      room -= batch.body.length;
      void this.post(batch, true).then((sent) => {
        if (!sent) this.queue.addBatch(batch);
      });
    }
    // What did not fit goes the usual way, if the page lives on.
    if (this.queue.hasChunks) this.dueAt = Date.now() + COALESCE_MS;
    this.schedule();
    return room;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** Sets the timer for what must leave first: a batch that failed, or a chunk that is due. */
  private schedule(): void {
    if (this.closed || this.running || this.queue.empty) return;
    const at = Math.max(this.queue.firstBatch ? 0 : this.dueAt, this.notBefore);
    if (at >= this.timerAt) return;
    clearTimeout(this.timer);
    this.timerAt = at;
    this.timer = setTimeout(
      () => {
        this.timerAt = Number.POSITIVE_INFINITY;
        void this.run();
      },
      Math.max(0, at - Date.now()),
    );
  }

  private run(): Promise<void> {
    this.running ??= this.drain().finally(() => {
      this.running = undefined;
      this.schedule();
    });
    return this.running;
  }

  private async drain(): Promise<void> {
    while (this.queue.firstBatch || (this.queue.hasChunks && this.dueAt <= Date.now())) {
      if (!this.queue.firstBatch || this.queue.chunkBytes > BATCH_LIMIT_BYTES) await this.seal();
      const batch = this.queue.firstBatch;
      if (!batch || Date.now() < this.notBefore) return;
      if (!(await this.post(batch, false))) return;
    }
  }

  private async seal(): Promise<void> {
    for (const signal of ['traces', 'logs'] as const) {
      const chunks = this.queue.takeChunks(signal, BATCH_LIMIT_BYTES);
      if (chunks.length === 0) continue;
      if (!this.queue.hasChunks) this.dueAt = Number.POSITIVE_INFINITY;
      this.queue.addBatch(await compress(this.options.track(() => this.encode(signal, chunks))));
    }
  }

  private encode(signal: Signal, chunks: readonly Chunk[]): Batch {
    const parts = new Map<string, { resource: AttributeList; chunks: Uint8Array[] }>();
    const common = this.options.resource();
    let records = 0;
    for (const { transportId, bytes, records: count } of chunks) {
      let part = parts.get(transportId);
      if (!part) {
        const own: AttributeList = transportId ? [[attributeName('transport_id'), transportId]] : [];
        part = { resource: [...common, ...own], chunks: [] };
        parts.set(transportId, part);
      }
      part.chunks.push(bytes);
      records += count;
    }
    return { signal, records, gzip: false, body: encodeRequest(SCOPE_NAME, [...parts.values()]) };
  }

  private request(batch: Batch, keepalive: boolean): Promise<Response> {
    return fetch(`${this.options.url.replace(/\/$/, '')}/v1/${batch.signal}`, {
      method: 'POST',
      keepalive,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      headers: {
        'content-type': 'application/x-protobuf',
        authorization: `Bearer ${this.token}`,
        ...(batch.gzip && { 'content-encoding': 'gzip' }),
      },
      body: batch.body,
      ...(!keepalive && { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) }),
    });
  }

  /** Returns whether the next batch may follow at once. */
  private async post(batch: Batch, keepalive: boolean): Promise<boolean> {
    let status = 0;
    let retryAfter: string | null = null;
    try {
      this.sentBytes += batch.body.length;
      this.sentRequests++;
      const response = await this.options.track(() => this.request(batch, keepalive));
      status = response.status;
      retryAfter = response.headers.get('retry-after');
    } catch {
      // No answer: status stays 0.
    }
    const verdict = verdictOf(status);
    if (verdict === 'retry') {
      this.failures++;
      this.notBefore = Date.now() + waitMs(this.failures, retryAfter, Date.now(), Math.random());
      return false;
    }
    this.queue.removeBatch(batch);
    this.failures = 0;
    // Going hidden sends a batch in flight a second time; it counts once.
    if (this.answered.has(batch)) return true;
    this.answered.add(batch);
    if (verdict === 'sent') this.sentRecords += batch.records;
    else this.options.onDropped(batch.records, `refused_${status}`);
    return true;
  }
}

async function compress(batch: Batch): Promise<Batch> {
  if (typeof CompressionStream === 'undefined') return batch;
  try {
    const { readable, writable } = new CompressionStream('gzip');
    const writer = writable.getWriter();
    // Not awaited: they settle only as the other end is read, and fail with it.
    void writer.write(batch.body).catch(() => {});
    void writer.close().catch(() => {});
    return { ...batch, gzip: true, body: new Uint8Array(await new Response(readable).arrayBuffer()) };
  } catch {
    return batch;
  }
}

/**
 * Between requests and ClickHouse: gathers the rows of concurrent requests into blocks, inserts them, and tells
 * each request when its rows are safe.
 *
 * Nothing is dropped here. A block that fails for a passing reason is tried again, as the same block under the
 * same token, until it is in, however long its senders wait; a sender that gave up and sends the same body again
 * is joined to the block it is already part of. So what was sent once is stored once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../telemetry/service/service.ts';
import { CollectorError } from '../errors.ts';
import type { CollectorMetrics } from '../metrics.ts';
import type { RowSet } from '../rows/row-set.ts';
import { Batch, type Part } from './batch.ts';
import { type Insert, isBadRows } from './insert.ts';

export interface RowBufferOptions {
  /**
   * How long a block of a table waits for more rows. A small insert into a wide table costs ClickHouse some 20 ms
   * of CPU whatever is in it, so fewer are cheaper. What the loop acts on (the SFU's samples, events) waits
   * 200 ms, what clients send 600 ms, metrics and the spans of joins, which nobody waits for, 2.5 s.
   */
  readonly lingerMs?: (table: string) => number;
  /** A block of this many rows does not wait. @default 20_000 */
  readonly maxBatchRows?: number;
  /** Rows held that are not acknowledged, as text; more are refused. @default 128 MiB */
  readonly maxBytes?: number;
  /** Inserts under way at once into one table. @default 2 */
  readonly maxInFlight?: number;
  /** How long a request waits for its rows. @default 10_000 */
  readonly patienceMs?: number;
  /** First wait before an insert is tried again; doubles up to 2 s. @default 200 */
  readonly retryMs?: number;
}

function lingerOf(table: string): number {
  if (/^rtc_(event|stats_sfu_)/.test(table)) return 200;
  return /^rtc_(metric|span)/.test(table) ? 2_500 : 600;
}

const longestRetryMs = 2_000;
/** Digests of acknowledged parts, kept so that a repeat of them is answered without another insert. */
const rememberedParts = 50_000;
const retryAfterSeconds = 2;

interface TableQueue {
  pending: Batch;
  timer: NodeJS.Timeout | undefined;
  inFlight: number;
}

export class RowBuffer {
  readonly #insert: Insert;
  readonly #metrics: CollectorMetrics;
  readonly #log: Logger;
  readonly #options: Required<RowBufferOptions>;
  readonly #queues = new Map<string, TableQueue>();
  /** Table and digest -> the part that holds or held these rows; oldest first. */
  readonly #parts = new Map<string, Part>();
  readonly #acknowledged = new Set<string>();
  #rows = 0;
  #bytes = 0;
  #failure: string | undefined;
  #draining = false;

  constructor(insert: Insert, metrics: CollectorMetrics, log: Logger, options: RowBufferOptions = {}) {
    this.#insert = insert;
    this.#metrics = metrics;
    this.#log = log;
    this.#options = {
      lingerMs: options.lingerMs ?? lingerOf,
      maxBatchRows: options.maxBatchRows ?? 20_000,
      maxBytes: options.maxBytes ?? 128 * 2 ** 20,
      maxInFlight: options.maxInFlight ?? 2,
      patienceMs: options.patienceMs ?? 10_000,
      retryMs: options.retryMs ?? 200,
    };
  }

  /** What ClickHouse said when it last failed; undefined while it takes rows. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /**
   * Resolves once ClickHouse has acknowledged every row.
   * @param digest identifies the request: the same for the same bytes from the same writer
   * @throws CollectorError `store_unavailable` (rows may yet arrive: they are held and retried, or were never
   *   taken), `overloaded` (not taken), `store_refused`
   */
  async write(digest: string, rows: RowSet): Promise<void> {
    const waits: Promise<void>[] = [];
    const fresh: [table: string, part: Part][] = [];
    for (const [table, lines] of rows.byTable) {
      const key = `${table} ${digest}`;
      if (this.#acknowledged.has(key)) continue;
      let part = this.#parts.get(key);
      if (!part) {
        const bytes = lines.reduce((sum, line) => sum + line.length, 0);
        part = { digest, lines, bytes, done: Promise.withResolvers<void>() };
        fresh.push([table, part]);
      }
      waits.push(part.done.promise);
    }
    if (fresh.length > 0) this.#admit(fresh);
    if (waits.length > 0) await this.#within(Promise.all(waits));
  }

  /** Inserts what is waiting and resolves when nothing is; gives up where the store stays away. */
  async drain(): Promise<void> {
    this.#draining = true;
    for (const [table, queue] of this.#queues) this.#flush(table, queue);
    await Promise.allSettled([...this.#parts.values()].map((part) => part.done.promise));
  }

  #admit(fresh: readonly [string, Part][]): void {
    if (this.#draining)
      throw new CollectorError('stopping', 'the collector is stopping', { retryAfterSeconds });
    if (this.#failure !== undefined) {
      throw new CollectorError('store_unavailable', 'ClickHouse does not take rows', { retryAfterSeconds });
    }
    const bytes = fresh.reduce((sum, [, part]) => sum + part.bytes, 0);
    if (this.#bytes + bytes > this.#options.maxBytes) {
      throw new CollectorError('overloaded', `${this.#bytes} bytes of rows wait for ClickHouse`, {
        retryAfterSeconds,
      });
    }
    for (const [table, part] of fresh) {
      // Waiters come and go; a part that fails after the last one left is not a fault of the process.
      part.done.promise.catch(() => undefined);
      this.#parts.set(`${table} ${part.digest}`, part);
      this.#account(part, 1);
      this.#enqueue(table, part);
    }
  }

  #enqueue(table: string, part: Part): void {
    let queue = this.#queues.get(table);
    if (!queue) {
      queue = { pending: new Batch(table), timer: undefined, inFlight: 0 };
      this.#queues.set(table, queue);
    }
    const { pending } = queue;
    pending.add(part);
    if (pending.rows >= this.#options.maxBatchRows) this.#flush(table, queue);
    else queue.timer ??= setTimeout(() => this.#flush(table, queue), this.#options.lingerMs(table));
  }

  #flush(table: string, queue: TableQueue): void {
    clearTimeout(queue.timer);
    queue.timer = undefined;
    if (queue.pending.rows === 0 || queue.inFlight >= this.#options.maxInFlight) return;
    const batch = queue.pending;
    queue.pending = new Batch(table);
    queue.inFlight++;
    void this.#store(batch).finally(() => {
      queue.inFlight--;
      // What gathered while no insert was free has waited long enough.
      if (queue.pending.rows > 0 && queue.timer === undefined) this.#flush(table, queue);
    });
  }

  /** Never rejects: each part learns its own fate. */
  async #store(batch: Batch): Promise<void> {
    const { token, lines } = batch;
    for (let retryMs = this.#options.retryMs; ; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
      const startedAt = performance.now();
      try {
        await this.#insert(batch.table, lines, token);
        this.#metrics.insertSeconds.observe((performance.now() - startedAt) / 1000);
        this.#metrics.rows.add(batch.rows, { table: batch.table });
        this.#recovered();
        for (const part of batch.parts) this.#settle(batch.table, part);
        return;
      } catch (error) {
        this.#metrics.insertFailures.add(1, { table: batch.table });
        const message = error instanceof Error ? error.message || error.name : String(error);
        if (isBadRows(error)) return this.#refuse(batch, message);
        this.#failed(batch, message);
        if (this.#draining) {
          const unavailable = new CollectorError('store_unavailable', 'ClickHouse did not take the rows');
          for (const part of batch.parts) this.#settle(batch.table, part, unavailable);
          return;
        }
        await delay(retryMs);
      }
    }
  }

  /** One request's bad row must not cost the others theirs: each is tried by itself. */
  async #refuse(batch: Batch, message: string): Promise<void> {
    this.#recovered();
    if (batch.parts.length > 1) {
      for (const part of batch.parts) await this.#store(new Batch(batch.table, [part]));
      return;
    }
    this.#log.error({ table: batch.table, rows: batch.rows, reason: message }, 'rows refused by ClickHouse');
    const refused = new CollectorError('store_refused', `ClickHouse refused rows of ${batch.table}`);
    for (const part of batch.parts) this.#settle(batch.table, part, refused);
  }

  #settle(table: string, part: Part, error?: CollectorError): void {
    const key = `${table} ${part.digest}`;
    this.#parts.delete(key);
    this.#account(part, -1);
    if (error) {
      part.done.reject(error);
      return;
    }
    this.#acknowledged.add(key);
    if (this.#acknowledged.size > rememberedParts) {
      const [oldest] = this.#acknowledged;
      this.#acknowledged.delete(oldest!);
    }
    part.done.resolve();
  }

  #account(part: Part, sign: 1 | -1): void {
    this.#rows += sign * part.lines.length;
    this.#bytes += sign * part.bytes;
    this.#metrics.bufferedRows.value = this.#rows;
    this.#metrics.bufferedBytes.value = this.#bytes;
  }

  #failed(batch: Batch, message: string): void {
    if (this.#failure === undefined) {
      this.#log.warn(
        { table: batch.table, rows: batch.rows, reason: message },
        'ClickHouse does not take rows',
      );
    }
    this.#failure = message;
  }

  #recovered(): void {
    if (this.#failure !== undefined) this.#log.info('ClickHouse takes rows again');
    this.#failure = undefined;
  }

  async #within(done: Promise<unknown>): Promise<void> {
    const patience = new AbortController();
    const tooLong = delay(this.#options.patienceMs, undefined, { signal: patience.signal }).then(() => {
      throw new CollectorError('store_unavailable', 'ClickHouse has not acknowledged the rows yet', {
        retryAfterSeconds,
      });
    });
    try {
      await Promise.race([done, tooLong]);
    } finally {
      patience.abort();
      tooLong.catch(() => undefined);
    }
  }
}

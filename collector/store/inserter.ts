/**
 * Sends blocks to ClickHouse, some of each table at once, and again until they are in: a block that fails for a
 * passing reason is tried as it was, under the same token. One that ClickHouse refuses for its rows is put aside as a
 * file, where it is not lost and does not hold up the others.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../telemetry/service/service.ts';
import type { CollectorMetrics } from '../metrics.ts';
import { type Insert, isBadRows } from './insert.ts';

export interface Block {
  readonly table: string;
  readonly rows: number;
  readonly bytes: Buffer;
  readonly token: string;
}

export interface InserterOptions {
  readonly insert: Insert;
  /** Where blocks are put that ClickHouse refuses. */
  readonly refusedDirectory: string;
  readonly metrics: CollectorMetrics;
  readonly log: Logger;
  /** Inserts under way at once into one table. */
  readonly maxInFlight: number;
  /** First wait before an insert is tried again; doubles up to 2 s. */
  readonly retryMs: number;
}

const longestRetryMs = 2_000;

export class Inserter {
  readonly #options: InserterOptions;
  readonly #queues = new Map<string, { waiting: (() => void)[]; inFlight: number }>();
  readonly #stopped = new AbortController();
  #failure: string | undefined;

  constructor(options: InserterOptions) {
    this.#options = options;
  }

  /** What ClickHouse said when it last failed; undefined while it takes rows. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** An insert could start at once. */
  isFree(table: string): boolean {
    return (this.#queues.get(table)?.inFlight ?? 0) < this.#options.maxInFlight;
  }

  /** @returns false where the inserter was stopped before ClickHouse took the block */
  async store(block: Block): Promise<boolean> {
    await this.#turn(block.table);
    try {
      return await this.#untilTaken(block);
    } finally {
      this.#next(block.table);
    }
  }

  /** Blocks that are not in yet are given up, when their present attempt fails. */
  stop(): void {
    this.#stopped.abort();
  }

  async #turn(table: string): Promise<void> {
    let queue = this.#queues.get(table);
    if (!queue) {
      queue = { waiting: [], inFlight: 0 };
      this.#queues.set(table, queue);
    }
    if (queue.inFlight < this.#options.maxInFlight) queue.inFlight++;
    else await new Promise<void>((resolve) => queue.waiting.push(resolve));
  }

  #next(table: string): void {
    const queue = this.#queues.get(table)!;
    const next = queue.waiting.shift();
    if (next) next();
    else queue.inFlight--;
  }

  async #untilTaken(block: Block): Promise<boolean> {
    const { insert, metrics, retryMs } = this.#options;
    for (let wait = retryMs; !this.#stopped.signal.aborted; wait = Math.min(wait * 2, longestRetryMs)) {
      const startedAt = performance.now();
      try {
        await insert(block.table, block.bytes, block.token);
        metrics.insertSeconds.observe((performance.now() - startedAt) / 1000);
        metrics.rows.add(block.rows, { table: block.table });
        this.#recovered();
        return true;
      } catch (error) {
        metrics.insertFailures.add(1, { table: block.table });
        const reason = error instanceof Error ? error.message || error.name : String(error);
        if (isBadRows(error)) {
          await this.#putAside(block, reason);
          return true;
        }
        this.#failed(block, reason);
        await delay(wait, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
      }
    }
    return false;
  }

  async #putAside(block: Block, reason: string): Promise<void> {
    const { refusedDirectory, log, metrics } = this.#options;
    const file = path.join(refusedDirectory, `${block.table}-${block.token.slice(0, 16)}.native`);
    await mkdir(refusedDirectory, { recursive: true, mode: 0o700 });
    await writeFile(file, block.bytes, { flush: true, mode: 0o600 });
    metrics.putAsideRows.add(block.rows, { table: block.table });
    log.error(
      { table: block.table, rows: block.rows, reason, file },
      'block refused by ClickHouse, put aside',
    );
    this.#recovered();
  }

  #failed(block: Block, reason: string): void {
    if (this.#failure === undefined) {
      this.#options.log.warn(
        { table: block.table, rows: block.rows, reason },
        'ClickHouse does not take rows',
      );
    }
    this.#failure = reason;
  }

  #recovered(): void {
    if (this.#failure !== undefined) this.#options.log.info('ClickHouse takes rows again');
    this.#failure = undefined;
  }
}

/** Deterministic: the same block of the same spool has the same token, also after a fall. */
export const blockToken = (spoolId: string, table: string, through: number): string =>
  createHash('sha256').update(`${spoolId}\n${table}\n${through}`).digest('hex');

/**
 * The queue between the node and the collector: bounded, sends within a quarter of a second, counts what it
 * takes, sends and loses. The batching is opentelemetry-js's own; the counting is not visible there.
 */
import type { Context } from '@opentelemetry/api';
import {
  BatchLogRecordProcessor,
  type LogRecordExporter,
  type LogRecordProcessor,
  type ReadableLogRecord,
  type ReadWriteLogRecord,
} from '@opentelemetry/sdk-logs';

export interface QueueCounts {
  readonly taken: number;
  readonly sent: number;
  /** Refused by the collector, or given up after retries. */
  readonly failed: number;
  /** Not taken because the queue was full. */
  readonly dropped: number;
}

/** Delay that gathers a batch, ms: the samples of one pass over a room come within less. Detection waits for it. */
const delayMs = 100;
const batchRecords = 2_048;
/**
 * Records held while the collector is away: 100 participants of a three-way call write about 1,000 a second,
 * so half a minute of them; about 40 MB.
 */
const queueRecords = 30_000;

export class LogQueue implements LogRecordProcessor {
  readonly #batches: BatchLogRecordProcessor;
  readonly #limit: number;
  #taken = 0;
  #sent = 0;
  #failed = 0;
  #dropped = 0;

  constructor(exporter: LogRecordExporter, limit: number = queueRecords) {
    this.#limit = limit;
    this.#batches = new BatchLogRecordProcessor({
      exporter: this.#counting(exporter),
      scheduledDelayMillis: delayMs,
      maxExportBatchSize: Math.min(batchRecords, limit),
      // The bound is ours, so that what it costs is counted; the one below is never reached.
      maxQueueSize: limit + 1,
      exportTimeoutMillis: 30_000,
    });
  }

  get counts(): QueueCounts {
    return { taken: this.#taken, sent: this.#sent, failed: this.#failed, dropped: this.#dropped };
  }

  onEmit(record: ReadWriteLogRecord, _context?: Context): void {
    this.take(record);
  }

  /** Not to be changed any more. */
  take(record: ReadableLogRecord): void {
    if (this.#taken - this.#sent - this.#failed >= this.#limit) {
      this.#dropped += 1;
      return;
    }
    this.#taken += 1;
    // It only keeps the record for its exporter, which reads.
    this.#batches.onEmit(record as ReadWriteLogRecord);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }

  #counting(exporter: LogRecordExporter): LogRecordExporter {
    return {
      export: (records: ReadableLogRecord[], done) =>
        exporter.export(records, (result) => {
          if (result.code === 0) this.#sent += records.length;
          else this.#failed += records.length;
          done(result);
        }),
      forceFlush: () => exporter.forceFlush(),
      shutdown: () => exporter.shutdown(),
    };
  }
}

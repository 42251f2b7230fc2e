/** The queue on which the node asks for recorders. */
import { Queue } from 'bullmq';
import { queueNames, queuePrefix } from '../../telemetry/queues.ts';
import type { RecordJob } from '../../telemetry/recording.ts';

export class RecordQueue {
  readonly #queue: Queue<RecordJob>;

  constructor(redisUrl: string) {
    this.#queue = new Queue<RecordJob>(queueNames.record, {
      // With Redis away an add fails at once; whoever wants a recorder asks again.
      connection: {
        url: redisUrl,
        retryStrategy: (times) => Math.min(2_000, 100 * times),
        enableOfflineQueue: false,
        maxRetriesPerRequest: 1,
      },
      prefix: queuePrefix,
    });
    this.#queue.on('error', () => {});
  }

  /** One job a call waits at a time. */
  async add(job: RecordJob): Promise<void> {
    await this.#queue.add('record', job, {
      deduplication: { id: `record-${job.callId}` },
      removeOnComplete: true,
      removeOnFail: { count: 100, age: 24 * 3_600 },
    });
  }

  close(): Promise<void> {
    return this.#queue.close().catch(() => {});
  }
}

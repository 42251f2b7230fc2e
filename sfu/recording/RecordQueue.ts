/** The queue on which the node asks for recorders. */
import { Queue } from 'bullmq';
import { queueNames, queuePrefix } from '../../telemetry/queues.ts';
import type { RecordJob } from '../../telemetry/recording.ts';
import { failsAtOnce } from '../../telemetry/service/redis.ts';

export class RecordQueue {
  readonly #queue: Queue<RecordJob>;

  constructor(redisUrl: string) {
    this.#queue = new Queue<RecordJob>(queueNames.record, {
      connection: { url: redisUrl, ...failsAtOnce },
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

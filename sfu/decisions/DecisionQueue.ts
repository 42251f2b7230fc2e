/**
 * The node's queue from the pipelines (`sfu-<node>`, BullMQ). Redis may be absent, go away and come back:
 * that is logged once per outage and disturbs nothing else. Jobs are checked here, and never retried: a
 * decision that could not be carried out at once has lost its meaning.
 */
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { queueNames, queuePrefix, type SfuMessage, sfuMessageSchema } from '../../telemetry/queues.ts';
import { waitsThrough } from '../../telemetry/service/redis.ts';
import type { Logger } from '../../telemetry/service/service.ts';

export interface DecisionQueueOptions {
  readonly redisUrl: string;
  readonly nodeId: string;
  readonly log: Logger;
  readonly onMessage: (message: SfuMessage) => void;
}

/** A stop does not wait for a Redis that is away. */
const closeLimitMs = 2_000;

export class DecisionQueue {
  readonly #worker: Worker;
  readonly #redis: Redis;
  readonly #log: Logger;
  #state: 'connecting' | 'connected' | 'away' | 'stopped' = 'connecting';

  constructor({ redisUrl, nodeId, log, onMessage }: DecisionQueueOptions) {
    this.#log = log;
    // A connection of our own: BullMQ's worker tells of its first connection only, not of its return.
    this.#redis = new Redis(redisUrl, waitsThrough);
    this.#redis.on('ready', () => this.#found());
    this.#redis.on('error', (error: Error) => this.#lost(error));
    this.#redis.on('close', () => this.#lost(new Error('connection closed')));
    this.#worker = new Worker(
      queueNames.sfu(nodeId),
      async (job) => {
        const message = sfuMessageSchema.safeParse(job.data);
        if (!message.success) {
          log.warn(
            { jobId: job.id, issues: message.error.issues.slice(0, 3) },
            'message on the queue refused',
          );
          return 'malformed';
        }
        onMessage(message.data);
        return 'taken';
      },
      {
        connection: this.#redis,
        prefix: queuePrefix,
        // Decisions for one participant must keep their order.
        concurrency: 1,
        removeOnComplete: { count: 100 },
        removeOnFail: { count: 100 },
      },
    );
    this.#worker.on('error', (error) => this.#lost(error));
    this.#worker.on('failed', (job, error) =>
      log.error({ jobId: job?.id, err: error }, 'message on the queue failed'),
    );
  }

  /** Whether decisions can arrive; the node is ready without. */
  get connected(): boolean {
    return this.#state === 'connected';
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeLimitMs);
    });
    await Promise.race([this.#worker.close(true).catch(() => {}), limit]);
    clearTimeout(timer);
    this.#redis.disconnect();
  }

  #lost(error: Error): void {
    if (this.#state === 'away' || this.#state === 'stopped') return;
    this.#state = 'away';
    this.#log.warn({ error: error.message }, 'decision queue is away; calls go on without it');
  }

  #found(): void {
    if (this.#state === 'away') this.#log.info('decision queue is back');
    this.#state = 'connected';
  }
}

/** BullMQ as recorder and finisher use it: jobs are only a push, what is to be done stands on the disk. */
import { type JobsOptions, Queue, Worker } from 'bullmq';
import { queuePrefix } from '../telemetry/queues.ts';
import { failsAtOnce, waitsThrough } from '../telemetry/service/redis.ts';
import type { Logger } from '../telemetry/service/service.ts';

export interface QueueSettings {
  readonly redisUrl: string;
  /** @default callscope */
  readonly prefix?: string | undefined;
  readonly log: Logger;
}

/** Two renewals may fail before a worker counts as dead; then its job is another's within the check below. */
const lockMs = 6_000;
const stalledCheckMs = 3_000;
/** A job that kills its worker each time is looked for on the disk again, but not at once. */
const maxStalled = 10;
/** 1, 2, 4 … 60 s, as long as it takes: a store may be away for hours. */
const retriedForever = { attempts: 1_000_000, backoff: { type: 'patient' } };
const patient = (attempt: number) => Math.min(60_000, 1_000 * 2 ** Math.min(attempt - 1, 6));

export class JobQueue<Data extends object> {
  readonly #queue: Queue<Data>;

  constructor(name: string, { redisUrl, prefix = queuePrefix }: QueueSettings) {
    this.#queue = new Queue<Data>(name, { connection: { url: redisUrl, ...failsAtOnce }, prefix });
    this.#queue.on('error', () => {});
  }

  /** One job of an id at a time; false while Redis is away, whoever adds looks at the disk again later. */
  async add(id: string, data: Data): Promise<boolean> {
    const options: JobsOptions = {
      jobId: id,
      ...retriedForever,
      removeOnComplete: true,
      removeOnFail: true,
    };
    return (this.#queue as Queue<object>).add('do', data, options).then(
      () => true,
      () => false,
    );
  }

  async depth(): Promise<number> {
    return this.#queue.getJobCountByTypes('waiting', 'active', 'delayed');
  }

  close(): Promise<void> {
    return this.#queue.close().catch(() => {});
  }
}

/** @param work rejects to be called again later */
export function openWorker(
  name: string,
  work: (data: unknown) => Promise<void>,
  { redisUrl, prefix = queuePrefix, log, concurrency }: QueueSettings & { readonly concurrency: number },
): Worker {
  const worker = new Worker(name, async (job) => work(job.data), {
    connection: { url: redisUrl, ...waitsThrough },
    prefix,
    concurrency,
    lockDuration: lockMs,
    stalledInterval: stalledCheckMs,
    maxStalledCount: maxStalled,
    drainDelay: 2,
    settings: { backoffStrategy: patient },
  });
  worker.on('error', () => {});
  worker.on('failed', (job, error) =>
    log.warn(
      { queue: name, job: job?.data, attempt: job?.attemptsMade, err: error },
      'not done; tried again',
    ),
  );
  worker.on('stalled', (jobId) =>
    log.warn({ queue: name, jobId }, 'job taken over from a worker that is gone'),
  );
  return worker;
}

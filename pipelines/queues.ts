/**
 * The queues on Redis: work in flight and messages to the SFUs, nothing that could not be made anew. A job is
 * known by what it is about (deduplication id), so that it is never twice on the queue; it is free again once
 * done or failed, and the next look at the work list adds it again if it is still due.
 */
import { type JobsOptions, Queue, Worker } from 'bullmq';
import {
  type DeliverJob,
  type DetectJob,
  queueNames,
  queuePrefix,
  type ScoreJob,
  type SfuMessage,
  sfuMessageSchema,
  type WebhookJob,
} from '../telemetry/queues.ts';
import { type RelayOrder, type SignedOrder, signOrder } from '../telemetry/relays.ts';
import { failsAtOnce, waitsThrough } from '../telemetry/service/redis.ts';
import type { Logger } from '../telemetry/service/service.ts';

/** A worker that died is noticed after this; shorter, and one that is merely starved of CPU counts as dead. */
const lockMs = 6_000;
const stalledCheckMs = 3_000;
/** A job whose worker dies again and again is given up; the work list will make a new one. */
const maxStalled = 10;
/** Twice a minute, so that a minute is evaluated at most half a one after it settled. */
const evaluateEveryMs = 30_000;
/** 1, 2, 4 … 128 s; the tick adds it again after that. */
const deliverAttempts = 9;
/** Kept to be looked at; they hold no work. */
const keptFailed = { count: 200, age: 24 * 3_600 };

export interface QueueSettings {
  readonly redisUrl: string;
  /** @default callscope */
  readonly prefix?: string | undefined;
  readonly log: Logger;
}

export class Queues {
  readonly score: Queue<ScoreJob>;
  readonly detect: Queue<DetectJob>;
  readonly evaluate: Queue<object>;
  readonly deliver: Queue<DeliverJob>;
  readonly webhook: Queue<WebhookJob>;
  readonly scale: Queue<object>;
  readonly fleetWebhook: Queue<RelayOrder>;
  readonly #orders = new Map<string, Queue<SignedOrder>>();
  readonly #sfu = new Map<string, Queue<SfuMessage>>();
  readonly #settings: QueueSettings;
  #away = false;

  constructor(settings: QueueSettings) {
    this.#settings = settings;
    this.score = this.#open(queueNames.score);
    this.detect = this.#open(queueNames.detect);
    this.evaluate = this.#open(queueNames.evaluate);
    this.deliver = this.#open(queueNames.deliver);
    this.webhook = this.#open(queueNames.webhook);
    this.scale = this.#open(queueNames.scale);
    this.fleetWebhook = this.#open(queueNames.fleetWebhook);
  }

  /** Windows of the live call go before those that were missed. */
  async addScore(job: ScoreJob, priority: 'live' | 'missed'): Promise<void> {
    await this.#add(this.score, 'score', job, {
      deduplication: { id: `score-${job.windowStart}-${job.shard}` },
      priority: priority === 'live' ? 1 : 10,
      attempts: 3,
      backoff: { type: 'exponential', delay: 1_000 },
      removeOnComplete: true,
      removeOnFail: keptFailed,
    });
  }

  /** One per shard at a time. Not retried: the next second's job covers it. */
  async addDetect(job: DetectJob): Promise<void> {
    await this.#add(this.detect, 'detect', job, {
      deduplication: { id: `detect-${job.shard}` },
      removeOnComplete: true,
      removeOnFail: keptFailed,
    });
  }

  /**
   * Makes the queue add one `evaluate` job per tick, however many processes ask for it. It is a key in Redis, so it is
   * asked for again and again; one that is there stays as it is, and its next tick is not put off.
   * @param everyMs for tests
   */
  async scheduleEvaluation(everyMs = evaluateEveryMs): Promise<void> {
    if (await this.evaluate.getJobScheduler('evaluate')) return;
    await this.evaluate.upsertJobScheduler(
      'evaluate',
      { every: everyMs },
      // Not retried: the next tick covers it.
      { name: 'evaluate', data: {}, opts: { removeOnComplete: true, removeOnFail: keptFailed } },
    );
  }

  /** One per receiver at a time; while it waits to be tried again, another changes nothing. */
  async addDeliver(job: DeliverJob): Promise<void> {
    await this.#add(this.deliver, 'deliver', job, {
      deduplication: { id: `deliver-${job.receiver}` },
      attempts: deliverAttempts,
      backoff: { type: 'exponential', delay: 1_000 },
      removeOnComplete: true,
      removeOnFail: keptFailed,
    });
  }

  /** One look at the TURN fleet per tick, as with the evaluation; another interval takes the place of the one before. */
  async scheduleScaling(everyMs: number): Promise<void> {
    if ((await this.scale.getJobScheduler('scale'))?.every === everyMs) return;
    await this.scale.upsertJobScheduler(
      'scale',
      { every: everyMs },
      // Not retried: the next look covers it.
      { name: 'scale', data: {}, opts: { removeOnComplete: true, removeOnFail: keptFailed } },
    );
  }

  /** To the relays beside a local driver. Not retried: an order once taken must not be taken again. */
  async sendOrder(order: RelayOrder, secret: string): Promise<void> {
    const { region } = order;
    let queue = this.#orders.get(region);
    if (!queue) {
      queue = this.#open<SignedOrder>(queueNames.fleetOrders(region));
      this.#orders.set(region, queue);
    }
    await this.#add(queue, 'order', signOrder(order, secret), {
      removeOnComplete: true,
      removeOnFail: keptFailed,
    });
  }

  /** One per hook at a time. */
  async addWebhook(job: WebhookJob): Promise<void> {
    await this.#add(this.webhook, 'webhook', job, {
      deduplication: { id: `webhook-${job.hookId}` },
      attempts: deliverAttempts,
      backoff: { type: 'exponential', delay: 1_000 },
      removeOnComplete: true,
      removeOnFail: keptFailed,
    });
  }

  /** Tried again until the order is too old. */
  async addFleetWebhook(order: RelayOrder): Promise<void> {
    await this.#add(this.fleetWebhook, 'order', order, {
      attempts: deliverAttempts,
      backoff: { type: 'exponential', delay: 1_000 },
      removeOnComplete: true,
      removeOnFail: keptFailed,
    });
  }

  async send(sfuNodeId: string, message: SfuMessage): Promise<void> {
    let queue = this.#sfu.get(sfuNodeId);
    if (!queue) {
      queue = this.#open<SfuMessage>(queueNames.sfu(sfuNodeId));
      this.#sfu.set(sfuNodeId, queue);
    }
    // Checked on both sides: what the SFU would refuse is our fault and is told here.
    await this.#add(queue, message.type, sfuMessageSchema.parse(message), {
      // A decision overtakes whatever else waits there.
      ...(message.type === 'decision' ? {} : { priority: 10 }),
      removeOnComplete: true,
      removeOnFail: keptFailed,
    });
  }

  /** Why work cannot be handed out; empty when it can. */
  async notReady(): Promise<string> {
    try {
      await within(1_000, this.score.getJobCounts('active'));
      return '';
    } catch (error) {
      return `Redis does not answer: ${(error as Error).message}`;
    }
  }

  async close(): Promise<void> {
    const all = [
      this.score,
      this.detect,
      this.evaluate,
      this.deliver,
      this.webhook,
      this.scale,
      this.fleetWebhook,
      ...this.#orders.values(),
      ...this.#sfu.values(),
    ];
    await within(2_000, Promise.allSettled(all.map((queue) => queue.close()))).catch(() => {});
  }

  async #add<Data>(queue: Queue<Data>, name: string, data: Data, options: JobsOptions): Promise<void> {
    await (queue as Queue<unknown>).add(name, data, options);
    if (this.#away) this.#settings.log.info('Redis is back');
    this.#away = false;
  }

  #open<Data>(name: string): Queue<Data> {
    const { redisUrl, prefix = queuePrefix, log } = this.#settings;
    const queue = new Queue<Data>(name, { connection: { url: redisUrl, ...failsAtOnce }, prefix });
    queue.on('error', (error) => {
      if (!this.#away) log.warn({ error: error.message }, 'Redis is away; work waits in ClickHouse');
      this.#away = true;
    });
    return queue;
  }
}

/** A worker on one of our queues. */
export function openWorker<Data>(
  name: string,
  work: (data: unknown) => Promise<void>,
  settings: QueueSettings & { readonly concurrency: number },
): Worker<Data> {
  const { redisUrl, prefix = queuePrefix, log, concurrency } = settings;
  const worker = new Worker<Data>(name, async (job) => work(job.data), {
    connection: { url: redisUrl, ...waitsThrough },
    prefix,
    concurrency,
    lockDuration: lockMs,
    stalledInterval: stalledCheckMs,
    maxStalledCount: maxStalled,
    runRetryDelay: 1_000,
    drainDelay: 2,
  });
  // Without a listener an outage of Redis would end the process; it is logged by the queues.
  worker.on('error', () => {});
  worker.on('failed', (job, error) =>
    log.error(
      { queue: name, jobId: job?.id, job: job?.data, attempt: job?.attemptsMade, err: error },
      'job failed',
    ),
  );
  worker.on('stalled', (jobId) =>
    log.warn({ queue: name, jobId }, 'job taken over from a worker that is gone'),
  );
  return worker;
}

/** @throws when it takes longer */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

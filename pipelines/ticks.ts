/** The pipelines' heartbeat: looks every few seconds at what is due in ClickHouse and puts it on the queues. */
import type { Queue } from 'bullmq';
import type { Logger } from '../telemetry/service/service.ts';
import { Looks } from './looks.ts';
import type { PipelinesMetrics } from './metrics.ts';
import { type Queues, within } from './queues.ts';
import { readSql, type Store } from './store/store.ts';
import { every, type Ticker } from './ticker.ts';
import { givenUpMs, makeNotices } from './webhooks/notices.ts';
import { dueWindows, lastSettled, lookEveryMs, settleMs, windowMs } from './worklist.ts';

/** Costs nothing unless a window has settled since the last look. */
const scoreEveryMs = 250;
const missedEveryMs = 30_000;
const missedRetryMs = 1_000;
const queueStateEveryMs = 5_000;
/** Calls without samples for so long need no more looking at: their incidents have been ended. */
const activeMs = 120_000;
/** Notices are handed out as soon as they are made; this finds what was left. */
const alertsEveryMs = 5_000;
const webhooksEveryMs = 5_000;
/** With Redis away an add must not hold the tick. */
const addLimitMs = 2_000;

const activeShardsSql = readSql('active-shards.sql');
const alertReceiversSql = readSql('alert-receivers.sql');
const webhooksWaitingSql = readSql('webhook-waiting.sql');

export interface TickContext {
  readonly store: Store;
  readonly queues: Queues;
  readonly metrics: PipelinesMetrics;
  readonly shards: number;
  readonly log: Logger;
  readonly now: () => number;
  /** Between two looks at the TURN fleet, ms; undefined: it is not ours to scale. */
  readonly scaleEveryMs: number | undefined;
  /** Undefined: nobody's hooks are told. `pageBase`: of the inspector, '' without one. */
  readonly webhooks: { readonly pageBase: string } | undefined;
}

type WebhookTickContext = Pick<TickContext, 'store' | 'queues' | 'webhooks' | 'now'>;

export function startTicks(context: TickContext): Ticker {
  const failing = new Map<string, boolean>();
  const tick = (name: string, intervalMs: number, work: (context: TickContext) => Promise<void>) =>
    every(
      intervalMs,
      async () => {
        await work(context);
        if (failing.get(name)) context.log.info({ tick: name }, 'works again');
        failing.set(name, false);
      },
      (error) => {
        // Once per outage: the same fault every second helps nobody.
        if (!failing.get(name))
          context.log.warn({ tick: name, err: error }, 'failed; tried again every time');
        failing.set(name, true);
      },
    );
  const tickers = [
    tick('detect', lookEveryMs, lookAtCalls()),
    tick('score', scoreEveryMs, lookForSettled()),
    tick('score missed', missedRetryMs, lookForMissed()),
    tick('queue state', queueStateEveryMs, readQueueState),
    tick('alerts', alertsEveryMs, handOutAlerts),
    tick('scale', alertsEveryMs, scheduleScaling),
    tick('webhooks', webhooksEveryMs, handOutWebhooks),
  ];
  return {
    async stop() {
      await Promise.all(tickers.map((ticker) => ticker.stop()));
    },
  };
}

/** Once per window, as soon as it has settled, and again until one look has worked. */
function lookForSettled(): (context: TickContext) => Promise<void> {
  let looked = Number.NEGATIVE_INFINITY;
  return async (context) => {
    const settled = lastSettled(context.now());
    if (settled <= looked) return;
    await addScoreJobs(context, 'recent');
    looked = settled;
  };
}

/** The long look: at once after a start, every half minute then, and every second until one has worked. */
function lookForMissed(): (context: TickContext) => Promise<void> {
  let lookedAt = 0;
  return async (context) => {
    if (context.now() - lookedAt < missedEveryMs) return;
    await addScoreJobs(context, 'all');
    lookedAt = context.now();
  };
}

/** Shards of which any call has news; which of their calls are due is the job's to say. */
function lookAtCalls(): (context: TickContext) => Promise<void> {
  const looks = new Looks(0);
  return async ({ store, queues, shards, now }) => {
    const active = await store.query<{ shard: number; newest_sfu: number }>(activeShardsSql, {
      from: now() - activeMs,
      shards,
    });
    const throughMs = now();
    for (const { shard, newest_sfu } of active) {
      if (looks.due(String(shard), newest_sfu, throughMs))
        await within(addLimitMs, queues.addDetect({ throughMs, shard }));
    }
  };
}

async function addScoreJobs(
  { store, queues, metrics, shards, now }: TickContext,
  reach: 'recent' | 'all',
): Promise<void> {
  const nowMs = now();
  const due = await dueWindows(store, { nowMs, shards, reach });
  const waiting = due
    .filter((d) => d.scored_rows === 0)
    .map((d) => nowMs - d.window_start - windowMs - settleMs);
  if (reach === 'recent' || waiting.length > 0) metrics.windowLag(Math.max(0, ...waiting));
  for (const { window_start, shard } of due) {
    await within(
      addLimitMs,
      queues.addScore({ windowStart: window_start, windowMs, shard }, reach === 'recent' ? 'live' : 'missed'),
    );
  }
}

export async function handOutAlerts({ store, queues }: TickContext): Promise<void> {
  await within(addLimitMs, queues.scheduleEvaluation());
  for (const { receiver } of await store.query<{ receiver: string }>(alertReceiversSql, {}))
    await within(addLimitMs, queues.addDeliver({ receiver }));
}

/** Makes what hooks are to be told, and sees that they are; nothing without a secret to sign with. */
export async function handOutWebhooks({ store, queues, webhooks, now }: WebhookTickContext): Promise<void> {
  if (!webhooks) return;
  await makeNotices(store, now(), webhooks.pageBase);
  for (const { hook_id } of await store.query<{ hook_id: string }>(webhooksWaitingSql, {
    since: now() - givenUpMs,
  }))
    await within(addLimitMs, queues.addWebhook({ hookId: hook_id }));
}

/** The schedule is a key in Redis: asked for again and again. */
async function scheduleScaling({ queues, scaleEveryMs }: TickContext): Promise<void> {
  if (scaleEveryMs !== undefined) await within(addLimitMs, queues.scheduleScaling(scaleEveryMs));
}

async function readQueueState({ queues, metrics, now }: TickContext): Promise<void> {
  const { score, detect, evaluate, deliver, webhook, scale, fleetWebhook } = queues;
  for (const queue of [score, detect, evaluate, deliver, webhook, scale, fleetWebhook] as Queue<unknown>[]) {
    const counts = await within(
      addLimitMs,
      queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active'),
    );
    // What waits for its time is not late: schedules and retries are `delayed`.
    const [oldest] = await within(addLimitMs, queue.getJobs(['waiting', 'prioritized'], 0, 0, true));
    const depth = Object.values(counts).reduce((sum, count) => sum + count, 0);
    metrics.queueState(queue.name, depth, oldest ? now() - oldest.timestamp : 0);
  }
}

/**
 * The `score` job: judges every stream of one shard's calls in one 5 s window and writes what it found, once.
 *
 * A repeat is harmless at every step. A window whose rows were all scored before is left at once. A score that
 * stands already is written again (revision raised) only where late data changed it. The insert's token says
 * what stood there before, so that of two workers on one window only one writes.
 */
import { heldVideo } from '../quality/decisions.ts';
import { joinPaths } from '../quality/paths.ts';
import { scoreWindow } from '../quality/windows.ts';
import { type ScoreJob, scoreJobSchema } from '../telemetry/queues.ts';
import type { DecisionRow, IncidentRow, StreamScoreRow } from '../telemetry/rows.ts';
import type { Logger } from '../telemetry/service/service.ts';
import { PipelinesError } from './errors.ts';
import { qualityOf } from './quality-message.ts';
import type { Queues } from './queues.ts';
import { type CallKey, callParameters, keyOf, readCalls } from './store/samples.ts';
import { minuteSqls, readSql, type Store } from './store/store.ts';
import { summarise } from './summaries.ts';

/** Samples before and after the window that its first and last differences need. */
const marginMs = 4_500;
/** Windows older than this are history: nobody's quality dot changes by them. */
const liveMs = 20_000;
const minuteMs = 60_000;
/** Less than this on the MOS scales is not another verdict. */
const mosStep = 0.1;

const windowCallsSql = readSql('window-calls.sql');
const windowRunSql = readSql('window-run.sql');
const scoredSql = readSql('scored.sql');
const incidentsSql = readSql('incidents.sql');
const decisionsSql = readSql('decisions.sql');

export interface ScoreContext {
  readonly store: Store;
  readonly queues: Pick<Queues, 'send'>;
  readonly shards: number;
  readonly log: Logger;
  readonly now: () => number;
}

type Standing = Pick<
  StreamScoreRow,
  | 'tenant_id'
  | 'call_id'
  | 'point'
  | 'kind'
  | 'producer_id'
  | 'consumer_id'
  | 'mos'
  | 'unclassified'
  | 'revision'
>;

/** @throws PipelinesError */
export async function score(data: unknown, context: ScoreContext): Promise<void> {
  const parsed = scoreJobSchema.safeParse(data);
  if (!parsed.success) throw new PipelinesError('bad_job', `score job: ${parsed.error.message}`);
  const job = parsed.data;
  const { store, shards } = context;
  const part = { windowStart: job.windowStart, shard: job.shard, shards };
  const [calls, [run]] = await Promise.all([
    store.query<CallKey & { rows: number }>(windowCallsSql, part),
    store.query<{ rows: number; revision: number }>(windowRunSql, part),
  ]);
  const rows = calls.reduce((sum, call) => sum + call.rows, 0);
  if (calls.length === 0 || rows <= (run?.rows ?? 0)) return;

  const named = callParameters(calls);
  const [samples, standing, decisions, incidents] = await Promise.all([
    readCalls(store, calls, {
      fromMs: job.windowStart - marginMs,
      toMs: job.windowStart + job.windowMs + marginMs,
    }),
    store.query<Standing>(scoredSql, { ...named, windowStart: job.windowStart }),
    store.query<DecisionRow>(decisionsSql, { ...named, since: job.windowStart - 600_000 }),
    store.query<IncidentRow>(incidentsSql, { ...named, endedSince: job.windowStart }),
  ]);

  const scoredAt = context.now();
  const found = calls.flatMap((call) =>
    scoreWindow(joinPaths(samples.get(keyOf(call))!), {
      tenantId: call.tenant_id,
      callId: call.call_id,
      windowStart: job.windowStart,
      windowMs: job.windowMs,
      scoredAt,
      revision: 1,
      audioOnly: audioOnlyReceivers(decisions, call, job),
    }),
  );
  const changed = whatChanged(found, standing);
  const revision = (run?.revision ?? 0) + 1;
  await store.insert(
    'stream_score',
    changed,
    `score/${job.windowStart}/${job.shard}/${shards}/${revision}/${standing.length}`,
  );
  // Before the window counts as scored: of two windows of a minute whichever ends last writes what both have.
  const minute = Math.floor(job.windowStart / minuteMs) * minuteMs;
  for (const sql of minuteSqls) await store.command(sql, { ...named, from: minute, to: minute + minuteMs });
  await store.insert('window_run', [
    { window_start: job.windowStart, shard: job.shard, shards, rows, scored_at: scoredAt, revision },
  ]);
  context.log.debug(
    { windowStart: job.windowStart, shard: job.shard, calls: calls.length, rows: changed.length, revision },
    'window scored',
  );

  await summarise(store, calls, job.windowStart);
  if (scoredAt - job.windowStart - job.windowMs < liveMs) {
    for (const call of calls) await tellQuality(call, found, incidents, context);
  }
}

/** Jobs with the same key must not run at once. */
export const scoreKey = (data: unknown): string => {
  const job = data as Partial<ScoreJob> | null;
  return `${job?.windowStart}-${job?.shard}`;
};

/** Receivers who by our decision had no video in any part of the window. */
function audioOnlyReceivers(
  decisions: readonly DecisionRow[],
  call: CallKey,
  { windowStart, windowMs }: ScoreJob,
): Set<string> {
  const held = decisions.filter(
    (d) =>
      d.call_id === call.call_id &&
      d.applied_at !== null &&
      heldVideo(d, windowStart, windowStart + windowMs),
  );
  return new Set(held.filter((d) => d.kind === 'audio_only').map((d) => d.participant_id));
}

const rowKey = (row: Standing): string =>
  [row.tenant_id, row.call_id, row.point, row.kind, row.producer_id, row.consumer_id].join('\n');

/** New scores, and those that late data changed. */
function whatChanged(found: readonly StreamScoreRow[], standing: readonly Standing[]): StreamScoreRow[] {
  const stood = new Map(standing.map((row) => [rowKey(row), row]));
  return found.flatMap((row) => {
    const before = stood.get(rowKey(row));
    if (!before) return [row];
    const same =
      before.mos === null || row.mos === null
        ? before.mos === row.mos
        : Math.abs(before.mos - row.mos) < mosStep;
    return same ? [] : [{ ...row, revision: before.revision + 1 }];
  });
}

async function tellQuality(
  call: CallKey,
  found: readonly StreamScoreRow[],
  incidents: readonly IncidentRow[],
  { queues, log }: ScoreContext,
): Promise<void> {
  const own = found.filter((row) => row.call_id === call.call_id && row.tenant_id === call.tenant_id);
  const nodes = new Set(own.map((row) => row.sfu_node_id).filter((id) => id !== ''));
  const message = qualityOf(
    call,
    own,
    incidents.filter((i) => i.call_id === call.call_id && i.ended_at === null),
  );
  if (message.participants.length === 0) return;
  for (const node of nodes) {
    // The scores are what counts and they are written; a dot that is late is no reason to do it all again.
    await queues
      .send(node, message)
      .catch((error: unknown) => log.warn({ node, err: error }, 'quality not sent'));
  }
}

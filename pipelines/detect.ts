/**
 * The `detect` job: brings one shard's incidents up to now, second by second where it fell behind, and steers.
 *
 * Everything it knows comes from the store: the trailing samples, the incidents and decisions that stand. So a
 * restart anywhere changes nothing but the time it happens. The past is judged (its incidents are written) but
 * never steered: a decision about it would come too late to help.
 */
import { adopt } from '../quality/adoption.ts';
import { detectors } from '../quality/detectors/list.ts';
import { type CallFeatures, callFeatures } from '../quality/features/call.ts';
import { historyMs, sourceHistoryMs } from '../quality/features/trailing.ts';
import { endIncidents, followIncidents } from '../quality/incidents.ts';
import { joinPaths } from '../quality/paths.ts';
import type { CallSamples } from '../quality/samples.ts';
import type { LoopMode } from '../telemetry/loop.ts';
import { detectJobSchema } from '../telemetry/queues.ts';
import type { DecisionRow, IncidentRow } from '../telemetry/rows.ts';
import type { Logger } from '../telemetry/service/service.ts';
import { PipelinesError } from './errors.ts';
import type { Looks } from './looks.ts';
import type { Queues } from './queues.ts';
import { measureOutcomes, steer } from './steer.ts';
import { type CallKey, callParameters, keyOf, namesOf, readCalls } from './store/samples.ts';
import { readSql, type Store } from './store/store.ts';
import type { Watermarks } from './watermarks.ts';
import { latenessMs, windowMs } from './worklist.ts';

/** The live step covers a missed tick; further back it goes second by second. */
const liveGapMs = 5_000;
const stepMs = 1_000;
/** So much past is judged from one read. */
const chunkMs = 60_000;
/** A judgement older than this is history. */
const steerWithinMs = 5_000;
/** Without samples for this long a call is over, and what was open in it with it. */
const callOverMs = 60_000;
/** Ended incidents still explain their effects, and keep a moment judged again from opening them twice. */
const endedKeptMs = 120_000;
/** Decisions that still bear on new ones: relapses are counted over this. */
export const decisionsKeptMs = 600_000;

const activeCallsSql = readSql('active-calls.sql');
const nextArrivalSql = readSql('next-arrival.sql');
const incidentsSql = readSql('incidents.sql');
const decisionsSql = readSql('decisions.sql');

export interface DetectContext {
  readonly store: Store;
  readonly queues: Pick<Queues, 'send'>;
  readonly watermarks: Watermarks;
  readonly looks: Looks;
  readonly shards: number;
  readonly loopMode: LoopMode;
  readonly log: Logger;
  readonly now: () => number;
}

/** @throws PipelinesError */
export async function detect(data: unknown, context: DetectContext): Promise<void> {
  const parsed = detectJobSchema.safeParse(data);
  if (!parsed.success) throw new PipelinesError('bad_job', `detect job: ${parsed.error.message}`);
  const { shard, throughMs } = parsed.data;
  const { watermarks } = context;
  let from = Math.max((await watermarks.read(shard)) ?? 0, throughMs - latenessMs);
  while (throughMs - from > liveGapMs) {
    // Nothing to judge until the next samples: skip the silence.
    const next = await nextArrival(context, shard, from - windowMs);
    if (next === undefined || next > throughMs - liveGapMs) break;
    from = Math.max(from, Math.floor(next / stepMs) * stepMs);
    const to = Math.min(from + chunkMs, throughMs);
    await judge(context, shard, steps(from, to));
    await watermarks.advance(shard, to);
    from = to;
  }
  if (throughMs > from) {
    await judge(context, shard, [throughMs], (call) => isDue(call, throughMs, context));
    await watermarks.advance(shard, throughMs);
    context.looks.forget(throughMs);
  }
}

function steps(from: number, to: number): number[] {
  const moments: number[] = [];
  for (let at = from + stepMs; at < to; at += stepMs) moments.push(at);
  return [...moments, to];
}

async function nextArrival(context: DetectContext, shard: number, from: number): Promise<number | undefined> {
  const { store, shards } = context;
  const [row] = await store.query<{ next_window: number; found: number }>(nextArrivalSql, {
    from,
    shard,
    shards,
  });
  return row && row.found > 0 ? row.next_window : undefined;
}

/** A call without SFU samples is looked at at the slower pace of silence. */
const isDue = (call: ActiveCall, atMs: number, { looks }: DetectContext): boolean =>
  looks.due(keyOf(call), call.newest_sfu, atMs);

/** Judges the calls of the shard that are asked for at each of these moments, oldest first. */
async function judge(
  context: DetectContext,
  shard: number,
  moments: readonly number[],
  asked: (call: ActiveCall) => boolean = () => true,
): Promise<void> {
  const { store, shards, now } = context;
  const first = moments[0]!;
  const last = moments.at(-1)!;
  const all = await store.query<ActiveCall>(activeCallsSql, {
    from: first - callOverMs - 2 * windowMs,
    to: last,
    shard,
    shards,
  });
  const active = all.filter(asked);
  if (active.length === 0) return;
  const named = callParameters(active);
  const decisionsSince = first - decisionsKeptMs;
  const [samples, incidents, decisions] = await Promise.all([
    readCalls(store, active, {
      fromMs: first - historyMs - windowMs,
      toMs: last + 1,
      sourcesFromMs: first - sourceHistoryMs - stepMs,
    }),
    store.query<IncidentRow>(incidentsSql, { ...named, endedSince: first - endedKeptMs }),
    store.query<DecisionRow>(decisionsSql, { ...named, since: decisionsSince }),
  ]);
  for (const call of active) {
    const state: CallState = {
      samples: samples.get(keyOf(call))!,
      incidents: incidents.filter((i) => i.call_id === call.call_id && i.tenant_id === call.tenant_id),
      decisions: decisions.filter((d) => d.call_id === call.call_id && d.tenant_id === call.tenant_id),
    };
    await adoptReflexes(state, decisionsSince, context);
    const held = carriedOut(state, context);
    const { features, rows } = judgeCall(state, held, moments, call.last_window + windowMs);
    const live = now() - last < steerWithinMs;
    // At once: the decision need not wait for the incident's row.
    const writing = writeIncidents(live ? rows.map((row) => foundNow(row, now())) : rows, context);
    const steering = features && live ? steer(features, state, context) : undefined;
    await Promise.all([writing, steering]);
    if (steering) await measureOutcomes(call, state.decisions, context);
  }
}

type ActiveCall = CallKey & { readonly last_window: number; readonly newest_sfu: number };

/** The incident is written first: a decision that is known is the mark that both are. */
async function adoptReflexes(state: CallState, sinceMs: number, context: DetectContext): Promise<void> {
  const taken = adopt(state.samples.events, state.incidents, state.decisions, sinceMs);
  if (taken.decisions.length === 0) return;
  await writeIncidents(taken.incidents, context);
  await context.store.insert('decision', taken.decisions);
  state.incidents = merged(state.incidents, taken.incidents);
  state.decisions = [...state.decisions, ...taken.decisions];
}

/** Found when its judgement is done, not at the moment judged; the past is told as it would have been found then. */
const foundNow = (row: IncidentRow, nowMs: number): IncidentRow =>
  row.revision === 1 ? { ...row, detected_at: nowMs } : row;

export interface CallState {
  readonly samples: CallSamples;
  incidents: IncidentRow[];
  decisions: DecisionRow[];
}

/** What was only recorded has held no picture back. */
const carriedOut = ({ decisions }: CallState, { loopMode }: DetectContext): readonly DecisionRow[] =>
  loopMode === 'on' ? decisions : [];

/** @returns the incidents that changed, and the features of the last moment; undefined when the call is over */
function judgeCall(
  state: CallState,
  decisions: readonly DecisionRow[],
  moments: readonly number[],
  lastSampleMs: number,
): { features: CallFeatures | undefined; rows: IncidentRow[] } {
  const { samples } = state;
  const paths = joinPaths(samples);
  const names = namesOf(samples);
  const changed = new Map<string, IncidentRow>();
  let features: CallFeatures | undefined;
  for (const atMs of moments) {
    const over = atMs - lastSampleMs > callOverMs;
    // Without any sample in the history nothing can be said: neither that it is well nor that it is not.
    const known = !over && paths.links.some((link) => hasSampleWithin(link, atMs));
    features = known
      ? callFeatures(paths, samples.events, {
          tenantId: samples.tenantId,
          callId: samples.callId,
          atMs,
          decisions,
        })
      : undefined;
    const rows = features
      ? followIncidents(features, state.incidents, names)
      : over
        ? endIncidents(state.incidents, lastSampleMs)
        : [];
    for (const row of rows) changed.set(row.incident_id, row);
    state.incidents = merged(state.incidents, rows);
  }
  return { features, rows: [...changed.values()] };
}

function hasSampleWithin(
  link: {
    sfu: readonly { time: number }[];
    client: readonly { time: number }[];
    pair: readonly { time: number }[];
  },
  atMs: number,
): boolean {
  const recent = (s: { time: number }) => s.time <= atMs && s.time > atMs - historyMs;
  return link.sfu.some(recent) || link.client.some(recent) || link.pair.some(recent);
}

function merged(incidents: readonly IncidentRow[], rows: readonly IncidentRow[]): IncidentRow[] {
  const byId = new Map(incidents.map((incident) => [incident.incident_id, incident]));
  for (const row of rows) byId.set(row.incident_id, row);
  return [...byId.values()];
}

async function writeIncidents(rows: readonly IncidentRow[], { store, log }: DetectContext): Promise<void> {
  if (rows.length === 0) return;
  await store.insert('incident', rows);
  for (const row of rows) {
    const what =
      row.ended_at !== null ? 'incident closed' : row.revision === 1 ? 'incident opened' : 'incident worse';
    log.info(
      { callId: row.call_id, incidentId: row.incident_id, kind: row.kind, participantId: row.participant_id },
      `${what}: ${row.sentence}`,
    );
  }
}

/** Jobs with the same key must not run at once. */
export const detectKey = (data: unknown): string => String((data as { shard?: unknown } | null)?.shard);

/** Names of all detectors, told at start. */
export const detectorNames = detectors.map((detector) => `${detector.name}@${detector.version}`);

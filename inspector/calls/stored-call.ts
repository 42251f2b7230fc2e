/** A call that is in the store. */

import type { SpanRow } from '../../quality/recordings/results.ts';
import type { Sample } from '../../quality/samples.ts';
import type { BadWindow } from '../../quality/verdict/symptoms.ts';
import { events as names } from '../../telemetry/events.ts';
import type { DecisionRow, IncidentRow, ParticipantSummaryRow } from '../../telemetry/rows.ts';
import type { CallEvent, CallPage, Cell, JoinSpan, SeriesAnswer } from '../contract.ts';
import { InspectorError } from '../errors.ts';
import { type Parameters, readSql, type Store } from '../store/store.ts';
import { callPage, type PersonFacts, pageEventNames, personFacts } from './facts.ts';
import { participantSeries, type ScoreSteps, type Steps, stepsOf } from './series.ts';
import { type CallSource, saidOnly } from './source.ts';
import { mostBadWindows, type ReceivedScores, stripsOf } from './windows.ts';

const sql = {
  call: readSql('call.sql'),
  people: readSql('people.sql'),
  cells: readSql('cells.sql'),
  receivedMinutes: readSql('received-minutes.sql'),
  incidents: readSql('incidents.sql'),
  decisions: readSql('decisions.sql'),
  pageEvents: readSql('page-events.sql'),
  events: readSql('events.sql'),
  samples: readSql('samples.sql'),
  spans: readSql('spans.sql'),
  scoreSteps: readSql('score-steps.sql'),
  producers: readSql('producers.sql'),
  version: readSql('version.sql'),
  inbound: readSql('series-inbound_rtp.sql'),
  outbound: readSql('series-outbound_rtp.sql'),
  remoteInbound: readSql('series-remote_inbound_rtp.sql'),
  pairs: readSql('series-candidate_pair.sql'),
  sfuTransports: readSql('series-sfu_transport.sql'),
} as const;

/** Without anything new for this long a call is over. */
export const liveMs = 45_000;
const mostPageEvents = 20_000;
/** A day of fifty people. */
const mostReceivedMinutes = 150_000;
/** So far before the shown span counters are read, so that its first step has a difference. */
const leadMs = 15_000;

interface Key extends Record<string, string> {
  readonly tenant: string;
  readonly call: string;
}

export function storedCall(store: Store, tenantId: string, callId: string, now: () => number): CallSource {
  const key: Key = { tenant: tenantId, call: callId };
  return {
    page: async () => (await pageOf(store, key, now())).page,
    series: async ({ participantId, senderId, from, to, points }) => {
      const steps = stepsOf(from, to, points);
      const producers = senderId === '' ? [] : await producersOf(store, key, senderId);
      return seriesOf(store, key, participantId, senderId, producers, steps);
    },
    async events({ participantId, offset, limit }) {
      const rows = await store.query<CallEvent>(sql.events, {
        ...key,
        participant: participantId,
        offset,
        most: limit + 1,
      });
      return { events: rows.slice(0, limit), next: rows.length > limit ? String(offset + limit) : null };
    },
    async samples({ participantId, kind, from, to, offset, limit }) {
      const rows = await store.query<Record<string, unknown>>(sql.samples, {
        ...key,
        table: `rtc_stats_${kind}`,
        participant: participantId,
        from,
        to,
        offset,
        most: limit + 1,
      });
      return {
        rows: rows.slice(0, limit).map(saidOnly),
        next: rows.length > limit ? String(offset + limit) : null,
      };
    },
  };
}

/** With its version, as `callVersion` would tell it at the price of a query that reads the same again. */
export const versionedPage = (store: Store, tenantId: string, callId: string, nowMs: number) =>
  pageOf(store, { tenant: tenantId, call: callId }, nowMs);

/** Changes with everything that a page shows. */
export async function callVersion(store: Store, tenantId: string, callId: string): Promise<string> {
  const [row] = await store.query<Record<string, number>>(sql.version, { tenant: tenantId, call: callId });
  const { summary = 0, incidents = 0, decisions = 0, scored = 0 } = row ?? {};
  return versionOf(summary, incidents, decisions, scored);
}

const versionOf = (summary: number, incidents: number, decisions: number, scored: number): string =>
  [summary, incidents, decisions, scored].join('-');

async function pageOf(store: Store, key: Key, nowMs: number): Promise<{ page: CallPage; version: string }> {
  const [summaries, people, cells, received, incidents, decisions, events, spans] = await Promise.all([
    store.query<Summary>(sql.call, key),
    store.query<ParticipantSummaryRow>(sql.people, key),
    store.query<CellRow>(sql.cells, key),
    store.query<ReceivedMinute>(sql.receivedMinutes, { ...key, most: mostReceivedMinutes }),
    store.query<IncidentRow>(sql.incidents, key),
    store.query<DecisionRow>(sql.decisions, key),
    store.query<CallEvent>(sql.pageEvents, { ...key, names: pageEventNames, most: mostPageEvents }),
    store.query<SpanRow>(sql.spans, key),
  ]);
  const summary = summaries[0];
  if (!summary && events.length === 0) {
    throw new InspectorError('not_found', `There is no call ${JSON.stringify(key.call.slice(0, 80))} here.`);
  }
  const startedAt = summary?.started_at ?? events[0]!.time;
  const lastLeft = events.findLast((e) => e.name === names.participantLeft)?.time ?? 0;
  const endedAt = Math.max(summary?.last_seen_at ?? events.at(-1)!.time, startedAt + 1_000, lastLeft);
  const page = callPage({
    callId: key.call,
    roomId: summary?.room_id ?? '',
    startedAt,
    endedAt,
    live: nowMs - endedAt < liveMs && someoneIsThere(events),
    origin: 'store',
    notes: [],
    people: peopleOf(people, events),
    cells: cells.map(cellOf),
    strips: stripsOf(received.map(scoresOf), startedAt, summary?.last_seen_at ?? endedAt),
    badWindows: badWindowsOf(received, cells),
    incidents,
    decisions,
    events,
    spans: joinSpans(spans),
  });
  const summed = (rows: readonly { readonly revision: number }[]) =>
    rows.reduce((sum, row) => sum + row.revision, 0);
  const scored = received.reduce((newest, row) => Math.max(newest, row.revision), 0);
  return { page, version: versionOf(summary?.revision ?? 0, summed(incidents), summed(decisions), scored) };
}

interface Summary {
  readonly room_id: string;
  readonly started_at: number;
  readonly last_seen_at: number;
  readonly revision: number;
}

interface CellRow extends Omit<Cell, 'mos' | 'unclassified'> {
  readonly meanMos: number | null;
  readonly whyNot: string;
}

const cellOf = ({ meanMos, whyNot, ...cell }: CellRow): Cell => ({
  ...cell,
  mos: meanMos,
  unclassified: whyNot ?? '',
});

/** What one participant received of one kind in one minute; the numbers as received-minutes.sql has them. */
interface ReceivedMinute extends Pick<BadWindow, 'receiverId' | 'kind'> {
  readonly minute: number;
  readonly offsetsMs: readonly number[];
  readonly worst: readonly number[];
  readonly revision: number;
  readonly bad: readonly (readonly [
    producerId: string,
    offsetMs: number,
    windowMs: number,
    mos: number,
    concealedRatio: number | null,
    frozenMs: number | null,
    framesPerSecond: number | null,
    frameHeight: number | null,
    delayMs: number | null,
  ])[];
}

const scoresOf = ({ receiverId, kind, minute, offsetsMs, worst }: ReceivedMinute): ReceivedScores => ({
  receiverId,
  kind,
  scores: offsetsMs.map((offsetMs, index) => [minute + offsetMs, worst[index]!]),
});

function badWindowsOf(minutes: readonly ReceivedMinute[], cells: readonly CellRow[]): BadWindow[] {
  const senders = new Map(cells.flatMap((c) => c.producerIds.map((id) => [id, c.senderId])));
  const found: BadWindow[] = [];
  for (const { minute, receiverId, kind, bad } of minutes) {
    for (const [producerId, offsetMs, windowMs, mos, concealedRatio, frozenMs, ...rest] of bad) {
      const senderId = senders.get(producerId);
      // Erased: what was received of it is nobody's any more.
      if (senderId === undefined) continue;
      const [framesPerSecond, frameHeight, delayMs] = rest;
      const start = minute + offsetMs;
      const measured = { mos, concealedRatio, frozenMs, framesPerSecond, frameHeight, delayMs };
      found.push({ receiverId, kind, senderId, start, windowMs, ...measured });
    }
  }
  return found.sort((a, b) => a.start - b.start).slice(0, mostBadWindows);
}

/** A call that began just now has no summary yet; its joins are known. */
function peopleOf(rows: readonly ParticipantSummaryRow[], events: readonly CallEvent[]): PersonFacts[] {
  const known: PersonFacts[] = rows.map(personFacts);
  const ids = new Set(known.map((p) => p.participantId));
  const unknown = { mean: null, worstMinute: null };
  for (const event of events) {
    if (event.name !== names.participantJoined || ids.has(event.participantId)) continue;
    ids.add(event.participantId);
    known.push({
      participantId: event.participantId,
      displayName: event.attributes.display_name ?? '',
      firstSeenAt: event.time,
      lastSeenAt: event.time,
      audio: unknown,
      video: unknown,
      badRatio: null,
    });
  }
  return known;
}

function someoneIsThere(events: readonly CallEvent[]): boolean {
  const there = new Set<string>();
  for (const { name, participantId } of events) {
    if (name === names.participantJoined) there.add(participantId);
    if (name === names.participantLeft) there.delete(participantId);
  }
  return there.size > 0;
}

/** A span of the SFU belongs to whose trace it is in. */
export function joinSpans(rows: readonly SpanRow[]): JoinSpan[] {
  const byTrace = new Map(
    rows.filter((r) => r.participant_id !== '').map((r) => [r.trace_id, r.participant_id]),
  );
  return rows.flatMap((row) => {
    const participantId = row.participant_id || (byTrace.get(row.trace_id) ?? '');
    if (participantId === '') return [];
    const method = row.attributes.method;
    return [
      {
        participantId,
        name: method ? `${row.name} ${method}` : row.name,
        source: row.source,
        time: row.time,
        durationMs: row.duration_us / 1000,
        spanId: row.span_id,
        parentId: row.parent_span_id,
        failed: /error/i.test(row.status_code) ? row.status_message || 'failed' : '',
      },
    ];
  });
}

async function producersOf(store: Store, key: Key, senderId: string): Promise<string[]> {
  const rows = await store.query<{ producer_id: string }>(sql.producers, { ...key, sender: senderId });
  return rows.length === 0 ? ['none'] : rows.map((r) => r.producer_id);
}

async function seriesOf(
  store: Store,
  key: Key,
  participantId: string,
  senderId: string,
  producers: readonly string[],
  steps: Steps,
): Promise<SeriesAnswer> {
  const to = steps.from + steps.steps * steps.stepMs;
  const span = { from: steps.from - leadMs, to: to + leadMs, step: steps.stepMs };
  const asked = { ...key, participant: participantId, producers, ...span };
  const [inbound, outbound, remoteInbound, pairs, sfuTransports, scores] = await Promise.all([
    samplesOf<Sample<'inbound_rtp'>>(store, sql.inbound, asked),
    samplesOf<Sample<'outbound_rtp'>>(store, sql.outbound, asked),
    samplesOf<Sample<'remote_inbound_rtp'>>(store, sql.remoteInbound, asked),
    samplesOf<Sample<'candidate_pair'>>(store, sql.pairs, asked),
    samplesOf<Sample<'sfu_transport'>>(store, sql.sfuTransports, asked),
    store.query<ScoreStep>(sql.scoreSteps, {
      ...key,
      participant: participantId,
      sender: senderId,
      from: steps.from,
      to,
      step: steps.stepMs,
    }),
  ]);
  const rows = { inbound, outbound, remoteInbound, pairs, sfuTransports, scores: scoreSteps(scores, steps) };
  return participantSeries(participantId, senderId, rows, steps);
}

/** Rows out of the columns in which a stream's samples travel: a fifth of the bytes. */
async function samplesOf<Row>(store: Store, query: string, asked: Parameters): Promise<Row[]> {
  const streams = await store.query<{ time: number[] } & Record<string, unknown>>(query, asked);
  return streams.flatMap((stream) => {
    const columns = Object.entries(stream);
    return stream.time.map((_, index) => {
      // Assigned one by one: ten times as fast as Object.fromEntries, and there are some ten thousand.
      const row: Record<string, unknown> = {};
      for (const [name, value] of columns) row[name] = Array.isArray(value) ? value[index] : value;
      return row as Row;
    });
  });
}

export interface ScoreStep extends Record<keyof ScoreSteps, number | null> {
  readonly step: number;
}

/** A score stands for its whole window: it holds until the next one that is due. */
export function scoreSteps(rows: readonly ScoreStep[], steps: Steps, windowMs = 5_000): ScoreSteps {
  const columns = {
    heard: new Array<number | null>(steps.steps).fill(null),
    seen: new Array<number | null>(steps.steps).fill(null),
    frozen: new Array<number | null>(steps.steps).fill(null),
    layerLow: new Array<number | null>(steps.steps).fill(null),
    layerHigh: new Array<number | null>(steps.steps).fill(null),
  };
  const reach = Math.max(1, Math.round(windowMs / steps.stepMs));
  for (const row of rows) {
    for (const key of Object.keys(columns) as (keyof ScoreSteps)[]) {
      const value = row[key];
      if (value === null) continue;
      for (let step = Math.max(0, row.step); step < Math.min(steps.steps, row.step + reach); step++) {
        columns[key][step] = Number(value.toPrecision(3));
      }
    }
  }
  return columns;
}

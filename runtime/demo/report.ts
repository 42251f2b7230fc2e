/** The demo's report, built from what ClickHouse holds and what the demo did. Pure. Times in ms from the start of the call. */
import type { Counters } from '../../lab/network/relay.ts';
import { events } from '../../telemetry/events.ts';
import type { ObservationPoint } from '../../telemetry/rows.ts';
import { observationPoints } from '../../telemetry/rows.ts';
import type { Marks } from './marks.ts';
import type { CallRecords, Score } from './records.ts';
import { firstOf, parsedObject, timeline } from './timeline.ts';

export const phases = ['before', 'during', 'recovery', 'after'] as const;
export type Phase = (typeof phases)[number];

/** How long after the fault counts as recovery: a freed line takes the bandwidth estimate seconds to find. */
const recoveryMs = 15_000;

export interface MosSummary {
  /** Mean of the scored windows; null when none was scored. */
  score: number | null;
  /** The worst window. */
  worst: number | null;
  scale: string | null;
  /** Mean confidence of the scored windows, 0 to 1. */
  confidence: number | null;
  model: string | null;
  windows: { scored: number; unclassified: number };
}

export type MosPair = Record<'audio' | 'video', MosSummary>;

export interface PathPoint {
  point: ObservationPoint;
  kind: 'audio' | 'video';
  /** Means over the windows of the phase; null where nothing was measured. */
  phases: Record<Phase, { mos: number | null; lossRatio: number | null; bitrateBps: number | null }>;
}

export interface ReportIncident {
  id: string;
  kind: string;
  hop: string;
  participant: string;
  participantName: string;
  subject: string;
  severity: string;
  confidence: number;
  startMs: number;
  detectedMs: number;
  endMs: number | null;
  evidence: Record<string, unknown>;
  sentence: string;
}

export interface ReportDecision {
  id: string;
  incident: string;
  kind: string;
  /** Participant id. */
  target: string;
  targetName: string;
  params: Record<string, unknown>;
  reason: string;
  sentMs: number;
  appliedMs: number | null;
  liftedMs: number | null;
  liftReason: string;
  outcome: string;
  outcomeEvidence: Record<string, unknown>;
}

/** What is known of the run apart from the records. */
export interface RunFacts {
  date: string;
  seed: number;
  callId: string;
  roomId: string;
  machine: { platform: string; arch: string; cpu: string; cores: number; memoryBytes: number; node: string };
  browser: { name: string; version: string };
  mediasoup: { version: string };
  clickhouse: { version: string; rows: number };
  /** What the lab network did to each participant's packets while the fault lasted: the truth. */
  network: { participant: string; name: string; line: string; counters: Counters }[];
}

export interface Report extends RunFacts {
  passed: boolean;
  /** Why it did not pass, in words. */
  failures: string[];
  fault: {
    target: string;
    targetName: string;
    hop: 'downlink';
    bitrateBps: number;
    lossRatio: number;
    onMs: number | null;
    offMs: number | null;
  };
  participants: ({ id: string; name: string; mos: MosPair } & Record<Phase, MosPair>)[];
  /** The streams that the target receives, along their path. */
  path: PathPoint[];
  timeline: { tMs: number; kind: string; subject: string; text: string }[];
  incidents: ReportIncident[];
  decisions: ReportDecision[];
  loop: {
    faultToDetectionMs: number | null;
    faultToActionMs: number | null;
    faultEndToLiftMs: number | null;
  };
}

/** Everything but the verdict, which verdict.ts adds. */
export function buildReport(marks: Marks, records: CallRecords, facts: RunFacts): Report {
  const startMs = startOfCall(marks, records);
  const since = (atMs: number) => Math.round(atMs - startMs);
  const sinceOrNull = (atMs: number | null) => (atMs === null ? null : since(atMs));
  const nameOf = (id: string) =>
    marks.participants.find(({ participantId }) => participantId === id)?.name ?? id;
  const applied = firstOf(records, events.decisionApplied);
  const lifted = firstOf(records, events.decisionLifted);

  const incidents: ReportIncident[] = records.incidents.map((row) => ({
    id: row.incident_id,
    kind: row.kind,
    hop: row.hop,
    participant: row.participant_id,
    participantName: nameOf(row.participant_id),
    subject: row.subject_id,
    severity: row.severity,
    confidence: row.confidence,
    startMs: since(row.started_at),
    detectedMs: since(row.detected_at),
    endMs: sinceOrNull(row.ended_at),
    evidence: parsedObject(row.evidence),
    sentence: row.sentence,
  }));
  const decisions: ReportDecision[] = records.decisions.map((row) => ({
    id: row.decision_id,
    incident: row.incident_id,
    kind: row.kind,
    target: row.participant_id,
    targetName: nameOf(row.participant_id),
    params: parsedObject(row.params),
    reason: row.reason,
    sentMs: since(row.sent_at),
    appliedMs: sinceOrNull(row.applied_at ?? applied.get(row.decision_id) ?? null),
    liftedMs: sinceOrNull(row.lifted_at ?? lifted.get(row.decision_id) ?? null),
    liftReason: row.lift_reason,
    outcome: row.outcome,
    outcomeEvidence: parsedObject(row.outcome_evidence),
  }));
  const fault: Report['fault'] = {
    target: marks.target.participantId,
    targetName: marks.target.name,
    hop: 'downlink',
    ...marks.fault,
    onMs: sinceOrNull(marks.faultOnMs),
    offMs: sinceOrNull(marks.faultOffMs),
  };
  return {
    passed: false,
    failures: [],
    ...facts,
    fault,
    participants: marks.participants.map(({ participantId, name }) => ({
      id: participantId,
      name,
      ...received(participantId, marks, records.scores),
    })),
    path: pathTo(marks, records.scores),
    timeline: timeline(marks, records).map(({ atMs, kind, subject, text }) => ({
      tMs: since(atMs),
      kind,
      subject,
      text,
    })),
    incidents,
    decisions,
    loop: loopTimes(fault, incidents, decisions),
  };
}

/** The first one in; when nobody's joining was recorded, the moment the demo was ready. */
export function startOfCall(marks: Marks, records: Pick<CallRecords, 'events'>): number {
  const joined = records.events
    .filter(({ name }) => name === events.participantJoined)
    .map(({ time }) => time);
  return Math.min(marks.readyMs, ...joined);
}

/** Detection and action that belong to the fault: the first that name its kind of trouble and its victim. */
function loopTimes(
  fault: Report['fault'],
  incidents: ReportIncident[],
  decisions: ReportDecision[],
): Report['loop'] {
  const { onMs, offMs, target } = fault;
  const first = (times: (number | null)[], from: number | null) => {
    const after = times.filter((time): time is number => time !== null && from !== null && time >= from);
    return after.length > 0 ? Math.min(...after) - from! : null;
  };
  const detections = incidents.filter(
    ({ kind, hop, participant }) =>
      kind === 'downlink_congestion' && hop === 'downlink' && participant === target,
  );
  const own = decisions.filter((decision) => decision.target === target);
  const last = own.at(-1);
  return {
    faultToDetectionMs: first(
      detections.map(({ detectedMs }) => detectedMs),
      onMs,
    ),
    faultToActionMs: first(
      own.map(({ appliedMs }) => appliedMs),
      onMs,
    ),
    faultEndToLiftMs: first([last?.liftedMs ?? null], offMs),
  };
}

/** Which phase a window lies in with its whole length; null where it straddles two, or is outside the run. */
export function phaseOf(windowStart: number, windowMs: number, marks: Marks): Phase | null {
  const { readyMs, faultOnMs, faultOffMs, endMs } = marks;
  const end = windowStart + windowMs;
  const within = (from: number | null, to: number | null) =>
    from !== null && windowStart >= from && (to === null || end <= to);
  if (within(readyMs, faultOnMs)) return 'before';
  if (within(faultOnMs, faultOffMs)) return 'during';
  if (faultOffMs === null) return null;
  const recovered = faultOffMs + recoveryMs;
  if (within(faultOffMs, endMs === null ? recovered : Math.min(endMs, recovered))) return 'recovery';
  if (within(recovered, endMs)) return 'after';
  return null;
}

/** What a participant heard and saw: whole run, and per phase. */
function received(participantId: string, marks: Marks, scores: Score[]) {
  const own = scores.filter(
    ({ point, receiver_id }) => point === 'receiver' && receiver_id === participantId,
  );
  const pair = (rows: Score[]): MosPair => ({
    audio: summarise(rows.filter(({ kind }) => kind === 'audio')),
    video: summarise(rows.filter(({ kind }) => kind === 'video')),
  });
  const whole = own.filter(
    ({ window_start, window_ms }) =>
      window_start >= marks.readyMs && (marks.endMs === null || window_start + window_ms <= marks.endMs),
  );
  const of = (phase: Phase) =>
    pair(own.filter((row) => phaseOf(row.window_start, row.window_ms, marks) === phase));
  return {
    mos: pair(whole),
    before: of('before'),
    during: of('during'),
    recovery: of('recovery'),
    after: of('after'),
  };
}

/** Scales are never averaged together: where several occur, the one with most windows is told. */
export function summarise(rows: Score[]): MosSummary {
  const scored = rows.filter((row): row is Score & { mos: number } => row.mos !== null);
  const scale = mostFrequent(scored.map((row) => row.scale));
  const counted = scored.filter((row) => row.scale === scale);
  const values = counted.map(({ mos }) => mos);
  return {
    score: mean(values),
    worst: values.length > 0 ? Math.min(...values) : null,
    scale,
    confidence: mean(counted.map(({ confidence }) => confidence)),
    model: mostFrequent(counted.map(({ model }) => model)),
    windows: { scored: counted.length, unclassified: rows.length - scored.length },
  };
}

function pathTo(marks: Marks, scores: Score[]): PathPoint[] {
  const producers = new Set(
    scores
      .filter(({ receiver_id }) => receiver_id === marks.target.participantId)
      .map(({ producer_id }) => producer_id),
  );
  const onPath = scores.filter(
    ({ producer_id, receiver_id }) =>
      producers.has(producer_id) && (receiver_id === '' || receiver_id === marks.target.participantId),
  );
  return observationPoints.flatMap((point) =>
    (['audio', 'video'] as const).map((kind) => {
      const rows = onPath.filter((row) => row.point === point && row.kind === kind);
      const of = (phase: Phase) => {
        const own = rows.filter((row) => phaseOf(row.window_start, row.window_ms, marks) === phase);
        return {
          mos: summarise(own).score,
          lossRatio: meanOf(own, 'loss_ratio'),
          bitrateBps: meanOf(own, 'bitrate_bps'),
        };
      };
      return {
        point,
        kind,
        phases: {
          before: of('before'),
          during: of('during'),
          recovery: of('recovery'),
          after: of('after'),
        },
      };
    }),
  );
}

const meanOf = (rows: Score[], column: 'loss_ratio' | 'bitrate_bps') =>
  mean(rows.map((row) => row[column]).filter((value): value is number => value !== null));

const mean = (values: number[]) =>
  values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;

function mostFrequent(values: string[]): string | null {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

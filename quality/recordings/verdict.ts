/** What is said of a recorded call: its connections, how good each stream was, what went wrong and why, and when. */
import { events } from '../../telemetry/events.ts';
import type { IncidentRow, StreamScoreRow } from '../../telemetry/rows.ts';
import { type Summary, summarise } from '../mos/summary.ts';
import { type ConnectionSummary, connectionSummary } from './connections.ts';
import { judgeRecording } from './judge.ts';
import type { Recording } from './recording.ts';
import { sampleTables } from './rows.ts';

export interface Verdict {
  readonly recording: {
    readonly format: Recording['format'];
    readonly userAgent: string;
    readonly callId: string;
    /** First and last sample or event, epoch ms; undefined when there is none. */
    readonly from: number | undefined;
    readonly to: number | undefined;
    readonly samples: number;
    readonly events: number;
    readonly windowMs: number;
    readonly warnings: readonly string[];
  };
  readonly connections: readonly ConnectionSummary[];
  readonly scores: readonly StreamVerdict[];
  readonly incidents: readonly IncidentVerdict[];
  readonly timeline: readonly Moment[];
  /** Every window of every stream. */
  readonly windows: readonly StreamScoreRow[];
  /** Why nothing at all could be scored; '' when something was. */
  readonly unclassified: string;
}

/** One stream at one point of its path. */
export interface StreamVerdict {
  readonly point: StreamScoreRow['point'];
  readonly kind: StreamScoreRow['kind'];
  readonly source: StreamScoreRow['source'];
  readonly senderId: string;
  readonly receiverId: string;
  readonly producerId: string;
  readonly consumerId: string;
  /** Per scale, which are never mixed; empty when no window was scored. */
  readonly summaries: readonly Summary[];
  readonly model: string;
  /** Mean over the scored windows. */
  readonly confidence: number;
  readonly scoredMs: number;
  readonly unclassifiedMs: number;
  /** The reason of most of the time without a score; '' when there is none such. */
  readonly unclassified: string;
}

export type IncidentVerdict = Omit<IncidentRow, 'evidence' | 'tenant_id' | 'call_id' | 'revision'> & {
  readonly evidence: Readonly<Record<string, unknown>>;
};

export interface Moment {
  readonly time: number;
  readonly what: string;
}

export function verdictOf(recording: Recording): Verdict {
  const judged = judgeRecording(recording);
  const connections = recording.connections.map(connectionSummary);
  const { from, to } = spanOf(recording);
  const scores = streamVerdicts(judged.windows);
  const samples = sampleTables.reduce((sum, table) => sum + recording.samples[table].length, 0);
  return {
    recording: {
      format: recording.format,
      userAgent: recording.userAgent,
      callId: recording.samples.callId,
      from,
      to,
      samples,
      events: recording.samples.events.length,
      windowMs: judged.windowMs,
      warnings: recording.warnings,
    },
    connections,
    scores,
    incidents: judged.incidents.map(
      ({ tenant_id: _, call_id: __, revision: ___, evidence, ...incident }) => ({
        ...incident,
        evidence: JSON.parse(evidence) as Record<string, unknown>,
      }),
    ),
    timeline: timelineOf(recording, connections, judged.incidents),
    windows: judged.windows,
    unclassified: whyNothing(scores, samples),
  };
}

function spanOf({ samples }: Recording): { from: number | undefined; to: number | undefined } {
  let from: number | undefined;
  let to: number | undefined;
  // Sorted by time, each.
  for (const rows of [...sampleTables.map((table) => samples[table]), samples.events]) {
    const first = rows[0]?.time;
    const last = rows.at(-1)?.time;
    if (first !== undefined) from = Math.min(from ?? first, first);
    if (last !== undefined) to = Math.max(to ?? last, last);
  }
  return { from, to };
}

function streamVerdicts(windows: readonly StreamScoreRow[]): StreamVerdict[] {
  const streams = new Map<string, StreamScoreRow[]>();
  for (const row of windows) {
    const key = [row.point, row.kind, row.producer_id, row.consumer_id].join('\n');
    const stream = streams.get(key);
    if (stream) stream.push(row);
    else streams.set(key, [row]);
  }
  return [...streams.values()].map(streamVerdict);
}

function streamVerdict(rows: readonly StreamScoreRow[]): StreamVerdict {
  const last = rows.at(-1)!;
  const scored = rows.filter((row) => row.mos !== null);
  const reasons = new Map<string, number>();
  for (const { unclassified, window_ms: ms } of rows) {
    if (unclassified !== '') reasons.set(unclassified, (reasons.get(unclassified) ?? 0) + ms);
  }
  const [reason] = [...reasons].sort(([, a], [, b]) => b - a)[0] ?? [''];
  return {
    point: last.point,
    kind: last.kind,
    source: last.source,
    senderId: last.sender_id,
    receiverId: last.receiver_id,
    producerId: last.producer_id,
    consumerId: last.consumer_id,
    summaries: summarise(
      rows.map((row) => ({
        stream: `${row.producer_id} ${row.consumer_id}`,
        startMs: row.window_start,
        durationMs: row.window_ms,
        scale: row.scale,
        mos: row.mos,
      })),
    ),
    model: (scored.at(-1) ?? last).model,
    confidence: round(scored.reduce((sum, row) => sum + row.confidence, 0) / Math.max(1, scored.length)),
    scoredMs: scored.reduce((sum, row) => sum + row.window_ms, 0),
    unclassifiedMs: rows.reduce((sum, row) => sum + (row.mos === null ? row.window_ms : 0), 0),
    unclassified: reason,
  };
}

function whyNothing(scores: readonly StreamVerdict[], samples: number): string {
  if (scores.some((stream) => stream.scoredMs > 0)) return '';
  if (samples === 0) return 'no statistics in the recording';
  if (scores.length === 0) return 'no media stream has two samples to take a difference of';
  return scores[0]!.unclassified;
}

function timelineOf(
  recording: Recording,
  connections: readonly ConnectionSummary[],
  incidents: readonly IncidentRow[],
): Moment[] {
  const moments: Moment[] = [];
  for (const connection of connections) {
    const { id, createdAt, closedAt } = connection;
    if (createdAt !== undefined) moments.push({ time: createdAt, what: `${id} created` });
    for (const { time, of, state } of connection.states) {
      if (of === 'connection' || of === 'ice' || (of === 'dtls' && state === 'failed')) {
        moments.push({ time, what: `${id} ${of === 'connection' ? '' : `${of.toUpperCase()} `}${state}` });
      }
    }
    for (const { time, call, reason } of connection.failures) {
      moments.push({ time, what: `${id} ${call} failed${reason ? `: ${reason}` : ''}` });
    }
    if (closedAt !== undefined) moments.push({ time: closedAt, what: `${id} closed` });
  }
  for (const { name, time, transport_id: id, attributes } of recording.samples.events) {
    if (name === events.icePairChanged) {
      const relay = attributes.relay_protocol ? ` (relay over ${attributes.relay_protocol})` : '';
      const way = `${attributes.local_type || '?'} to ${attributes.remote_type || '?'}`;
      moments.push({ time, what: `${id} takes the way ${way} over ${attributes.protocol || '?'}${relay}` });
    } else if (name === events.mediaError) {
      moments.push({ time, what: `microphone or camera not given: ${attributes.name || 'no reason told'}` });
    }
  }
  for (const { id, time } of recording.connections.flatMap((log) =>
    log.restartRequests.map((time) => ({ id: log.id, time })),
  )) {
    moments.push({ time, what: `${id} asks for an ICE restart` });
  }
  for (const { kind, started_at: start, ended_at: end } of incidents) {
    moments.push({ time: start, what: `issue begins: ${kind.replaceAll('_', ' ')}` });
    if (end !== null) moments.push({ time: end, what: `issue ends: ${kind.replaceAll('_', ' ')}` });
  }
  return moments.sort((a, b) => a.time - b.time);
}

const round = (value: number) => Math.round(value * 100) / 100;

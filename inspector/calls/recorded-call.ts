/**
 * A call that somebody dropped on the page: judged as a live one is, unless it is an export of ours, which brings what
 * was said of the call at its time. Held in memory for a while, never stored.
 */
import { judgeRecording } from '../../quality/recordings/judge.ts';
import type { Recording } from '../../quality/recordings/recording.ts';
import { sampleTables } from '../../quality/recordings/rows.ts';
import type { CallSamples, EventSample, Sample } from '../../quality/samples.ts';
import type { IncidentRow, StreamScoreRow } from '../../telemetry/rows.ts';
import type { CallEvent, CallPage, SampleKind, SampleList, SeriesAnswer } from '../contract.ts';
import { callPage, type PersonFacts, personFacts } from './facts.ts';
import { participantSeries, type Steps, stepsOf } from './series.ts';
import { type EventRequest, type SampleRequest, type SeriesRequest, saidOnly } from './source.ts';
import { joinSpans, type ScoreStep, scoreSteps } from './stored-call.ts';
import { badRatio, badWindowsOf, cellsOf, heard, received, receivedScores, stripsOf } from './windows.ts';

export interface RecordedCall {
  readonly page: CallPage;
  series(request: SeriesRequest): SeriesAnswer;
  events(request: EventRequest): { events: CallEvent[]; next: string | null };
  samples(request: SampleRequest): SampleList;
}

export function recordedCall(recording: Recording, callId: string): RecordedCall {
  const { scores, incidents, windowMs } = resultsOf(recording);
  const page = pageOf(recording, callId, scores, incidents);
  const producers = Map.groupBy(scores, (row) => row.sender_id);
  return {
    page,
    series({ participantId, senderId, from, to, points }) {
      const steps = stepsOf(from, to, points);
      const own = senderId === '' ? undefined : new Set(producers.get(senderId)?.map((r) => r.producer_id));
      return seriesOf(recording.samples, scores, participantId, senderId, own, steps, windowMs);
    },
    events({ participantId, offset, limit }) {
      const all = recording.samples.events.filter(
        (e) => participantId === '' || e.participant_id === participantId,
      );
      return {
        events: all.slice(offset, offset + limit).map(eventOf),
        next: all.length > offset + limit ? String(offset + limit) : null,
      };
    },
    samples({ participantId, kind, from, to, offset, limit }) {
      const all = (recording.samples[kind] as readonly Sample<SampleKind>[])
        .filter((row) => row.participant_id === participantId && row.time >= from && row.time < to)
        .toSorted((a, b) => a.time - b.time);
      return {
        rows: all.slice(offset, offset + limit).map(({ participant_id: _, ...row }) => saidOnly(row)),
        next: all.length > offset + limit ? String(offset + limit) : null,
      };
    },
  };
}

function resultsOf(recording: Recording): {
  scores: readonly StreamScoreRow[];
  incidents: readonly IncidentRow[];
  windowMs: number;
} {
  const { stream_score, incident, call_summary } = recording.results;
  if (stream_score.length > 0 || incident.length > 0 || call_summary.length > 0) {
    return { scores: stream_score, incidents: incident, windowMs: stream_score[0]?.window_ms ?? 5_000 };
  }
  const judged = judgeRecording(recording);
  return { scores: judged.windows, incidents: judged.incidents, windowMs: judged.windowMs };
}

function pageOf(
  recording: Recording,
  callId: string,
  scores: readonly StreamScoreRow[],
  incidents: readonly IncidentRow[],
): CallPage {
  const { samples, results } = recording;
  const summary = results.call_summary[0];
  const span = spanOf(samples);
  const startedAt = summary?.started_at ?? span.from;
  const leftAt = samples.events.findLast((e) => e.name === 'rtc.participant.left')?.time ?? 0;
  const endedAt = Math.max(summary?.last_seen_at ?? span.to, startedAt + 1_000, summary ? leftAt : 0);
  const scoredUntil = Math.max(summary?.last_seen_at ?? span.to, startedAt + 1_000);
  return callPage({
    callId,
    roomId: summary?.room_id ?? '',
    startedAt,
    endedAt,
    live: false,
    origin: recording.format,
    notes: recording.warnings,
    people:
      results.participant_summary.length > 0
        ? results.participant_summary.map(personFacts)
        : peopleOf(recording, scores, span),
    cells: cellsOf(scores),
    strips: stripsOf(receivedScores(scores), startedAt, scoredUntil),
    badWindows: badWindowsOf(scores),
    incidents,
    decisions: recording.decisions,
    events: samples.events.map(eventOf),
    spans: joinSpans(results.rtc_span),
    userAgent: recording.userAgent,
  });
}

function peopleOf(
  recording: Recording,
  scores: readonly StreamScoreRow[],
  span: { from: number; to: number },
): PersonFacts[] {
  const ids = new Set([
    ...recording.names.keys(),
    ...received(scores).flatMap((row) => [row.receiver_id, row.sender_id]),
    ...recording.connections.map((connection) => connection.participantId),
  ]);
  ids.delete('');
  return [...ids].map((id) => ({
    participantId: id,
    displayName: recording.names.get(id) ?? '',
    firstSeenAt: span.from,
    lastSeenAt: span.to,
    audio: heard(scores, id, 'audio'),
    video: heard(scores, id, 'video'),
    badRatio: badRatio(received(scores), id),
  }));
}

function seriesOf(
  samples: CallSamples,
  scores: readonly StreamScoreRow[],
  participantId: string,
  senderId: string,
  producers: ReadonlySet<string> | undefined,
  steps: Steps,
  windowMs: number,
): SeriesAnswer {
  const own = <R extends { participant_id: string; transport_id: string; stat_id: string; time: number }>(
    rows: readonly R[],
  ): R[] =>
    lastInStep(
      rows.filter((row) => row.participant_id === participantId),
      steps,
    );
  const inbound = own(samples.inbound_rtp);
  return participantSeries(
    participantId,
    senderId,
    {
      inbound: producers ? inbound.filter((row) => producers.has(row.producer_id)) : inbound,
      outbound: own(samples.outbound_rtp),
      remoteInbound: own(samples.remote_inbound_rtp),
      pairs: own(samples.candidate_pair),
      sfuTransports: own(samples.sfu_transport),
      scores: scoreSteps(scoreStepsOf(scores, participantId, senderId, steps), steps, windowMs),
    },
    steps,
  );
}

/** The last sample of each stream in each step, as the store's queries have it. */
function lastInStep<R extends { transport_id: string; stat_id: string; time: number }>(
  rows: readonly R[],
  { stepMs }: Steps,
): R[] {
  const last = new Map<string, R>();
  for (const row of rows) {
    const key = `${row.transport_id}\n${row.stat_id}\n${Math.floor(row.time / stepMs)}`;
    const known = last.get(key);
    if (!known || known.time <= row.time) last.set(key, row);
  }
  return [...last.values()];
}

function scoreStepsOf(
  scores: readonly StreamScoreRow[],
  participantId: string,
  senderId: string,
  steps: Steps,
): ScoreStep[] {
  const own = received(scores).filter(
    (row) => row.receiver_id === participantId && (senderId === '' || row.sender_id === senderId),
  );
  const least = (rows: readonly StreamScoreRow[], of: (row: StreamScoreRow) => number | null) =>
    rows.reduce<number | null>((found, row) => {
      const value = of(row);
      return value === null ? found : Math.min(found ?? value, value);
    }, null);
  return [...Map.groupBy(own, (row) => Math.floor((row.window_start - steps.from) / steps.stepMs))].map(
    ([step, rows]) => {
      const video = rows.filter((row) => row.kind === 'video');
      const most = (of: (row: StreamScoreRow) => number | null) => {
        const found = least(video, (row) => {
          const value = of(row);
          return value === null ? null : -value;
        });
        return found === null ? null : -found;
      };
      return {
        step,
        heard: least(
          rows.filter((row) => row.kind === 'audio'),
          (row) => row.mos,
        ),
        seen: least(video, (row) => row.mos),
        frozen: most((row) => (row.frozen_ms === null ? null : row.frozen_ms / row.window_ms)),
        layerLow: least(video, (row) => row.spatial_layer),
        layerHigh: most((row) => row.spatial_layer),
      };
    },
  );
}

const eventOf = ({ time, name, participant_id, transport_id, attributes }: EventSample): CallEvent => ({
  time,
  name,
  participantId: participant_id,
  transportId: transport_id,
  attributes,
});

function spanOf(samples: CallSamples): { from: number; to: number } {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const rows of [...sampleTables.map((table) => samples[table]), samples.events]) {
    for (const row of rows.length > 0 ? [rows[0]!, rows.at(-1)!] : []) {
      from = Math.min(from, row.time);
      to = Math.max(to, row.time);
    }
  }
  return from <= to ? { from, to } : { from: 0, to: 0 };
}

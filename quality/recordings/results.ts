/**
 * Rows of results in an export of ours: what the service said of the call while it lasted. Judging again may come to
 * something else (with late data, a newer detector); who opens an export wants to see what was seen then.
 */
import { z } from 'zod';
import {
  type CallSummaryRow,
  hops,
  type IncidentRow,
  observationPoints,
  type ParticipantSummaryRow,
  type StreamScoreRow,
} from '../../telemetry/rows.ts';
import { isTime } from './recorder.ts';

/** A row of `rtc_span`, as much of it as tells the join. */
export interface SpanRow {
  readonly participant_id: string;
  readonly source: string;
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id: string;
  readonly name: string;
  /** Start, epoch ms. */
  readonly time: number;
  readonly duration_us: number;
  readonly status_code: string;
  readonly status_message: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface GrowingResults {
  stream_score: StreamScoreRow[];
  incident: IncidentRow[];
  participant_summary: ParticipantSummaryRow[];
  call_summary: CallSummaryRow[];
  rtc_span: SpanRow[];
}

export type RecordedResults = { readonly [T in keyof GrowingResults]: readonly GrowingResults[T][number][] };

export const emptyResults = (): GrowingResults => ({
  stream_score: [],
  incident: [],
  participant_summary: [],
  call_summary: [],
  rtc_span: [],
});

export const resultTables = Object.keys(emptyResults()) as (keyof GrowingResults)[];
export const isResultTable = (table: string): table is keyof GrowingResults =>
  (resultTables as readonly string[]).includes(table);

const word = z.string().max(512).default('');
const long = z.string().max(20_000).default('');
const number = z.number().nullable().default(null);
const time = z.number().refine((value) => isTime(value), 'no epoch milliseconds');
const count = z.number().default(0);

const summaryScores = {
  audio_mos_mean: number,
  audio_mos_worst_minute: number,
  video_mos_mean: number,
  video_mos_worst_minute: number,
  bad_window_ratio: number,
  incidents: count,
  decisions: count,
  revision: count,
};

export const resultSchemas = {
  stream_score: z.object({
    tenant_id: word,
    call_id: word,
    window_start: time,
    window_ms: z.number().positive(),
    point: z.enum(observationPoints),
    kind: z.enum(['audio', 'video']),
    source: z.enum(['microphone', 'camera', 'screen']),
    sender_id: word,
    receiver_id: word,
    producer_id: word,
    consumer_id: word,
    sfu_node_id: word,
    mos: z.number().min(1).max(5).nullable().default(null),
    scale: z.enum(['narrowband', 'wideband', 'fullband', 'video']),
    model: word,
    confidence: count,
    unclassified: word,
    inputs: long,
    missing: z.array(z.string().max(200)).default([]),
    bitrate_bps: number,
    loss_ratio: number,
    concealed_ratio: number,
    jitter_ms: number,
    round_trip_ms: number,
    delay_ms: number,
    frames_per_second: number,
    frame_width: number,
    frame_height: number,
    frozen_ms: number,
    spatial_layer: number,
    revision: count,
    scored_at: z.number().default(0),
  }),
  incident: z.object({
    tenant_id: word,
    call_id: word,
    incident_id: word,
    kind: word,
    detector: word,
    hop: z.enum(hops),
    participant_id: word,
    subject_id: word,
    severity: z.enum(['minor', 'moderate', 'severe']),
    confidence: count,
    started_at: time,
    detected_at: time,
    ended_at: time.nullable().default(null),
    evidence: long,
    sentence: long,
    affected: z.array(z.string().max(512)).default([]),
    revision: count,
  }),
  participant_summary: z.object({
    tenant_id: word,
    call_id: word,
    room_id: word,
    participant_id: word,
    display_name: word,
    first_seen_at: time,
    last_seen_at: time,
    ...summaryScores,
  }),
  call_summary: z.object({
    tenant_id: word,
    call_id: word,
    room_id: word,
    started_at: time,
    last_seen_at: time,
    participants: count,
    ...summaryScores,
  }),
  rtc_span: z.object({
    participant_id: word,
    source: word,
    trace_id: word,
    span_id: word,
    parent_span_id: word,
    name: word,
    time,
    duration_us: count,
    status_code: word,
    status_message: long,
    attributes: z.record(z.string().max(200), z.string().max(4_000)).default({}),
  }),
} as const satisfies Record<keyof GrowingResults, z.ZodType>;

/** A row of `stream_score` from a score and what was measured beside it. */
import type { ObservationPoint, StreamScoreRow } from '../../telemetry/rows.ts';
import type { Score } from '../mos/score.ts';
import type { MediaPath, Uplink } from '../paths.ts';

/** The models take what is undefined for not known, as if it were left out. */
export const known = <I extends object>(input: { [K in keyof I]: I[K] | undefined }): I => input as I;

export interface WindowContext {
  readonly tenantId: string;
  readonly callId: string;
  readonly windowStart: number;
  readonly windowMs: number;
  /** When this is being done, epoch ms. */
  readonly scoredAt: number;
  readonly revision: number;
  /** Receivers whose video we held back altogether in this window. */
  readonly audioOnly: ReadonlySet<string>;
}

type Measures = Partial<
  Pick<
    StreamScoreRow,
    | 'bitrate_bps'
    | 'loss_ratio'
    | 'concealed_ratio'
    | 'jitter_ms'
    | 'round_trip_ms'
    | 'delay_ms'
    | 'frames_per_second'
    | 'frame_width'
    | 'frame_height'
    | 'frozen_ms'
    | 'spatial_layer'
  >
>;

export function row(
  point: ObservationPoint,
  uplink: Uplink,
  path: MediaPath | undefined,
  score: Score,
  context: WindowContext,
  measures: { [M in keyof Measures]: number | null | undefined },
): StreamScoreRow {
  const rounded = (name: keyof Measures) => {
    const value = measures[name];
    if (value === undefined || value === null || !Number.isFinite(value)) return null;
    return Number.isInteger(value) && Math.abs(value) < 1e6 ? value : Number(value.toPrecision(6));
  };
  return {
    tenant_id: context.tenantId,
    call_id: context.callId,
    window_start: context.windowStart,
    window_ms: context.windowMs,
    point,
    kind: uplink.kind,
    source: uplink.source,
    sender_id: uplink.senderId,
    receiver_id: path?.receiverId ?? '',
    producer_id: uplink.producerId,
    consumer_id: path?.consumerId ?? '',
    sfu_node_id: path?.link?.sfuNodeId ?? uplink.link?.sfuNodeId ?? '',
    mos: score.mos === null ? null : Math.round(score.mos * 1000) / 1000,
    scale: score.scale,
    model: score.model,
    confidence: Math.round(score.confidence * 1000) / 1000,
    unclassified: score.unclassified,
    inputs: JSON.stringify(score.inputs),
    missing: score.missing,
    bitrate_bps: rounded('bitrate_bps'),
    loss_ratio: rounded('loss_ratio'),
    concealed_ratio: rounded('concealed_ratio'),
    jitter_ms: rounded('jitter_ms'),
    round_trip_ms: rounded('round_trip_ms'),
    delay_ms: rounded('delay_ms'),
    frames_per_second: rounded('frames_per_second'),
    frame_width: rounded('frame_width'),
    frame_height: rounded('frame_height'),
    frozen_ms: rounded('frozen_ms'),
    spatial_layer: rounded('spatial_layer'),
    revision: context.revision,
    scored_at: context.scoredAt,
  };
}

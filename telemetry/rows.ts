/**
 * Rows that the pipelines write and everybody else reads. One type per ClickHouse table of the same name;
 * columns are snake_case with units. Times are epoch milliseconds here and DateTime64(3, 'UTC') in the store.
 * All four tables replace by key: the row with the highest `revision` counts (read them with FINAL).
 */

/** Where along `sender -> SFU -> receiver` something was measured. */
export const observationPoints = ['sender', 'sfu_in', 'sfu_out', 'receiver'] as const;
export type ObservationPoint = (typeof observationPoints)[number];

/** Where along the path quality was lost. */
export const hops = [
  'sender_device',
  'uplink',
  'sfu',
  'relay',
  'downlink',
  'receiver_device',
  'far_network',
  'unknown',
] as const;
export type Hop = (typeof hops)[number];

export type MediaKind = 'audio' | 'video';
export type MediaSource = 'microphone' | 'camera' | 'screen';

/** Table `stream_score`: one stream, one point, one window. Key: tenant, call, window, point, kind, producer, consumer. */
export interface StreamScoreRow {
  tenant_id: string;
  call_id: string;
  /** Start of the window (multiple of `window_ms`), epoch ms. */
  window_start: number;
  window_ms: number;
  point: ObservationPoint;
  kind: MediaKind;
  source: MediaSource;
  /** Who sends the media. */
  sender_id: string;
  /** Who receives it; empty at the points `sender` and `sfu_in`. */
  receiver_id: string;
  producer_id: string;
  consumer_id: string;
  sfu_node_id: string;
  /** Mean opinion score on `scale`, 1 to 5; null when unclassified. */
  mos: number | null;
  scale: 'narrowband' | 'wideband' | 'fullband' | 'video';
  /** `name@version` of the model. */
  model: string;
  /** 0 to 1. */
  confidence: number;
  /** Why there is no score; empty when there is one. */
  unclassified: string;
  /** JSON object of the inputs used, names with units. */
  inputs: string;
  missing: string[];
  bitrate_bps: number | null;
  /** Packets lost on the wire up to this point, 0 to 1. */
  loss_ratio: number | null;
  /** Audio synthesised to cover loss, silence excluded, 0 to 1 of samples played. */
  concealed_ratio: number | null;
  jitter_ms: number | null;
  round_trip_ms: number | null;
  /** Estimated one-way mouth-to-ear delay; only at `receiver`. */
  delay_ms: number | null;
  frames_per_second: number | null;
  frame_width: number | null;
  frame_height: number | null;
  /** Time without a new frame beyond what the frame rate explains. */
  frozen_ms: number | null;
  spatial_layer: number | null;
  revision: number;
  scored_at: number;
}

/** Table `participant_summary`: key tenant, call, participant. `call_summary` has the same without the participant. */
export interface ParticipantSummaryRow {
  tenant_id: string;
  call_id: string;
  room_id: string;
  participant_id: string;
  display_name: string;
  first_seen_at: number;
  last_seen_at: number;
  /** What this participant heard and saw (point `receiver`): mean, and the worst minute that people remember. */
  audio_mos_mean: number | null;
  audio_mos_worst_minute: number | null;
  video_mos_mean: number | null;
  video_mos_worst_minute: number | null;
  /** Share of scored windows with MOS under 3.1 (E-model: "many users dissatisfied", R < 60). */
  bad_window_ratio: number | null;
  incidents: number;
  decisions: number;
  revision: number;
}

export interface CallSummaryRow {
  tenant_id: string;
  call_id: string;
  room_id: string;
  started_at: number;
  last_seen_at: number;
  participants: number;
  audio_mos_mean: number | null;
  audio_mos_worst_minute: number | null;
  video_mos_mean: number | null;
  video_mos_worst_minute: number | null;
  bad_window_ratio: number | null;
  incidents: number;
  decisions: number;
  revision: number;
}

/** Table `incident`: key tenant, call, incident. Opens once, closes once; later revisions only add to it. */
export interface IncidentRow {
  tenant_id: string;
  call_id: string;
  /** Deterministic: call, kind, subject and the second it started. */
  incident_id: string;
  /** Detector's name, e.g. `downlink_congestion`. */
  kind: string;
  /** `name@version` */
  detector: string;
  hop: Hop;
  /** The participant at fault or, for one receiver's trouble, that receiver. */
  participant_id: string;
  /** Producer, consumer or transport, where one is to blame; else empty. */
  subject_id: string;
  severity: 'minor' | 'moderate' | 'severe';
  confidence: number;
  started_at: number;
  detected_at: number;
  /** null while it is open */
  ended_at: number | null;
  /** JSON object: the measurements that carried the verdict, names with units. */
  evidence: string;
  /** One sentence that a support agent can read to a customer. */
  sentence: string;
  affected: string[];
  revision: number;
}

export const decisionKinds = ['cap_layers', 'audio_only', 'raise_estimate'] as const;
export type DecisionKind = (typeof decisionKinds)[number];

/** Whether a decision of this kind takes something away, or only asks for more. */
export const isBound = (kind: string): boolean => kind !== 'raise_estimate';

/** Table `decision`: key tenant, call, decision. */
export interface DecisionRow {
  tenant_id: string;
  call_id: string;
  decision_id: string;
  incident_id: string;
  kind: DecisionKind;
  /** The receiver whose video it is about. */
  participant_id: string;
  sfu_node_id: string;
  /** JSON of the action's parameters. */
  params: string;
  /** In words. */
  reason: string;
  /** JSON object of measurements. */
  evidence: string;
  confidence: number;
  ttl_ms: number;
  decided_at: number;
  sent_at: number;
  applied_at: number | null;
  lifted_at: number | null;
  /** Why it was lifted: recovered, expired, replaced, refused; empty while in force. */
  lift_reason: string;
  /** Some seconds after it was applied, against before; empty until measured. */
  outcome: '' | 'better' | 'same' | 'worse' | 'unknown';
  outcome_evidence: string;
  revision: number;
}

/** A decision on the TURN fleet of a region. Looks that changed nothing are not kept, but for the first of a kind. */
export interface FleetDecisionRow {
  region: string;
  decision_id: string;
  decided_at: number;
  action: 'grow' | 'shrink' | 'hold' | 'freeze' | 'tidy';
  /** Relays that should serve or be on their way to. */
  wanted: number;
  start: number;
  resume: string[];
  drain: string[];
  remove: string[];
  /** In words. */
  reason: string;
  /** JSON object of measurements. */
  evidence: string;
  driver: 'local' | 'webhook' | 'metrics';
  /** queued: the driver has the order; nothing: there was none to give; failed: it could not be handed over. */
  told: 'queued' | 'nothing' | 'failed';
  /** After the warm-up; empty until then, and for those that ordered nothing. */
  outcome: '' | 'better' | 'same' | 'worse' | 'unknown';
  outcome_evidence: string;
  revision: number;
}

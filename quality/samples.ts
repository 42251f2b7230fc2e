/**
 * Raw samples as judgement reads them: of each raw table the columns that matter here, times in epoch ms.
 * `null` and '' mean that the source did not say, which is never the same as 0.
 */
import type { MediaKind, MediaSource } from '../telemetry/rows.ts';

/** The columns read of each table beside identity and time; names as in telemetry/stats.ts. */
export const sampleColumns = {
  inbound_rtp: {
    number: [
      'ssrc',
      'packets_received',
      'packets_lost',
      'bytes_received',
      'retransmitted_packets_received',
      'nack_count',
      'pli_count',
      'frames_received',
      'frames_decoded',
      'frames_dropped',
      'qp_sum',
      'frame_width',
      'frame_height',
      'frames_per_second',
      'total_inter_frame_delay_us',
      'total_squared_inter_frame_delay',
      'total_samples_received',
      'concealed_samples',
      'silent_concealed_samples',
      'inserted_samples_for_deceleration',
      'removed_samples_for_acceleration',
      'jitter_us',
      'jitter_buffer_delay_us',
      'jitter_buffer_emitted_count',
      'total_decode_time_us',
      'concealment_events',
      'freeze_count',
      'total_freezes_duration_us',
      'pause_count',
      'total_pauses_duration_us',
    ],
    text: ['kind'],
    flag: [],
  },
  outbound_rtp: {
    number: [
      'ssrc',
      'packets_sent',
      'bytes_sent',
      'retransmitted_packets_sent',
      'frames_encoded',
      'frames_sent',
      'nack_count',
      'qp_sum',
      'frame_width',
      'frame_height',
      'frames_per_second',
      'target_bitrate',
      'total_encode_time_us',
      'quality_limitation_durations_bandwidth_us',
      'quality_limitation_durations_cpu_us',
      'total_packet_send_delay_us',
    ],
    text: ['kind', 'rid', 'media_source_id', 'quality_limitation_reason'],
    flag: ['active'],
  },
  remote_inbound_rtp: {
    number: [
      'ssrc',
      'packets_lost',
      'packets_received',
      'fraction_lost',
      'jitter_us',
      'round_trip_time_us',
      'total_round_trip_time_us',
      'round_trip_time_measurements',
    ],
    text: ['kind', 'local_id'],
    flag: [],
  },
  media_source: {
    number: [
      'frames',
      'frames_per_second',
      'width',
      'height',
      'total_audio_energy',
      'total_samples_duration_us',
    ],
    text: ['kind'],
    flag: [],
  },
  candidate_pair: {
    number: [
      'bytes_sent',
      'bytes_received',
      'requests_sent',
      'responses_received',
      'current_round_trip_time_us',
      'available_outgoing_bitrate',
    ],
    text: ['state'],
    flag: ['nominated'],
  },
  transport: {
    number: ['bytes_sent', 'bytes_received', 'page_late_ms'],
    text: ['ice_state', 'dtls_state'],
    flag: [],
  },
  sfu_transport: {
    number: [
      'bytes_received',
      'bytes_sent',
      'rtp_bytes_sent',
      'rtx_bytes_sent',
      'probation_bytes_sent',
      'available_outgoing_bitrate',
      'rtp_packet_loss_received',
      'rtp_packet_loss_sent',
      'bwe_available_bitrate',
      'bwe_available_bitrate_min',
      'bwe_desired_bitrate',
      'worker_answer_ms',
    ],
    text: ['direction', 'ice_state', 'dtls_state', 'protocol'],
    flag: ['uses_relay'],
  },
  sfu_producer: {
    number: [
      'ssrc',
      'packet_count',
      'byte_count',
      'packets_lost',
      'packets_repaired',
      'nack_packet_count',
      'pli_count',
      'spatial_layer',
      'jitter',
      'score',
      'round_trip_time',
    ],
    text: ['kind', 'source', 'rid', 'mime_type'],
    flag: ['paused'],
  },
  sfu_consumer: {
    number: [
      'ssrc',
      'packet_count',
      'byte_count',
      'packets_lost',
      'packets_retransmitted',
      'nack_packet_count',
      'current_spatial_layer',
      'current_temporal_layer',
      'preferred_spatial_layer',
      'preferred_temporal_layer',
      'score',
      'round_trip_time',
    ],
    text: ['kind', 'source', 'mime_type'],
    flag: ['paused', 'producer_paused'],
  },
} as const satisfies Record<
  string,
  { number: readonly string[]; text: readonly string[]; flag: readonly string[] }
>;

export type SampleTable = keyof typeof sampleColumns;

/** Identity of a sample; see telemetry/identity.ts. */
export interface SampleIdentity {
  readonly tenant_id: string;
  readonly call_id: string;
  readonly participant_id: string;
  readonly session_id: string;
  readonly sfu_node_id: string;
  readonly transport_id: string;
  readonly producer_id: string;
  readonly consumer_id: string;
  readonly stat_id: string;
  /** Corrected time, epoch ms. */
  readonly time: number;
}

export type Sample<T extends SampleTable> = SampleIdentity & {
  readonly [C in (typeof sampleColumns)[T]['number'][number]]: number | null;
} & {
  readonly [C in (typeof sampleColumns)[T]['text'][number]]: string;
} & {
  readonly [C in (typeof sampleColumns)[T]['flag'][number]]: boolean | null;
};

/** A row of `rtc_event`. */
export interface EventSample {
  readonly tenant_id: string;
  readonly call_id: string;
  readonly participant_id: string;
  readonly transport_id: string;
  readonly producer_id: string;
  readonly consumer_id: string;
  readonly name: string;
  readonly time: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** All that was read of one call and time range. */
export type CallSamples = { readonly [T in SampleTable]: readonly Sample<T>[] } & {
  readonly tenantId: string;
  readonly callId: string;
  readonly events: readonly EventSample[];
};

/** Words of the store that are not of the vocabulary become the plainest one. */
export const mediaKindOf = (word: string): MediaKind => (word === 'audio' ? 'audio' : 'video');
export const mediaSourceOf = (word: string, kind: MediaKind): MediaSource =>
  word === 'screen' ? 'screen' : kind === 'audio' ? 'microphone' : 'camera';

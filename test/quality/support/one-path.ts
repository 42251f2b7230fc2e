/**
 * One sender's microphone or camera on its way to one receiver, as a truth in continuous time that can be sampled at
 * any moments: what a counter shows at t is what had happened by then.
 */
import type { CallSamples } from '../../../quality/samples.ts';
import { callId, emptyCall, sample, startMs, tenantId } from './synthetic-call.ts';

export { callId, startMs, tenantId };

/** What happens in each half second; lists are read round and round. Shares are of 1. */
export interface Truth {
  readonly kind: 'audio' | 'video';
  readonly source?: 'microphone' | 'camera' | 'screen';
  /** Lost between sender and SFU, and between SFU and receiver. */
  readonly upLoss?: readonly number[];
  readonly downLoss?: readonly number[];
  /** Of the samples played, how many were concealed. @default as much as was lost on the way down */
  readonly concealed?: readonly number[];
  /** Packets in a row that one concealment covers. @default 1 */
  readonly burstPackets?: number;
  readonly stretched?: readonly number[];
  readonly jitterBufferMs?: readonly number[];
  readonly bitrateBps?: readonly number[];
  readonly targetBps?: number;
  /** Round trips go straight from the first value at the beginning to the second at the end. */
  readonly upRttMs?: readonly [number, number];
  readonly downRttMs?: readonly [number, number];
  readonly sendDelayMs?: number;
  /** Frames a second that the sender sends. */
  readonly fps?: number;
  /** Of these the receiver gets so many. */
  readonly seen?: number;
  /** Times without a frame at the receiver, seconds after the beginning. */
  readonly freezes?: readonly { readonly from: number; readonly to: number }[];
  readonly qp?: readonly number[];
  readonly width?: number;
  readonly height?: number;
  /** Seconds in which the SFU says that the receiver, or the sender, has it paused. */
  readonly consumerPaused?: (second: number) => boolean;
  readonly producerPaused?: (second: number) => boolean;
  readonly dtlsState?: string;
}

const half = 0.5;

/** Sum of a list of amounts per half second from 0 to `second`, the last one in part. */
function upTo(second: number, amounts: readonly number[]): number {
  const whole = Math.floor(second / half);
  let sum = 0;
  for (let i = 0; i < whole; i++) sum += amounts[i % amounts.length]!;
  return sum + (amounts[whole % amounts.length]! * (second - whole * half)) / half;
}

/** @param moments seconds after `startMs` at which each source is sampled, in any order */
export function onePath(truth: Truth, moments: readonly number[], lengthSeconds = 60): CallSamples {
  const call = emptyCall();
  const { kind } = truth;
  const packetsPerHalf = 25;
  const one = (value: number) => [value];
  const mixed = (a: readonly number[], b: readonly number[], how: (a: number, b: number) => number) =>
    Array.from({ length: a.length * b.length }, (_, i) => how(a[i % a.length]!, b[i % b.length]!));
  const upLoss = truth.upLoss ?? [0];
  const downLoss = truth.downLoss ?? [0];
  const bitrates = truth.bitrateBps ?? [kind === 'audio' ? 32_000 : 600_000];
  const concealed = truth.concealed ?? downLoss;
  const jitterBuffer = truth.jitterBufferMs ?? [40];
  const through = upLoss.map((loss) => packetsPerHalf * (1 - loss));
  const played = 48_000 * half;
  const fps = truth.fps ?? 15;
  const ramp = ([from, to]: readonly [number, number], second: number) =>
    from + ((to - from) * second) / lengthSeconds;
  /** Mean of a ramp from its beginning on: what a sum of equally spaced measurements comes to. */
  const rampSum = (values: readonly [number, number], second: number) =>
    ((values[0] + ramp(values, second)) / 2) * second;
  const frames = framesOf(truth, fps, lengthSeconds);

  for (const second of moments) {
    const time = startMs + second * 1000;
    const send = { participant_id: 'ann', transport_id: 'ann-send', producer_id: 'p', time };
    const recv = {
      participant_id: 'ben',
      transport_id: 'ben-recv',
      producer_id: 'p',
      consumer_id: 'c',
      time,
    };
    const sent = upTo(second, one(packetsPerHalf));
    const sentFrames = fps * second;
    const upRtt = truth.upRttMs ?? [40, 40];
    call.outbound_rtp.push(
      sample('outbound_rtp', {
        ...send,
        stat_id: 'O',
        kind,
        media_source_id: 'S',
        ssrc: 1,
        active: true,
        packets_sent: sent,
        bytes_sent: upTo(second, bitrates) * (half / 8),
        target_bitrate: kind === 'audio' ? (truth.targetBps ?? 32_000) : null,
        total_packet_send_delay_us: sent * (truth.sendDelayMs ?? 0) * 1000,
        ...(kind === 'video' && {
          frames_encoded: sentFrames,
          frame_width: truth.width ?? 640,
          frame_height: truth.height ?? 360,
          qp_sum: truth.qp ? upTo(second, truth.qp) * fps * half : null,
        }),
      }),
    );
    call.remote_inbound_rtp.push(
      sample('remote_inbound_rtp', {
        ...send,
        stat_id: 'R',
        kind,
        ssrc: 1,
        round_trip_time_us: ramp(upRtt, second) * 1000,
        total_round_trip_time_us: rampSum(upRtt, second) * 1000,
        round_trip_time_measurements: second,
      }),
    );
    call.media_source.push(
      sample('media_source', {
        ...send,
        stat_id: 'S',
        kind,
        ...(kind === 'video'
          ? { frames_per_second: fps, width: truth.width ?? 640, height: truth.height ?? 360 }
          : { total_audio_energy: second * 0.01 }),
      }),
    );
    call.sfu_transport.push(
      sample('sfu_transport', {
        ...recv,
        producer_id: '',
        consumer_id: '',
        direction: 'recv',
        dtls_state: truth.dtlsState ?? 'connected',
      }),
    );
    const arrived = upTo(second, through);
    call.sfu_producer.push(
      sample('sfu_producer', {
        ...send,
        kind,
        source: truth.source ?? (kind === 'audio' ? 'microphone' : 'camera'),
        mime_type: kind === 'audio' ? 'audio/opus' : 'video/VP8',
        paused: truth.producerPaused?.(second) ?? false,
        ssrc: 1,
        spatial_layer: 0,
        packet_count: arrived,
        byte_count: upTo(second, bitrates) * (half / 8),
        packets_lost: sent - arrived,
      }),
    );
    call.sfu_consumer.push(
      sample('sfu_consumer', {
        ...recv,
        kind,
        ssrc: 2,
        paused: truth.consumerPaused?.(second) ?? false,
        producer_paused: truth.producerPaused?.(second) ?? false,
        packet_count: arrived,
        byte_count: upTo(second, bitrates) * (half / 8),
        current_spatial_layer: 0,
        current_temporal_layer: 0,
        round_trip_time: ramp(truth.downRttMs ?? [40, 40], second),
      }),
    );
    const got = upTo(
      second,
      mixed(through, downLoss, (packets, loss) => packets * (1 - loss)),
    );
    const concealedSamples = upTo(
      second,
      concealed.map((share) => share * played),
    );
    call.inbound_rtp.push(
      sample('inbound_rtp', {
        ...recv,
        stat_id: 'I',
        kind,
        ssrc: 2,
        packets_received: got,
        packets_lost: sent - got,
        bytes_received: upTo(second, bitrates) * (half / 8),
        jitter_buffer_delay_us: upTo(second, jitterBuffer) * 1000 * played,
        jitter_buffer_emitted_count: (second / half) * played,
        ...(kind === 'audio'
          ? {
              total_samples_received: second * 48_000,
              concealed_samples: concealedSamples,
              silent_concealed_samples: 0,
              concealment_events: concealedSamples / 960 / (truth.burstPackets ?? 1),
              inserted_samples_for_deceleration: upTo(
                second,
                (truth.stretched ?? [0]).map((share) => share * played),
              ),
            }
          : {
              ...frames(second),
              frame_width: truth.width ?? 640,
              frame_height: truth.height ?? 360,
              qp_sum: truth.qp ? upTo(second, truth.qp) * fps * half : null,
            }),
      }),
    );
  }
  return call;
}

/** Frames at the receiver one by one: even gaps, but for the freezes. */
function framesOf(truth: Truth, fps: number, lengthSeconds: number) {
  const rate = fps * (truth.seen ?? 1);
  const times: number[] = [];
  const freezes = truth.freezes ?? [];
  for (let i = 0; rate > 0 && i < rate * lengthSeconds; i++) {
    const at = (i + 0.5) / rate;
    if (!freezes.some(({ from, to }) => at > from && at < to)) times.push(at);
  }
  const usual = 1 / (rate || 1);
  return (second: number) => {
    let frames_decoded = 0;
    let gaps = 0;
    let squares = 0;
    let freeze_count = 0;
    let frozen = 0;
    for (let i = 0; i < times.length && times[i]! <= second; i++) {
      frames_decoded++;
      if (i === 0) continue;
      const gap = times[i]! - times[i - 1]!;
      gaps += gap;
      squares += gap * gap;
      if (gap > Math.max(3 * usual, usual + 0.15)) {
        freeze_count++;
        frozen += gap;
      }
    }
    return {
      frames_decoded,
      total_inter_frame_delay_us: gaps * 1e6,
      total_squared_inter_frame_delay: squares,
      freeze_count,
      total_freezes_duration_us: frozen * 1e6,
      pause_count: 0,
      total_pauses_duration_us: 0,
    };
  };
}

/**
 * What one stream did over one span, at each point where it is seen. Every figure may be undefined: absent,
 * which is not 0. Ratios are 0 to 1, times ms, rates per second.
 */
import {
  increase,
  mean,
  pairsIn,
  perSecond,
  quotient,
  type Span,
  share,
  signedDifference,
} from './counters.ts';
import type { Sample } from './samples.ts';

const within = <S extends { readonly time: number }>(samples: readonly S[], span: Span): S[] =>
  samples.filter((sample) => sample.time >= span.fromMs && sample.time < span.toMs);

export type InboundMeasure = ReturnType<typeof measureInbound>;

/** A stream at its receiver. */
export function measureInbound(samples: readonly Sample<'inbound_rtp'>[], span: Span) {
  const inSpan = within(samples, span);
  const last = inSpan.at(-1);
  const received = increase(samples, (s) => s.packets_received, span);
  const lost = increase(samples, (s) => s.packets_lost, span, signedDifference);
  const played = increase(samples, (s) => s.total_samples_received, span);
  const concealed = increase(samples, (s) => s.concealed_samples, span);
  const silent = increase(samples, (s) => s.silent_concealed_samples, span);
  const stretched = sum(
    increase(samples, (s) => s.inserted_samples_for_deceleration, span)?.amount,
    increase(samples, (s) => s.removed_samples_for_acceleration, span)?.amount,
  );
  const frames = increase(samples, (s) => s.frames_decoded, span);
  const heard = concealed && concealed.amount - (silent?.amount ?? 0);
  return {
    samples: inSpan.length,
    coveredMs: received?.coveredMs ?? 0,
    packets: received?.amount,
    lossRatio: share(lost?.amount, received?.amount),
    bitrateBps: times8(perSecond(increase(samples, (s) => s.bytes_received, span))),
    nackPerSecond: perSecond(increase(samples, (s) => s.nack_count, span)),
    pliPerSecond: perSecond(increase(samples, (s) => s.pli_count, span)),
    playedSamples: played?.amount,
    concealedRatio: quotient(heard === undefined ? undefined : Math.max(0, heard), played?.amount),
    silentConcealedRatio: quotient(silent?.amount, played?.amount),
    stretchRatio: quotient(stretched, played?.amount),
    jitterMs: usToMs(mean(inSpan.map((s) => s.jitter_us))),
    jitterBufferMs: usToMs(
      quotient(
        increase(samples, (s) => s.jitter_buffer_delay_us, span)?.amount,
        increase(samples, (s) => s.jitter_buffer_emitted_count, span)?.amount,
      ),
    ),
    framesPerSecond: perSecond(frames),
    frozenMs: last?.kind === 'video' || frames ? frozenMs(samples, span) : undefined,
    frameWidth: last?.frame_width ?? undefined,
    frameHeight: last?.frame_height ?? undefined,
    qpAverage: quotient(increase(samples, (s) => s.qp_sum, span)?.amount, frames?.amount),
    decodeMsPerFrame: usToMs(
      quotient(increase(samples, (s) => s.total_decode_time_us, span)?.amount, frames?.amount),
    ),
  };
}

export type OutboundMeasure = ReturnType<typeof measureOutbound>;

/** One layer as its sender sends it. */
export function measureOutbound(samples: readonly Sample<'outbound_rtp'>[], span: Span) {
  const inSpan = within(samples, span);
  const last = inSpan.at(-1);
  const packets = increase(samples, (s) => s.packets_sent, span);
  const frames = increase(samples, (s) => s.frames_encoded, span);
  const limitedUs = increase(samples, (s) => s.quality_limitation_durations_bandwidth_us, span);
  return {
    samples: inSpan.length,
    coveredMs: packets?.coveredMs ?? 0,
    packets: packets?.amount,
    active: last?.active ?? undefined,
    bitrateBps: times8(perSecond(increase(samples, (s) => s.bytes_sent, span))),
    targetBitrateBps: last?.target_bitrate ?? undefined,
    framesPerSecond: perSecond(frames),
    frameWidth: last?.frame_width ?? undefined,
    frameHeight: last?.frame_height ?? undefined,
    qpAverage: quotient(increase(samples, (s) => s.qp_sum, span)?.amount, frames?.amount),
    encodeMsPerFrame: usToMs(
      quotient(increase(samples, (s) => s.total_encode_time_us, span)?.amount, frames?.amount),
    ),
    limitedByBandwidth: last ? last.quality_limitation_reason === 'bandwidth' : undefined,
    limitedByBandwidthRatio: limitedUs && limitedUs.amount / 1000 / limitedUs.coveredMs,
  };
}

/** What the SFU's receiver reports told the sender about one layer. */
export function measureRemoteInbound(samples: readonly Sample<'remote_inbound_rtp'>[], span: Span) {
  const inSpan = within(samples, span);
  return {
    fractionLost: mean(inSpan.map((s) => s.fraction_lost)),
    roundTripMs: usToMs(mean(inSpan.map((s) => s.round_trip_time_us))),
    jitterMs: usToMs(mean(inSpan.map((s) => s.jitter_us))),
  };
}

export type ProducerMeasure = ReturnType<typeof measureProducer>;

/** One layer as it arrives at the SFU. */
export function measureProducer(samples: readonly Sample<'sfu_producer'>[], span: Span) {
  const inSpan = within(samples, span);
  const last = inSpan.at(-1);
  const packets = increase(samples, (s) => s.packet_count, span);
  const lost = increase(samples, (s) => s.packets_lost, span, signedDifference);
  return {
    samples: inSpan.length,
    coveredMs: packets?.coveredMs ?? 0,
    packets: packets?.amount,
    /** Lost and not repaired by retransmission. */
    lossRatio: share(lost?.amount, packets?.amount),
    bitrateBps: times8(perSecond(increase(samples, (s) => s.byte_count, span))),
    nackedPerSecond: perSecond(increase(samples, (s) => s.nack_packet_count, span)),
    repairedPerSecond: perSecond(increase(samples, (s) => s.packets_repaired, span)),
    score: last?.score ?? undefined,
    paused: last?.paused ?? undefined,
  };
}

export type ConsumerMeasure = ReturnType<typeof measureConsumer>;

/** One consumer as the SFU sends it, and what its receiver reported back. */
export function measureConsumer(samples: readonly Sample<'sfu_consumer'>[], span: Span) {
  const inSpan = within(samples, span);
  const last = inSpan.at(-1);
  const packets = increase(samples, (s) => s.packet_count, span);
  const retransmitted = increase(samples, (s) => s.packets_retransmitted, span);
  return {
    samples: inSpan.length,
    coveredMs: packets?.coveredMs ?? 0,
    packets: packets?.amount,
    bitrateBps: times8(perSecond(increase(samples, (s) => s.byte_count, span))),
    nackedPerSecond: perSecond(increase(samples, (s) => s.nack_packet_count, span)),
    /** Packets that the receiver asked for again, per packet sent. */
    nackedRatio: quotient(increase(samples, (s) => s.nack_packet_count, span)?.amount, packets?.amount),
    retransmittedRatio: quotient(retransmitted?.amount, packets?.amount),
    roundTripMs: mean(inSpan.map((s) => (s.round_trip_time ? s.round_trip_time : null))),
    spatialLayer: last?.current_spatial_layer ?? undefined,
    temporalLayer: last?.current_temporal_layer ?? undefined,
    paused: last?.paused ?? undefined,
    producerPaused: last?.producer_paused ?? undefined,
    pausedAtAll: inSpan.some((s) => s.paused === true || s.producer_paused === true),
  };
}

/**
 * Time without a new frame beyond what the frame rate explains, ms within the span.
 *
 * `totalFreezesDuration` cannot be used while it matters: it counts a freeze only once it is over. A pair of
 * samples without any decoded frame is frozen for its whole length. A pair with frames tells its longest gap
 * through the sum of squared gaps: n usual gaps m and one long gap F leave `F^2 = sum(d^2) - n m^2`; it counts
 * where WebRTC itself would call it a freeze, F > max(3 m, m + 150 ms).
 */
export function frozenMs(samples: readonly Sample<'inbound_rtp'>[], span: Span): number | undefined {
  const pairs = pairsIn(samples, span);
  const started = pairs.filter(([before]) => (before.frames_decoded ?? 0) > 0);
  if (started.length === 0) return undefined;
  const usualMs = usualGapMs(samples);
  let frozen = 0;
  for (const [before, after] of started) {
    const overlapMs = Math.min(after.time, span.toMs) - Math.max(before.time, span.fromMs);
    const pairMs = after.time - before.time;
    const frames = (after.frames_decoded ?? 0) - (before.frames_decoded ?? 0);
    const ofPair = frames > 0 ? longGapMs(before, after, frames, usualMs) : Math.max(0, pairMs - usualMs);
    frozen += (Math.min(pairMs, ofPair) * overlapMs) / pairMs;
  }
  return frozen;
}

function longGapMs(
  before: Sample<'inbound_rtp'>,
  after: Sample<'inbound_rtp'>,
  frames: number,
  usualMs: number,
): number {
  const squares =
    (after.total_squared_inter_frame_delay ?? Number.NaN) -
    (before.total_squared_inter_frame_delay ?? Number.NaN);
  if (!(squares > 0)) return 0;
  const longest = Math.sqrt(Math.max(0, squares * 1e6 - (frames - 1) * usualMs ** 2));
  return longest > Math.max(3 * usualMs, usualMs + 150) ? longest - usualMs : 0;
}

/** Median gap between frames, ms, held between 60 and 2 frames a second; 15 frames a second where unknown. */
function usualGapMs(samples: readonly Sample<'inbound_rtp'>[]): number {
  const gaps: number[] = [];
  for (const [before, after] of pairsIn(samples, { fromMs: -Infinity, toMs: Infinity })) {
    const frames = (after.frames_decoded ?? 0) - (before.frames_decoded ?? 0);
    const us = (after.total_inter_frame_delay_us ?? 0) - (before.total_inter_frame_delay_us ?? 0);
    if (frames > 0 && us > 0) gaps.push(us / 1000 / frames);
  }
  if (gaps.length === 0) return 1000 / 15;
  gaps.sort((a, b) => a - b);
  return Math.min(500, Math.max(1000 / 60, gaps[Math.floor(gaps.length / 2)]!));
}

const times8 = (bytesPerSecond: number | undefined) =>
  bytesPerSecond === undefined ? undefined : bytesPerSecond * 8;
const usToMs = (us: number | undefined) => (us === undefined ? undefined : us / 1000);
const sum = (a: number | undefined, b: number | undefined) =>
  a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);

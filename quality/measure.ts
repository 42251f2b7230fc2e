/**
 * What one stream did over one span, at each point where it is seen. Every figure may be undefined: absent,
 * which is not 0. Ratios are 0 to 1, times ms, rates per second.
 *
 * A figure is computed when it is read: most callers read three of a stream's twenty, many thousand times a
 * second. Hence the classes; they hold the samples, the span and what was once found of them.
 */
import {
  type Counted,
  type Increase,
  increaseOver,
  type Overlap,
  overlapsIn,
  perSecond,
  quotient,
  type Span,
  share,
  signedDifference,
} from './counters.ts';
import { frozenMs } from './freezes.ts';
import type { Sample } from './samples.ts';

type Pick<S> = (sample: S) => number | null;

abstract class Measure<S extends Counted> {
  protected readonly series: readonly S[];
  protected readonly span: Span;
  #overlaps: readonly Overlap<S>[] | undefined;
  /** The samples in the span are `series[first]` up to, not including, `series[end]`. */
  protected readonly first: number;
  protected readonly end: number;

  constructor(series: readonly S[], span: Span) {
    this.series = series;
    this.span = span;
    let end = series.length;
    while (end > 0 && series[end - 1]!.time >= span.toMs) end--;
    let first = end;
    while (first > 0 && series[first - 1]!.time >= span.fromMs) first--;
    this.first = first;
    this.end = end;
  }

  protected get overlaps(): readonly Overlap<S>[] {
    this.#overlaps ??= overlapsIn(this.series, this.span);
    return this.#overlaps;
  }

  /** How many samples lie in the span. */
  get samples(): number {
    return this.end - this.first;
  }

  /** The newest sample in the span. */
  protected get last(): S | undefined {
    return this.end > this.first ? this.series[this.end - 1] : undefined;
  }

  protected increase(pick: Pick<S>): Increase | undefined {
    return increaseOver(this.overlaps, pick);
  }

  protected amount(pick: Pick<S>): number | undefined {
    return increaseOver(this.overlaps, pick)?.amount;
  }

  protected rate(pick: Pick<S>): number | undefined {
    return perSecond(increaseOver(this.overlaps, pick));
  }

  /** True of every sample in the span, and there is one. */
  protected throughout(so: (sample: S) => boolean): boolean {
    for (let i = this.first; i < this.end; i++) if (!so(this.series[i]!)) return false;
    return this.end > this.first;
  }

  /** True of some sample in the span. */
  protected ever(so: (sample: S) => boolean): boolean {
    for (let i = this.first; i < this.end; i++) if (so(this.series[i]!)) return true;
    return false;
  }

  /** Mean of a gauge's values in the span. */
  protected mean(pick: Pick<S>): number | undefined {
    let sum = 0;
    let count = 0;
    for (let i = this.first; i < this.end; i++) {
      const value = pick(this.series[i]!);
      if (value === null || Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return count > 0 ? sum / count : undefined;
  }
}

/** A stream at its receiver. */
export class InboundMeasure extends Measure<Sample<'inbound_rtp'>> {
  get coveredMs() {
    return this.increase((s) => s.packets_received)?.coveredMs ?? 0;
  }
  get packets() {
    return this.amount((s) => s.packets_received);
  }
  get packetsPerSecond() {
    return this.rate((s) => s.packets_received);
  }
  get lossRatio() {
    const lost = increaseOver(this.overlaps, (s) => s.packets_lost, signedDifference);
    return share(lost?.amount, this.packets);
  }
  get bitrateBps() {
    return times8(this.rate((s) => s.bytes_received));
  }
  get nackPerSecond() {
    return this.rate((s) => s.nack_count);
  }
  get plis() {
    return this.amount((s) => s.pli_count);
  }
  get pliPerSecond() {
    return this.rate((s) => s.pli_count);
  }
  get playedSamples() {
    return this.amount((s) => s.total_samples_received);
  }
  /** What was synthesised and could be heard as such. */
  get audiblyConcealedSamples() {
    const concealed = this.amount((s) => s.concealed_samples);
    if (concealed === undefined) return undefined;
    return Math.max(0, concealed - (this.amount((s) => s.silent_concealed_samples) ?? 0));
  }
  get concealedRatio() {
    return quotient(this.audiblyConcealedSamples, this.playedSamples);
  }
  get silentConcealedRatio() {
    return quotient(
      this.amount((s) => s.silent_concealed_samples),
      this.playedSamples,
    );
  }
  /** Samples concealed, silent or not, and in how many events: the length of bursts as the ear met them. */
  get concealedSamples() {
    return this.amount((s) => s.concealed_samples);
  }
  get concealmentEvents() {
    return this.amount((s) => s.concealment_events);
  }
  get stretchRatio() {
    const stretched = sum(
      this.amount((s) => s.inserted_samples_for_deceleration),
      this.amount((s) => s.removed_samples_for_acceleration),
    );
    return quotient(stretched, this.playedSamples);
  }
  get jitterMs() {
    return usToMs(this.mean((s) => s.jitter_us));
  }
  get jitterBufferMs() {
    const delayUs = this.amount((s) => s.jitter_buffer_delay_us);
    return usToMs(
      quotient(
        delayUs,
        this.amount((s) => s.jitter_buffer_emitted_count),
      ),
    );
  }
  get framesReceived() {
    return this.amount((s) => s.frames_received);
  }
  get framesReceivedPerSecond() {
    return this.rate((s) => s.frames_received);
  }
  /** Arrived whole and thrown away. */
  get framesDropped() {
    return this.amount((s) => s.frames_dropped);
  }
  get framesDecoded() {
    return this.amount((s) => s.frames_decoded);
  }
  get framesPerSecond() {
    return this.rate((s) => s.frames_decoded);
  }
  get frozenMs() {
    return this.last?.kind === 'video' || this.framesDecoded !== undefined
      ? frozenMs(this.series, this.span)
      : undefined;
  }
  get frameWidth() {
    return this.last?.frame_width ?? undefined;
  }
  get frameHeight() {
    return this.last?.frame_height ?? undefined;
  }
  get qpAverage() {
    return quotient(
      this.amount((s) => s.qp_sum),
      this.framesDecoded,
    );
  }
  /** Part of the time that the decoder was at work on it. */
  get decodingRatio() {
    return usPerSecondToRatio(this.rate((s) => s.total_decode_time_us));
  }
  get decodeMsPerFrame() {
    return usToMs(
      quotient(
        this.amount((s) => s.total_decode_time_us),
        this.framesDecoded,
      ),
    );
  }
}

/** What a camera or microphone gave. */
export class SourceMeasure extends Measure<Sample<'media_source'>> {
  get framesPerSecond() {
    return this.rate((s) => s.frames);
  }
  get energyPerSecond() {
    return this.rate((s) => s.total_audio_energy);
  }
  get energyCoveredMs() {
    return this.increase((s) => s.total_audio_energy)?.coveredMs ?? 0;
  }
}

/** One layer as its sender sends it. */
export class OutboundMeasure extends Measure<Sample<'outbound_rtp'>> {
  get coveredMs() {
    return this.increase((s) => s.packets_sent)?.coveredMs ?? 0;
  }
  get packets() {
    return this.amount((s) => s.packets_sent);
  }
  get bytes() {
    return this.amount((s) => s.bytes_sent);
  }
  get active() {
    return this.last?.active ?? undefined;
  }
  get bitrateBps() {
    return times8(this.rate((s) => s.bytes_sent));
  }
  get targetBitrateBps() {
    return this.last?.target_bitrate ?? undefined;
  }
  get framesEncoded() {
    return this.amount((s) => s.frames_encoded);
  }
  get framesPerSecond() {
    return this.rate((s) => s.frames_encoded);
  }
  get frameWidth() {
    return this.last?.frame_width ?? undefined;
  }
  get frameHeight() {
    return this.last?.frame_height ?? undefined;
  }
  get qpAverage() {
    return quotient(
      this.amount((s) => s.qp_sum),
      this.framesEncoded,
    );
  }
  get encodeMsPerFrame() {
    return usToMs(
      quotient(
        this.amount((s) => s.total_encode_time_us),
        this.framesEncoded,
      ),
    );
  }
  /** How long a packet waited in the sender before it left. */
  get sendDelayMs() {
    return usToMs(
      quotient(
        this.amount((s) => s.total_packet_send_delay_us),
        this.packets,
      ),
    );
  }
  /** Part of the time that the encoder was at work on it. */
  get encodingRatio() {
    return usPerSecondToRatio(this.rate((s) => s.total_encode_time_us));
  }
  /** Part of the time that the browser itself held back for CPU. */
  get limitedByCpuRatio() {
    return usPerSecondToRatio(this.rate((s) => s.quality_limitation_durations_cpu_us));
  }
  get limitedByBandwidth() {
    return this.last ? this.last.quality_limitation_reason === 'bandwidth' : undefined;
  }
  get limitedByBandwidthRatio() {
    return usPerSecondToRatio(this.rate((s) => s.quality_limitation_durations_bandwidth_us));
  }
}

/** What the SFU's receiver reports told the sender about one layer. */
export class RemoteInboundMeasure extends Measure<Sample<'remote_inbound_rtp'>> {
  get fractionLost() {
    return this.mean((s) => s.fraction_lost);
  }
  get roundTripMs() {
    return usToMs(this.mean((s) => s.round_trip_time_us));
  }
  get jitterMs() {
    return usToMs(this.mean((s) => s.jitter_us));
  }
}

/** One layer as it arrives at the SFU. */
export class ProducerMeasure extends Measure<Sample<'sfu_producer'>> {
  get coveredMs() {
    return this.increase((s) => s.packet_count)?.coveredMs ?? 0;
  }
  get packets() {
    return this.amount((s) => s.packet_count);
  }
  get packetsPerSecond() {
    return this.rate((s) => s.packet_count);
  }
  get bytes() {
    return this.amount((s) => s.byte_count);
  }
  /** Lost and not repaired by retransmission. */
  get lost() {
    return increaseOver(this.overlaps, (s) => s.packets_lost, signedDifference)?.amount;
  }
  get lossRatio() {
    return share(this.lost, this.packets);
  }
  get jitterMs() {
    return this.mean((s) => s.jitter);
  }
  get pliPerSecond() {
    return this.rate((s) => s.pli_count);
  }
  get bitrateBps() {
    return times8(this.rate((s) => s.byte_count));
  }
  get nackedPerSecond() {
    return this.rate((s) => s.nack_packet_count);
  }
  get repairedPerSecond() {
    return this.rate((s) => s.packets_repaired);
  }
  get score() {
    return this.last?.score ?? undefined;
  }
  get paused() {
    return this.last?.paused ?? undefined;
  }
  get pausedAtAll() {
    return this.ever((s) => s.paused === true);
  }
}

/** One consumer as the SFU sends it, and what its receiver reported back. */
export class ConsumerMeasure extends Measure<Sample<'sfu_consumer'>> {
  get coveredMs() {
    return this.increase((s) => s.packet_count)?.coveredMs ?? 0;
  }
  get packets() {
    return this.amount((s) => s.packet_count);
  }
  get bitrateBps() {
    return times8(this.rate((s) => s.byte_count));
  }
  get nackedPerSecond() {
    return this.rate((s) => s.nack_packet_count);
  }
  get nacked() {
    return this.amount((s) => s.nack_packet_count);
  }
  /** Packets that the receiver asked for again, per packet sent. */
  get nackedRatio() {
    return quotient(this.nacked, this.packets);
  }
  get retransmittedRatio() {
    return quotient(
      this.amount((s) => s.packets_retransmitted),
      this.packets,
    );
  }
  get roundTripMs() {
    return this.mean((s) => (s.round_trip_time ? s.round_trip_time : null));
  }
  get spatialLayer() {
    return this.last?.current_spatial_layer ?? undefined;
  }
  get temporalLayer() {
    return this.last?.current_temporal_layer ?? undefined;
  }
  get paused() {
    return this.last?.paused ?? undefined;
  }
  get producerPaused() {
    return this.last?.producer_paused ?? undefined;
  }
  /** Paused for its receiver in the whole span: by itself or by us. */
  get pausedThroughout() {
    return this.throughout((s) => s.paused === true);
  }
  /** Paused by its sender in the whole span. */
  get producerPausedThroughout() {
    return this.throughout((s) => s.producer_paused === true);
  }
  get pausedAtAll() {
    return this.ever((s) => s.paused === true || s.producer_paused === true);
  }
}

export const measureInbound = (samples: readonly Sample<'inbound_rtp'>[], span: Span) =>
  new InboundMeasure(samples, span);
export const measureSource = (samples: readonly Sample<'media_source'>[], span: Span) =>
  new SourceMeasure(samples, span);
export const measureOutbound = (samples: readonly Sample<'outbound_rtp'>[], span: Span) =>
  new OutboundMeasure(samples, span);
export const measureRemoteInbound = (samples: readonly Sample<'remote_inbound_rtp'>[], span: Span) =>
  new RemoteInboundMeasure(samples, span);
export const measureProducer = (samples: readonly Sample<'sfu_producer'>[], span: Span) =>
  new ProducerMeasure(samples, span);
export const measureConsumer = (samples: readonly Sample<'sfu_consumer'>[], span: Span) =>
  new ConsumerMeasure(samples, span);

const times8 = (bytesPerSecond: number | undefined) =>
  bytesPerSecond === undefined ? undefined : bytesPerSecond * 8;
const usPerSecondToRatio = (us: number | undefined) => (us === undefined ? undefined : us / 1e6);
const usToMs = (us: number | undefined) => (us === undefined ? undefined : us / 1000);
const sum = (a: number | undefined, b: number | undefined) =>
  a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);

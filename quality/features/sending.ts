/**
 * One source on its way out: what camera or microphone gives, what the encoder makes of it, what reaches the SFU. A
 * figure is worked out when it is read, as in measure.ts.
 */
import type { MediaKind, MediaSource } from '../../telemetry/rows.ts';
import { quotient, share } from '../counters.ts';
import {
  measureOutbound,
  measureProducer,
  measureSource,
  type OutboundMeasure,
  type ProducerMeasure,
  type SourceMeasure,
} from '../measure.ts';
import type { Uplink } from '../paths.ts';
import type { Sample } from '../samples.ts';
import { freshLayers } from './layers.ts';
import {
  fresh,
  highest,
  historyMs,
  longMs,
  lowest,
  shortMs,
  sinceProgressMs,
  sourceHistoryMs,
  staleClientMs,
  total,
  upTo,
} from './trailing.ts';

export interface SendingFeatures {
  readonly uplink: Uplink;
  readonly senderId: string;
  readonly producerId: string;
  readonly kind: MediaKind;
  readonly source: MediaSource;
  /** Newest samples, epoch ms. */
  readonly clientTimeMs: number | undefined;
  readonly sfuTimeMs: number | undefined;
  /** Switched off by its owner at any time of the history, by the SFU's word; undefined: the SFU does not say. */
  readonly pausedLately: boolean | undefined;
  readonly sourceFps: number | undefined;
  /** Since when the source has given no frame; ms. */
  readonly sourceStillMs: number | undefined;
  /** Sound energy that the microphone gave, per second, and over how long that was seen (up to 34 s). */
  readonly energyPerSecond: number | undefined;
  readonly energyKnownMs: number;
  /** Of the busiest layer, over the last 5 s and before that. */
  readonly encodedFps: number | undefined;
  readonly encodedFpsBefore: number | undefined;
  /** Part of the time that the encoder was at work, all layers together. */
  readonly encoding: number | undefined;
  /** Part of the time that the browser itself held back for CPU. */
  readonly cpuLimited: number | undefined;
  readonly sentBps: number | undefined;
  readonly sentBeforeBps: number | undefined;
  /** Bits per pixel and frame of the largest layer that makes frames. */
  readonly bitsPerPixel: number | undefined;
  /** Layers that exist, by either side's word. */
  readonly layers: number;
  readonly frameHeight: number | undefined;
  /** Since when nothing of it has arrived at the SFU; ms. */
  readonly arrivedStillMs: number | undefined;
  readonly arrivedPacketsPerSecond: number | undefined;
  readonly arrivedBps: number | undefined;
  /** Over the last 2 s at the SFU, all layers: packets a second, bytes a packet; and bytes a packet before that. */
  readonly arrivedLately:
    | { readonly packetsPerSecond: number; readonly packetBytes: number; readonly packetBytesBefore: number }
    | undefined;
  /** How long the SFU has seen it, ms. */
  readonly arrivedKnownMs: number;
  readonly lossAtSfu: number | undefined;
  /** Jitter of what arrives at the SFU, mean of the last 5 s, the least jittery layer that flows. */
  readonly jitterAtSfuMs: number | undefined;
  /** The same over the last 2 s. */
  readonly jitterAtSfuNowMs: number | undefined;
  readonly keyFramesAskedPerSecond: number | undefined;
}

export const sendingFeatures = (uplink: Uplink, atMs: number): SendingFeatures => new SendingAt(uplink, atMs);

class SendingAt implements SendingFeatures {
  readonly uplink: Uplink;
  readonly senderId: string;
  readonly producerId: string;
  readonly kind: MediaKind;
  readonly source: MediaSource;
  readonly layers: number;
  readonly clientTimeMs: number | undefined;
  readonly sfuTimeMs: number | undefined;
  /** What the camera or microphone gave, of as long as is looked back at those. */
  private readonly given: SourceMeasure;
  private readonly sourceRows: readonly Sample<'media_source'>[];
  private readonly encoders: readonly Encoder[];
  private readonly arrivals: readonly Arrival[];
  #busiest: Encoder | undefined;

  constructor(uplink: Uplink, atMs: number) {
    const source = fresh(uplink.mediaSource, atMs, staleClientMs, sourceHistoryMs);
    const known = freshLayers(uplink, atMs);
    this.uplink = uplink;
    this.senderId = uplink.senderId;
    this.producerId = uplink.producerId;
    this.kind = uplink.kind;
    this.source = uplink.source;
    this.layers = uplink.layers.length;
    this.given = measureSource(source, upTo(source.at(-1)?.time, sourceHistoryMs));
    this.sourceRows = source.filter((s) => s.time > atMs - historyMs);
    this.encoders = known.outbound.map(encoder);
    this.arrivals = known.arrived.map(arrival);
    this.clientTimeMs = highest([...this.encoders.map((e) => e.newest.time), source.at(-1)?.time]);
    this.sfuTimeMs = highest(this.arrivals.map((a) => a.newest.time));
  }

  get pausedLately() {
    return this.arrivals.length > 0 ? this.arrivals.some((a) => a.long.pausedAtAll) : undefined;
  }
  get sourceFps() {
    if (this.kind !== 'video') return undefined;
    return measureSource(this.sourceRows, upTo(this.sourceRows.at(-1)?.time, longMs)).framesPerSecond;
  }
  get sourceStillMs() {
    return this.kind === 'video' ? sinceProgressMs(this.sourceRows, (s) => s.frames) : undefined;
  }
  get energyPerSecond() {
    return this.kind === 'audio' ? this.given.energyPerSecond : undefined;
  }
  get energyKnownMs() {
    return this.kind === 'audio' ? this.given.energyCoveredMs : 0;
  }
  private get busiest() {
    let most = -1;
    for (const e of this.#busiest ? [] : this.encoders) {
      const fps = e.now.framesPerSecond ?? 0;
      if (fps > most) this.#busiest = e;
      most = Math.max(most, fps);
    }
    return this.#busiest;
  }
  get encodedFps() {
    return this.busiest?.now.framesPerSecond;
  }
  get encodedFpsBefore() {
    return this.busiest?.before.framesPerSecond;
  }
  get encoding() {
    return total(this.encoders.map((e) => e.now.encodingRatio));
  }
  get cpuLimited() {
    return highest(this.encoders.map((e) => e.now.limitedByCpuRatio));
  }
  get sentBps() {
    return total(this.encoders.map((e) => e.now.bitrateBps));
  }
  get sentBeforeBps() {
    return total(this.encoders.map((e) => e.before.bitrateBps));
  }
  get bitsPerPixel() {
    return bitsPerPixel(this.encoders);
  }
  get frameHeight() {
    return highest(this.encoders.map((e) => e.newest.frame_height ?? undefined));
  }
  get arrivedStillMs() {
    return lowest(this.arrivals.map((a) => sinceProgressMs(a.rows, (row) => row.packet_count)));
  }
  get arrivedPacketsPerSecond() {
    return total(this.arrivals.map((a) => a.now.packetsPerSecond));
  }
  get arrivedBps() {
    return total(this.arrivals.map((a) => a.now.bitrateBps));
  }
  get arrivedLately() {
    return arrivedLately(this.arrivals);
  }
  get arrivedKnownMs() {
    return highest(this.arrivals.map((a) => a.long.coveredMs)) ?? 0;
  }
  private get flowing() {
    return this.arrivals.filter((a) => (a.now.packets ?? 0) > 0);
  }
  get lossAtSfu() {
    const { flowing } = this;
    return share(total(flowing.map((a) => a.now.lost)), total(flowing.map((a) => a.now.packets)));
  }
  get jitterAtSfuMs() {
    return lowest(this.flowing.map((a) => a.now.jitterMs));
  }
  get jitterAtSfuNowMs() {
    return lowest(this.flowing.map((a) => a.lately.jitterMs));
  }
  get keyFramesAskedPerSecond() {
    return total(this.arrivals.map((a) => a.long.pliPerSecond));
  }
}

/** One layer as its sender makes it, over the last 5 s and before that. */
interface Encoder {
  readonly newest: Sample<'outbound_rtp'>;
  readonly now: OutboundMeasure;
  readonly before: OutboundMeasure;
}

function encoder(rows: readonly Sample<'outbound_rtp'>[]): Encoder {
  const newest = rows.at(-1)!;
  return {
    newest,
    now: measureOutbound(rows, upTo(newest.time, longMs)),
    before: measureOutbound(rows, { fromMs: 0, toMs: newest.time - longMs }),
  };
}

/** One layer as it arrives at the SFU: over the last 2 s, the history before those, the last 5 s and all of it. */
interface Arrival {
  readonly rows: readonly Sample<'sfu_producer'>[];
  readonly newest: Sample<'sfu_producer'>;
  readonly lately: ProducerMeasure;
  readonly earlier: ProducerMeasure;
  readonly now: ProducerMeasure;
  readonly long: ProducerMeasure;
}

function arrival(rows: readonly Sample<'sfu_producer'>[]): Arrival {
  const newest = rows.at(-1)!;
  return {
    rows,
    newest,
    lately: measureProducer(rows, upTo(newest.time, shortMs)),
    earlier: measureProducer(rows, { fromMs: 0, toMs: newest.time - shortMs }),
    now: measureProducer(rows, upTo(newest.time, longMs)),
    long: measureProducer(rows, upTo(newest.time, historyMs)),
  };
}

function arrivedLately(arrivals: readonly Arrival[]): SendingFeatures['arrivedLately'] {
  const packets = total(arrivals.map((a) => a.lately.packets));
  const bytes = total(arrivals.map((a) => a.lately.bytes));
  const coveredMs = highest(arrivals.map((a) => a.lately.coveredMs));
  const packetBytesBefore = quotient(
    total(arrivals.map((a) => a.earlier.bytes)),
    total(arrivals.map((a) => a.earlier.packets)),
  );
  if (!packets || bytes === undefined || !coveredMs || packetBytesBefore === undefined) return undefined;
  return {
    packetsPerSecond: (packets * 1000) / coveredMs,
    packetBytes: bytes / packets,
    packetBytesBefore,
  };
}

function bitsPerPixel(encoders: readonly Encoder[]): number | undefined {
  let largest: number | undefined;
  let pixels = 0;
  for (const { newest, now } of encoders) {
    const size = (newest.frame_width ?? 0) * (newest.frame_height ?? 0);
    if (size <= pixels) continue;
    const frames = now.framesEncoded;
    const bytesPerFrame = quotient(now.bytes, frames);
    if (bytesPerFrame === undefined || frames! < 5) continue;
    pixels = size;
    largest = (bytesPerFrame * 8) / size;
  }
  return largest;
}

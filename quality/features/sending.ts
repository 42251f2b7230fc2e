/** One source on its way out: what camera or microphone gives, what the encoder makes of it, what reaches the SFU. */
import type { MediaKind, MediaSource } from '../../telemetry/rows.ts';
import type { Layer, Uplink } from '../paths.ts';
import type { Sample } from '../samples.ts';
import { growth, rateOf, ratioOf, shareOf } from './growth.ts';
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
  staleSfuMs,
  total,
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

const encoderCounters = [
  'frames_encoded',
  'bytes_sent',
  'total_encode_time_us',
  'quality_limitation_durations_cpu_us',
] as const;
const volumeCounters = ['packet_count', 'byte_count'] as const;
const arrivalCounters = ['packet_count', 'byte_count', 'packets_lost', 'pli_count'] as const;

export function sendingFeatures(uplink: Uplink, atMs: number): SendingFeatures {
  const source = fresh(uplink.mediaSource, atMs, staleClientMs, sourceHistoryMs);
  const sourceRecent = source.filter((s) => s.time > atMs - historyMs);
  const sourceMs = source.at(-1)?.time ?? atMs;
  const energy =
    uplink.kind === 'audio' ? growth(source, ['total_audio_energy'], sourceMs - sourceHistoryMs) : undefined;

  const outbound = uplink.layers.map((layer) => encoder(layer, atMs)).filter((e) => e !== undefined);
  const busiest = [...outbound].sort(
    (a, b) => (rateOf(b.now, 'frames_encoded') ?? 0) - (rateOf(a.now, 'frames_encoded') ?? 0),
  )[0];
  const arrivals = uplink.layers.map((layer) => arrival(layer, atMs)).filter((a) => a !== undefined);
  const flowing = arrivals.filter((a) => (a.now?.of.packet_count ?? 0) > 0);
  const perSecond = (value: number | undefined) => (value === undefined ? undefined : value / 1e6);
  return {
    uplink,
    senderId: uplink.senderId,
    producerId: uplink.producerId,
    kind: uplink.kind,
    source: uplink.source,
    clientTimeMs: highest([...outbound.map((e) => e.newest.time), source.at(-1)?.time]),
    sfuTimeMs: highest(arrivals.map((a) => a.newest.time)),
    pausedLately: arrivals.length > 0 ? arrivals.some((a) => a.pausedLately) : undefined,
    sourceFps:
      uplink.kind === 'video'
        ? rateOf(growth(sourceRecent, ['frames'], sourceMs - longMs), 'frames')
        : undefined,
    sourceStillMs: uplink.kind === 'video' ? sinceProgressMs(sourceRecent, (s) => s.frames) : undefined,
    energyPerSecond: rateOf(energy, 'total_audio_energy'),
    energyKnownMs: energy?.coveredMs ?? 0,
    encodedFps: rateOf(busiest?.now, 'frames_encoded'),
    encodedFpsBefore: rateOf(busiest?.before, 'frames_encoded'),
    encoding: perSecond(total(outbound.map((e) => rateOf(e.now, 'total_encode_time_us')))),
    cpuLimited: perSecond(highest(outbound.map((e) => rateOf(e.now, 'quality_limitation_durations_cpu_us')))),
    sentBps: times8(total(outbound.map((e) => rateOf(e.now, 'bytes_sent')))),
    sentBeforeBps: times8(total(outbound.map((e) => rateOf(e.before, 'bytes_sent')))),
    bitsPerPixel: bitsPerPixel(outbound),
    layers: uplink.layers.length,
    frameHeight: highest(outbound.map((e) => e.newest.frame_height ?? undefined)),
    arrivedStillMs: lowest(arrivals.map((a) => a.stillMs)),
    arrivedPacketsPerSecond: total(arrivals.map((a) => rateOf(a.now, 'packet_count'))),
    arrivedBps: times8(total(arrivals.map((a) => rateOf(a.now, 'byte_count')))),
    arrivedLately: arrivedLately(arrivals),
    arrivedKnownMs: highest(arrivals.map((a) => a.knownMs)) ?? 0,
    lossAtSfu: shareOf(
      total(flowing.map((a) => a.now?.of.packets_lost)),
      total(flowing.map((a) => a.now?.of.packet_count)),
    ),
    jitterAtSfuMs: lowest(flowing.map((a) => a.jitterMs)),
    jitterAtSfuNowMs: lowest(flowing.map((a) => a.jitterNowMs)),
    keyFramesAskedPerSecond: total(arrivals.map((a) => rateOf(a.long, 'pli_count'))),
  };
}

function encoder(layer: Layer, atMs: number) {
  const rows = fresh(layer.outbound, atMs, staleClientMs);
  const newest = rows.at(-1);
  if (!newest) return undefined;
  const splitMs = newest.time - longMs;
  return {
    newest,
    now: growth(rows, encoderCounters, splitMs),
    before: growth(
      rows.filter((row) => row.time <= splitMs),
      encoderCounters,
      0,
    ),
  };
}

function arrival(layer: Layer, atMs: number) {
  const rows = fresh(layer.sfu, atMs, staleSfuMs);
  const newest = rows.at(-1);
  if (!newest) return undefined;
  const long = growth(rows, arrivalCounters, newest.time - historyMs);
  return {
    newest,
    pausedLately: rows.some((row) => row.paused === true),
    stillMs: sinceProgressMs(rows, (row) => row.packet_count),
    now: growth(rows, arrivalCounters, newest.time - longMs),
    long,
    knownMs: long?.coveredMs ?? 0,
    jitterMs: meanJitter(rows, newest.time - longMs),
    jitterNowMs: meanJitter(rows, newest.time - shortMs),
    lately: growth(rows, volumeCounters, newest.time - shortMs),
    earlier: growth(
      rows.filter((row) => row.time <= newest.time - shortMs),
      volumeCounters,
      0,
    ),
  };
}

function arrivedLately(arrivals: readonly ReturnType<typeof arrival>[]): SendingFeatures['arrivedLately'] {
  const known = arrivals.filter((a) => a !== undefined);
  const packets = total(known.map((a) => a.lately?.of.packet_count));
  const bytes = total(known.map((a) => a.lately?.of.byte_count));
  const coveredMs = highest(known.map((a) => a.lately?.coveredMs));
  const packetBytesBefore = ratioOf(
    total(known.map((a) => a.earlier?.of.byte_count)),
    total(known.map((a) => a.earlier?.of.packet_count)),
  );
  if (!packets || bytes === undefined || !coveredMs || packetBytesBefore === undefined) return undefined;
  return {
    packetsPerSecond: (packets * 1000) / coveredMs,
    packetBytes: bytes / packets,
    packetBytesBefore,
  };
}

function bitsPerPixel(outbound: readonly NonNullable<ReturnType<typeof encoder>>[]): number | undefined {
  let largest: number | undefined;
  let pixels = 0;
  for (const { newest, now } of outbound) {
    const size = (newest.frame_width ?? 0) * (newest.frame_height ?? 0);
    const bytesPerFrame = ratioOf(now?.of.bytes_sent, now?.of.frames_encoded);
    if (size <= pixels || bytesPerFrame === undefined || (now?.of.frames_encoded ?? 0) < 5) continue;
    pixels = size;
    largest = (bytesPerFrame * 8) / size;
  }
  return largest;
}

function meanJitter(rows: readonly Sample<'sfu_producer'>[], fromMs: number): number | undefined {
  const told = rows.filter((row) => row.time >= fromMs && row.jitter !== null);
  return told.length > 0 ? told.reduce((sum, row) => sum + row.jitter!, 0) / told.length : undefined;
}

const times8 = (bytesPerSecond: number | undefined) =>
  bytesPerSecond === undefined ? undefined : bytesPerSecond * 8;

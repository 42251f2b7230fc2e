/**
 * What is known of a sender's stream in a window beside what each receiver makes of it. Taken once a window,
 * however many receive it.
 */
import { increase, mean, overlapsIn, type Span } from '../counters.ts';
import { measureOutbound, measureProducer, type OutboundMeasure, type ProducerMeasure } from '../measure.ts';
import type { Layer, Link, MediaPath, Uplink } from '../paths.ts';
import type { Sample } from '../samples.ts';
import { levelOver } from './gauges.ts';

/** Opus DTX sends one packet every 400 ms in silence; speech 50 a second. */
const silentPacketsPerSecond = 8;

/** One layer at its two ends; the figures are those of OutboundMeasure and ProducerMeasure. */
export interface LayerFacts {
  readonly layer: Layer;
  readonly sent: Figures<
    OutboundMeasure,
    'coveredMs' | 'packets' | 'bitrateBps' | 'framesPerSecond' | 'qpAverage'
  > & {
    readonly targetBitrateBps: number | undefined;
    readonly frameWidth: number | undefined;
    readonly frameHeight: number | undefined;
    readonly sendDelayMs: number | undefined;
  };
  readonly got: Figures<ProducerMeasure, 'coveredMs' | 'packets' | 'bitrateBps' | 'lossRatio'>;
}

type Figures<M, F extends keyof M> = { readonly [N in F]: M[N] };

export interface UplinkFacts {
  readonly uplink: Uplink;
  /** Lowest first. */
  readonly layers: readonly LayerFacts[];
  /** The largest layer that is being sent. */
  readonly top: LayerFacts | undefined;
  /** Paused by its sender for the whole window. */
  readonly muted: boolean;
  readonly mutedPartly: boolean;
  /** Nothing but comfort noise: so few packets, or a source without energy. */
  readonly silent: boolean;
  /** False where the transport was never up in what is known. */
  readonly connected: boolean | undefined;
  readonly sourceFps: number | undefined;
  /** Between sender and SFU. */
  readonly roundTripMs: number | undefined;
  /** From the encoder to the SFU: the wait in the sender, and half the round trip. */
  readonly uplinkMs: number | undefined;
}

export function uplinkFacts(uplink: Uplink, span: Span): UplinkFacts {
  const video = uplink.kind === 'video';
  const layers = uplink.layers.map((layer) => layerFacts(layer, span, video));
  const top = layers.findLast(({ sent }) => (sent.packets ?? 0) > 0) ?? layers.at(-1);
  const pauses = uplink.layers.flatMap(({ sfu }) => sfu.filter((s) => inSpan(s, span)).map((s) => s.paused));
  const muted = pauses.includes(true) && !pauses.includes(false);
  const roundTripMs = reportedRoundTrip(uplink.layers, span) ?? pairRoundTrip(uplink.link, span);
  return {
    uplink,
    layers,
    top,
    muted,
    mutedPartly: !muted && pauses.includes(true),
    silent: !video && isSilent(uplink, top, span),
    connected: connectedOf(uplink.link),
    sourceFps: video ? levelOver(uplink.mediaSource, (s) => s.frames_per_second, span) : undefined,
    roundTripMs,
    uplinkMs: roundTripMs === undefined ? undefined : roundTripMs / 2 + (top?.sent.sendDelayMs ?? 0),
  };
}

function layerFacts(layer: Layer, span: Span, video: boolean): LayerFacts {
  const sent = measureOutbound(layer.outbound, span);
  const got = measureProducer(layer.sfu, span);
  const level = (pick: (s: Sample<'outbound_rtp'>) => number | null) => levelOver(layer.outbound, pick, span);
  return {
    layer,
    sent: {
      coveredMs: sent.coveredMs,
      packets: sent.packets,
      bitrateBps: sent.bitrateBps,
      framesPerSecond: video ? sent.framesPerSecond : undefined,
      qpAverage: video ? sent.qpAverage : undefined,
      targetBitrateBps: level((s) => s.target_bitrate),
      frameWidth: video ? level((s) => s.frame_width) : undefined,
      frameHeight: video ? level((s) => s.frame_height) : undefined,
      sendDelayMs: sent.sendDelayMs,
    },
    got: {
      coveredMs: got.coveredMs,
      packets: got.packets,
      bitrateBps: got.bitrateBps,
      lossRatio: got.lossRatio,
    },
  };
}

function isSilent(uplink: Uplink, top: LayerFacts | undefined, span: Span): boolean {
  const { packets, coveredMs = 0 } = top?.sent ?? {};
  if (packets !== undefined && (packets * 1000) / coveredMs < silentPacketsPerSecond) return true;
  return increase(uplink.mediaSource, (s) => s.total_audio_energy, span)?.amount === 0;
}

/** By either end's word on DTLS; undefined where neither said anything. */
export function connectedOf(link: Link | undefined): boolean | undefined {
  let told = false;
  for (const samples of [link?.sfu ?? [], link?.client ?? []]) {
    for (let i = samples.length - 1; i >= 0; i--) {
      const state = samples[i]!.dtls_state;
      if (state === 'connected') return true;
      if (state !== '') told = true;
    }
  }
  return told ? false : undefined;
}

/** What receiver reports told the sender: by their sums where the browser counts, else by the gauge over time. */
function reportedRoundTrip(layers: readonly Layer[], span: Span): number | undefined {
  let us = 0;
  let measurements = 0;
  for (const { remoteInbound } of layers) {
    const counted = increase(remoteInbound, (s) => s.round_trip_time_measurements, span)?.amount ?? 0;
    const sum = increase(remoteInbound, (s) => s.total_round_trip_time_us, span)?.amount;
    if (sum === undefined || counted <= 0) continue;
    us += sum;
    measurements += counted;
  }
  if (measurements > 0) return us / measurements / 1000;
  return inMs(mean(layers.map((l) => levelOver(l.remoteInbound, (s) => s.round_trip_time_us, span))));
}

/** What the client's own checks of its transport told. */
export function pairRoundTrip(link: Link | undefined, span: Span): number | undefined {
  return link && inMs(levelOver(link.pair, (s) => s.current_round_trip_time_us, span));
}

const inMs = (us: number | undefined) => (us === undefined ? undefined : us / 1000);

export const inSpan = (s: { readonly time: number }, span: Span) =>
  s.time >= span.fromMs && s.time < span.toMs;
export const videoSource = (uplink: Uplink) => (uplink.source === 'screen' ? 'screen' : 'camera');

/** The layer that the SFU passes on; a stream without layers has one. */
export const forwardedLayer = (
  facts: UplinkFacts,
  spatialLayer: number | undefined,
): LayerFacts | undefined => (facts.layers.length === 1 ? facts.layers[0] : facts.layers[spatialLayer ?? -1]);

/** The size that was asked for: of the preferred layer, else of the best that is sent. */
export function askedSize(facts: UplinkFacts, path: MediaPath, span: Span) {
  const preferred = path.sfu.findLast((s) => inSpan(s, span))?.preferred_spatial_layer;
  const asked = preferred === null || preferred === undefined ? undefined : facts.layers[preferred]?.sent;
  return asked?.frameWidth ? asked : facts.top?.sent;
}

/** Each temporal layer left out halves the rate. */
export function forwardedRate(
  sentFps: number | undefined,
  temporalLayer: number | undefined,
  path: MediaPath,
): number | undefined {
  if (sentFps === undefined) return undefined;
  if (temporalLayer === undefined || temporalLayer < 0) return path.uplink.layers.length > 1 ? 0 : sentFps;
  let top = temporalLayer;
  for (const { current_temporal_layer } of path.sfu) top = Math.max(top, current_temporal_layer ?? 0);
  return sentFps / 2 ** (top - temporalLayer);
}

/**
 * Time in which a counter stood still between two samples, ms. A standstill shows only where it spans a whole
 * interval of the source: one of L ms is seen as L less two intervals at least, as L at most.
 */
export function stillMs<S extends Parameters<typeof overlapsIn>[0][number]>(
  samples: readonly S[],
  pick: (s: S) => number | null,
  span: Span,
): number {
  let sumMs = 0;
  for (const { before, after, overlapMs } of overlapsIn(samples, span)) {
    if (pick(before) === pick(after)) sumMs += overlapMs;
  }
  return sumMs;
}

/** A page of which less was sent in the window stands still: one frame may lie on either side of its edge. */
export const fewestOfMovingPage = 2;

/**
 * Of the time that a shared screen stood still, how much was not the page's own rest: as much of it as of what
 * the sender sent did not come. Undefined where that is not known.
 *
 * @param restMs in which nothing came
 * @param came frames or packets that came
 * @param sent frames or packets that were sent in the same time
 */
export function screenFrozenMs(
  restMs: number | undefined,
  came: number | undefined,
  sent: number | undefined,
): number | undefined {
  if (restMs === undefined || sent === undefined) return undefined;
  if (sent < fewestOfMovingPage) return 0;
  // One may be under way at the edge.
  return restMs * Math.max(0, 1 - (came ?? 0) / (sent - 1));
}

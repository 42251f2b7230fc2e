/** What is known of a stream in a window beside its own counters: its sender's state, sizes asked for, delays. */
import { increase, mean, pairsIn, type Span } from '../counters.ts';
import { measureOutbound, measureProducer, measureRemoteInbound } from '../measure.ts';
import type { AudioInput, VideoInput } from '../mos/score.ts';
import type { Layer, MediaPath, Uplink } from '../paths.ts';

/** Opus DTX sends one packet every 400 ms in silence; speech 50 a second. */
const silentPacketsPerSecond = 8;

/** What the sender sends at its best: its largest active layer. */
export function topLayer(uplink: Uplink, span: Span) {
  const layers = uplink.layers.map((layer) => ({ layer, sent: measureOutbound(layer.outbound, span) }));
  return layers.filter((l) => (l.sent.packets ?? 0) > 0).at(-1) ?? layers.at(-1);
}

export function senderFacts(uplink: Uplink, span: Span) {
  const top = topLayer(uplink, span);
  const sent = top?.sent;
  const packets = sent?.packets;
  const energy = increase(uplink.mediaSource, (s) => s.total_audio_energy, span)?.amount;
  const arrived = uplink.layers.map((layer) => measureProducer(layer.sfu, span));
  const paused = arrived.some((m) => m.samples > 0) && arrived.every((m) => m.paused !== false);
  const perSecond = packets !== undefined && sent ? (packets * 1000) / sent.coveredMs : undefined;
  return {
    top: top?.layer,
    sent,
    paused,
    /** Nothing but comfort noise: so few packets, or a source without energy. */
    silent:
      uplink.kind === 'audio' &&
      ((perSecond !== undefined && perSecond < silentPacketsPerSecond) ||
        (energy !== undefined && energy === 0)),
    sourceFps: mean(uplink.mediaSource.filter((s) => inSpan(s, span)).map((s) => s.frames_per_second)),
    roundTripMs: roundTrip(uplink.layers, span),
  };
}

export const inSpan = (s: { readonly time: number }, span: Span) =>
  s.time >= span.fromMs && s.time < span.toMs;
export const halfOf = (ms: number | undefined) => (ms === undefined ? undefined : ms / 2);
export const videoSource = (uplink: Uplink) => (uplink.source === 'screen' ? 'screen' : 'camera');

/** Leaves out what is not known, as the models ask. */
export function known<I extends AudioInput | VideoInput>(input: { [K in keyof I]: I[K] | undefined }): I {
  const entries = Object.entries(input).filter(
    ([, value]) => value !== undefined && !(typeof value === 'number' && !Number.isFinite(value)),
  );
  return Object.fromEntries(entries) as I;
}

export function roundTrip(layers: readonly Layer[], span: Span): number | undefined {
  return mean(layers.map((layer) => measureRemoteInbound(layer.remoteInbound, span).roundTripMs));
}

export function pairRoundTrip(path: MediaPath, span: Span): number | undefined {
  const us = mean(
    (path.link?.pair ?? []).filter((s) => inSpan(s, span)).map((s) => s.current_round_trip_time_us),
  );
  return us === undefined ? undefined : us / 1000;
}

export const forwardedLayer = (uplink: Uplink, spatialLayer: number | undefined): Layer | undefined =>
  uplink.layers.length === 1 ? uplink.layers[0] : uplink.layers[spatialLayer ?? -1];

/** The size that was asked for: of the preferred layer, else of the best that is sent. */
export function askedSize(path: MediaPath, span: Span) {
  const preferred = path.sfu.filter((s) => inSpan(s, span)).at(-1)?.preferred_spatial_layer;
  const layer = preferred === null || preferred === undefined ? undefined : path.uplink.layers[preferred];
  const asked = layer && measureOutbound(layer.outbound, span);
  return asked?.frameWidth ? asked : topLayer(path.uplink, span)?.sent;
}

/** Each temporal layer left out halves the rate. */
export function forwardedRate(
  sentFps: number | undefined,
  temporalLayer: number | undefined,
  path: MediaPath,
): number | undefined {
  if (sentFps === undefined) return undefined;
  if (temporalLayer === undefined || temporalLayer < 0) return path.uplink.layers.length > 1 ? 0 : sentFps;
  const top = Math.max(temporalLayer, ...path.sfu.map((s) => s.current_temporal_layer ?? 0));
  return sentFps / 2 ** (top - temporalLayer);
}

/** Time in which a packet counter stood still between two samples. */
export function stillMs<S extends Parameters<typeof increase>[0][number]>(
  samples: readonly S[],
  pick: (s: S) => number | null,
  span: Span,
): number {
  return pairsIn(samples, span)
    .filter(([before, after]) => pick(before) === pick(after))
    .reduce(
      (sum, [before, after]) => sum + Math.min(after.time, span.toMs) - Math.max(before.time, span.fromMs),
      0,
    );
}

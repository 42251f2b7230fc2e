/** The first half of a path: as its sender sends it, and as it arrives at the SFU. */
import type { StreamScoreRow } from '../../telemetry/rows.ts';
import type { Span } from '../counters.ts';
import { measureOutbound, measureProducer } from '../measure.ts';
import { scoreAudio, scoreVideo } from '../mos/score.ts';
import type { Uplink } from '../paths.ts';
import { halfOf, inSpan, known, senderFacts, stillMs, topLayer, videoSource } from './facts.ts';
import { row, type WindowContext } from './row.ts';

export function senderRow(uplink: Uplink, span: Span, context: WindowContext): StreamScoreRow[] {
  const { top, sent, paused, silent, sourceFps, roundTripMs } = senderFacts(uplink, span);
  if (!top || !sent || sent.coveredMs === 0) return [];
  const common = {
    durationMs: sent.coveredMs,
    codec: uplink.codec || undefined,
    bitrateBps: sent.bitrateBps,
  };
  const source = uplink.mediaSource.filter((s) => inSpan(s, span)).at(-1);
  const score =
    uplink.kind === 'audio'
      ? scoreAudio(
          known({
            ...common,
            targetBitrateBps: sent.targetBitrateBps,
            lossRatio: 0,
            muted: paused,
            silent,
            packets: sent.packets,
          }),
        )
      : scoreVideo(
          known({
            ...common,
            source: videoSource(uplink),
            muted: paused,
            frameWidth: sent.frameWidth,
            frameHeight: sent.frameHeight,
            framesPerSecond: sent.framesPerSecond,
            expectedFramesPerSecond: sourceFps,
            expectedWidth: source?.width ?? undefined,
            expectedHeight: source?.height ?? undefined,
            qpAverage: sent.qpAverage,
          }),
        );
  return [
    row('sender', uplink, undefined, score, context, {
      bitrate_bps: sent.bitrateBps,
      round_trip_ms: roundTripMs,
      frames_per_second: sent.framesPerSecond,
      frame_width: sent.frameWidth,
      frame_height: sent.frameHeight,
    }),
  ];
}

/** At the SFU the picture is not decoded: its size and rate are the sender's, as far as packets arrived. */
export function sfuInRow(uplink: Uplink, span: Span, context: WindowContext): StreamScoreRow[] {
  const layers = uplink.layers.map((layer) => ({ layer, got: measureProducer(layer.sfu, span) }));
  const best = layers.filter((l) => (l.got.packets ?? 0) > 0).at(-1) ?? layers.at(-1);
  if (!best || best.got.coveredMs === 0) return [];
  const { got, layer } = best;
  const { paused, silent, roundTripMs, sourceFps } = senderFacts(uplink, span);
  const sent = measureOutbound(layer.outbound, span);
  const top = topLayer(uplink, span)?.sent;
  const common = { durationMs: got.coveredMs, codec: uplink.codec || undefined, bitrateBps: got.bitrateBps };
  const frozen = stillMs(layer.sfu, (s) => s.packet_count, span);
  const score =
    uplink.kind === 'audio'
      ? scoreAudio(
          known({
            ...common,
            targetBitrateBps: sent.targetBitrateBps,
            lossRatio: got.lossRatio ?? (paused ? undefined : 0),
            muted: paused,
            silent,
            packets: got.packets,
            expectedPackets: sent.packets,
            delayMs: halfOf(roundTripMs),
          }),
        )
      : scoreVideo(
          known({
            ...common,
            source: videoSource(uplink),
            muted: paused,
            frameWidth: sent.frameWidth,
            frameHeight: sent.frameHeight,
            framesPerSecond: sent.framesPerSecond,
            expectedFramesPerSecond: sourceFps,
            expectedWidth: top?.frameWidth,
            expectedHeight: top?.frameHeight,
            lossRatio: got.lossRatio,
            frozenMs: frozen,
            delayMs: halfOf(roundTripMs),
          }),
        );
  return [
    row('sfu_in', uplink, undefined, score, context, {
      bitrate_bps: got.bitrateBps,
      loss_ratio: got.lossRatio,
      round_trip_ms: roundTripMs,
      frozen_ms: uplink.kind === 'video' ? frozen : undefined,
      spatial_layer: layer.sfu.at(-1)?.spatial_layer ?? undefined,
    }),
  ];
}

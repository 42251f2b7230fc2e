/** The first half of a path: as its sender sends it, and as it arrives at the SFU. */
import type { StreamScoreRow } from '../../telemetry/rows.ts';
import type { Span } from '../counters.ts';
import { delayAtSfu, typicalCaptureMs } from '../mos/delay.ts';
import { scoreAudio, scoreVideo } from '../mos/score.ts';
import { screenFrozenMs, stillMs, type UplinkFacts, videoSource } from './facts.ts';
import { levelOver } from './gauges.ts';
import { known, row, type WindowContext } from './row.ts';

export function senderRow(facts: UplinkFacts, span: Span, context: WindowContext): StreamScoreRow[] {
  const { uplink, top } = facts;
  if (!top || top.sent.coveredMs === 0) return [];
  const { sent } = top;
  const common = {
    durationMs: sent.coveredMs,
    codec: uplink.codec,
    bitrateBps: sent.bitrateBps,
    muted: facts.muted,
    connected: facts.connected,
    // Nothing is on its way yet.
    delayMs: typicalCaptureMs,
  };
  const score =
    uplink.kind === 'audio'
      ? scoreAudio(
          known({
            ...common,
            targetBitrateBps: sent.targetBitrateBps,
            lossRatio: 0,
            silent: facts.silent,
            packets: sent.packets,
          }),
        )
      : scoreVideo(
          known({
            ...common,
            source: videoSource(uplink),
            pausedPartly: facts.mutedPartly,
            frameWidth: sent.frameWidth,
            frameHeight: sent.frameHeight,
            framesPerSecond: sent.framesPerSecond,
            expectedFramesPerSecond: facts.sourceFps,
            expectedWidth: levelOver(uplink.mediaSource, (s) => s.width, span),
            expectedHeight: levelOver(uplink.mediaSource, (s) => s.height, span),
            qpAverage: sent.qpAverage,
          }),
        );
  return [
    row('sender', uplink, undefined, score, context, {
      bitrate_bps: sent.bitrateBps,
      round_trip_ms: facts.roundTripMs,
      frames_per_second: sent.framesPerSecond,
      frame_width: sent.frameWidth,
      frame_height: sent.frameHeight,
    }),
  ];
}

/** At the SFU the picture is not decoded: its size, rate and quantiser are the sender's, as far as packets arrived. */
export function sfuInRow(facts: UplinkFacts, span: Span, context: WindowContext): StreamScoreRow[] {
  const { uplink } = facts;
  const best = facts.layers.findLast(({ got }) => (got.packets ?? 0) > 0) ?? facts.layers.at(-1);
  if (!best || best.got.coveredMs === 0) return [];
  const { got, sent, layer } = best;
  const common = {
    durationMs: got.coveredMs,
    codec: uplink.codec,
    bitrateBps: got.bitrateBps,
    muted: facts.muted,
    connected: facts.connected,
    delayMs: delayAtSfu({ uplinkMs: facts.uplinkMs }, false),
  };
  const restMs = uplink.kind === 'video' ? stillMs(layer.sfu, (s) => s.packet_count, span) : undefined;
  const frozenMs = uplink.source === 'screen' ? screenFrozenMs(restMs, got.packets, sent.packets) : restMs;
  const score =
    uplink.kind === 'audio'
      ? scoreAudio(
          known({
            ...common,
            targetBitrateBps: sent.targetBitrateBps,
            lossRatio: got.lossRatio ?? (facts.muted ? undefined : 0),
            silent: facts.silent,
            packets: got.packets,
            expectedPackets: sent.packets,
          }),
        )
      : scoreVideo(
          known({
            ...common,
            source: videoSource(uplink),
            pausedPartly: facts.mutedPartly,
            frameWidth: sent.frameWidth,
            frameHeight: sent.frameHeight,
            framesPerSecond: sent.framesPerSecond,
            expectedFramesPerSecond: expectedRate(facts),
            expectedWidth: facts.top?.sent.frameWidth,
            expectedHeight: facts.top?.sent.frameHeight,
            qpAverage: sent.qpAverage,
            lossRatio: got.lossRatio,
            frozenMs,
          }),
        );
  return [
    row('sfu_in', uplink, undefined, score, context, {
      bitrate_bps: got.bitrateBps,
      loss_ratio: got.lossRatio,
      round_trip_ms: facts.roundTripMs,
      frozen_ms: frozenMs,
      spatial_layer: layer.sfu.at(-1)?.spatial_layer ?? undefined,
    }),
  ];
}

/** A camera is held to what its source gives; a page is shown as often as it changes, which is what the encoder sends. */
export function expectedRate({ uplink, sourceFps, top }: UplinkFacts): number | undefined {
  const sentFps = top?.sent.framesPerSecond;
  return uplink.source === 'screen' ? (sentFps ?? sourceFps) : (sourceFps ?? sentFps);
}

/** The second half of a path: as the SFU sends it on, and as its receiver hears and sees it. */
import type { StreamScoreRow } from '../../telemetry/rows.ts';
import type { Span } from '../counters.ts';
import { measureConsumer, measureInbound, measureOutbound, measureProducer } from '../measure.ts';
import { scoreAudio, scoreVideo } from '../mos/score.ts';
import type { MediaPath } from '../paths.ts';
import {
  askedSize,
  forwardedLayer,
  forwardedRate,
  halfOf,
  known,
  pairRoundTrip,
  senderFacts,
  stillMs,
  topLayer,
  videoSource,
} from './facts.ts';
import { row, type WindowContext } from './row.ts';

/** Packets, encoding and display beside the network: 20 ms of audio framing, capture and playout. */
const deviceDelayMs = 40;
export function sfuOutRow(path: MediaPath, span: Span, context: WindowContext): StreamScoreRow[] {
  const { uplink } = path;
  const out = measureConsumer(path.sfu, span);
  if (out.coveredMs === 0) return [];
  const { paused: senderPaused, silent, roundTripMs, sourceFps } = senderFacts(uplink, span);
  const forwarded = forwardedLayer(uplink, out.spatialLayer);
  const sent = forwarded && measureOutbound(forwarded.outbound, span);
  const upLoss = forwarded && measureProducer(forwarded.sfu, span).lossRatio;
  const asked = askedSize(path, span);
  const common = { durationMs: out.coveredMs, codec: uplink.codec || undefined, bitrateBps: out.bitrateBps };
  const frozen = stillMs(path.sfu, (s) => s.packet_count, span);
  const fps = forwardedRate(sent?.framesPerSecond, out.temporalLayer, path);
  const score =
    uplink.kind === 'audio'
      ? scoreAudio(
          known({
            ...common,
            targetBitrateBps: sent?.targetBitrateBps,
            lossRatio: upLoss ?? (out.packets ? 0 : undefined),
            muted: senderPaused || out.paused,
            silent,
            packets: out.packets,
            delayMs: halfOf(roundTripMs),
          }),
        )
      : scoreVideo(
          known({
            ...common,
            source: videoSource(uplink),
            muted: senderPaused,
            paused: context.audioOnly.has(path.receiverId),
            frameWidth: sent?.frameWidth,
            frameHeight: sent?.frameHeight,
            framesPerSecond: fps,
            expectedFramesPerSecond: sourceFps ?? topLayer(uplink, span)?.sent.framesPerSecond,
            expectedWidth: asked?.frameWidth,
            expectedHeight: asked?.frameHeight,
            lossRatio: upLoss,
            frozenMs: frozen,
            delayMs: halfOf(roundTripMs),
          }),
        );
  return [
    row('sfu_out', uplink, path, score, context, {
      bitrate_bps: out.bitrateBps,
      loss_ratio: upLoss,
      round_trip_ms: out.roundTripMs,
      frozen_ms: uplink.kind === 'video' ? frozen : undefined,
      frame_width: sent?.frameWidth,
      frame_height: sent?.frameHeight,
      spatial_layer: out.spatialLayer,
    }),
  ];
}

export function receiverRow(path: MediaPath, span: Span, context: WindowContext): StreamScoreRow[] {
  const { uplink } = path;
  const got = measureInbound(path.inbound, span);
  if (got.coveredMs === 0) return [];
  const facts = senderFacts(uplink, span);
  const out = measureConsumer(path.sfu, span);
  const upMs = halfOf(facts.roundTripMs);
  const downMs = halfOf(out.roundTripMs ?? pairRoundTrip(path, span));
  const delayMs =
    upMs === undefined || downMs === undefined || got.jitterBufferMs === undefined
      ? undefined
      : upMs + downMs + got.jitterBufferMs + deviceDelayMs;
  const asked = askedSize(path, span);
  const sent = facts.sent;
  const common = {
    durationMs: got.coveredMs,
    codec: uplink.codec || undefined,
    bitrateBps: got.bitrateBps,
    lossRatio: got.lossRatio,
    delayMs,
  };
  const score =
    uplink.kind === 'audio'
      ? scoreAudio(
          known({
            ...common,
            targetBitrateBps: sent?.targetBitrateBps,
            concealedRatio: got.concealedRatio,
            silentConcealedRatio: got.silentConcealedRatio,
            stretchRatio: got.stretchRatio,
            jitterBufferMs: got.jitterBufferMs,
            muted: facts.paused || out.paused,
            silent: facts.silent,
            packets: got.packets,
            expectedPackets: out.packets,
            samples: got.playedSamples,
          }),
        )
      : scoreVideo(
          known({
            ...common,
            // What NACK repaired is not seen: repaired loss shows as delay and freezes only.
            lossRatio: undefined,
            source: videoSource(uplink),
            muted: facts.paused,
            paused: context.audioOnly.has(path.receiverId),
            frameWidth: got.frameWidth,
            frameHeight: got.frameHeight,
            framesPerSecond: got.framesPerSecond,
            expectedFramesPerSecond: facts.sourceFps ?? sent?.framesPerSecond,
            expectedWidth: asked?.frameWidth,
            expectedHeight: asked?.frameHeight,
            frozenMs: got.frozenMs,
            qpAverage: got.qpAverage,
          }),
        );
  return [
    row('receiver', uplink, path, score, context, {
      bitrate_bps: got.bitrateBps,
      loss_ratio: got.lossRatio,
      concealed_ratio: uplink.kind === 'audio' ? got.concealedRatio : undefined,
      jitter_ms: got.jitterMs,
      round_trip_ms: out.roundTripMs,
      delay_ms: delayMs,
      frames_per_second: uplink.kind === 'video' ? got.framesPerSecond : undefined,
      frame_width: got.frameWidth,
      frame_height: got.frameHeight,
      frozen_ms: got.frozenMs,
      spatial_layer: out.spatialLayer,
    }),
  ];
}

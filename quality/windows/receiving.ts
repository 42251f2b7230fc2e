/** The second half of a path: as the SFU sends it on, and as its receiver hears and sees it. */
import type { StreamScoreRow } from '../../telemetry/rows.ts';
import type { Span } from '../counters.ts';
import { type ConsumerMeasure, type InboundMeasure, measureConsumer, measureInbound } from '../measure.ts';
import { delayAtSfu, mouthToEar } from '../mos/delay.ts';
import { scoreAudio, scoreVideo } from '../mos/score.ts';
import { burstRatioOf } from '../mos/tally.ts';
import type { MediaPath } from '../paths.ts';
import {
  askedSize,
  connectedOf,
  fewestOfMovingPage,
  forwardedLayer,
  forwardedRate,
  pairRoundTrip,
  screenFrozenMs,
  stillMs,
  type UplinkFacts,
  videoSource,
} from './facts.ts';
import { levelOver } from './gauges.ts';
import { known, row, type WindowContext } from './row.ts';
import { expectedRate } from './sending.ts';

/** Samples at 48 kHz in a packet of 20 ms. */
const samplesPerPacket = 960;

export function pathRows(
  facts: UplinkFacts,
  path: MediaPath,
  span: Span,
  context: WindowContext,
): StreamScoreRow[] {
  const out = measureConsumer(path.sfu, span);
  return [...sfuOutRow(facts, path, out, span, context), ...receiverRow(facts, path, out, span, context)];
}

function sfuOutRow(
  facts: UplinkFacts,
  path: MediaPath,
  out: ConsumerMeasure,
  span: Span,
  context: WindowContext,
): StreamScoreRow[] {
  const { uplink } = facts;
  const { coveredMs, bitrateBps, packets, spatialLayer } = out;
  if (coveredMs === 0) return [];
  const forwarded = forwardedLayer(facts, spatialLayer);
  const upLoss = forwarded?.got.lossRatio;
  const common = {
    durationMs: coveredMs,
    codec: uplink.codec,
    bitrateBps,
    connected: connectedOf(path.link),
    delayMs: delayAtSfu({ uplinkMs: facts.uplinkMs }, true),
  };
  const restMs = uplink.kind === 'video' ? stillMs(path.sfu, (s) => s.packet_count, span) : undefined;
  const frozenMs =
    uplink.source === 'screen' ? screenFrozenMs(restMs, packets, forwarded?.sent.packets) : restMs;
  let score: ReturnType<typeof scoreAudio>;
  if (uplink.kind === 'audio') {
    score = scoreAudio(
      known({
        ...common,
        targetBitrateBps: forwarded?.sent.targetBitrateBps,
        lossRatio: upLoss ?? (packets ? 0 : undefined),
        muted: facts.muted || out.producerPausedThroughout || out.pausedThroughout,
        silent: facts.silent,
        packets,
      }),
    );
  } else {
    const asked = askedSize(facts, path, span);
    score = scoreVideo(
      known({
        ...common,
        ...pausesOf(facts, path, out, context),
        source: videoSource(uplink),
        frameWidth: forwarded?.sent.frameWidth,
        frameHeight: forwarded?.sent.frameHeight,
        framesPerSecond: forwardedRate(forwarded?.sent.framesPerSecond, out.temporalLayer, path),
        expectedFramesPerSecond: expectedRate(facts),
        expectedWidth: asked?.frameWidth,
        expectedHeight: asked?.frameHeight,
        qpAverage: forwarded?.sent.qpAverage,
        lossRatio: upLoss,
        frozenMs,
      }),
    );
  }
  return [
    row('sfu_out', uplink, path, score, context, {
      bitrate_bps: bitrateBps,
      loss_ratio: upLoss,
      round_trip_ms: out.roundTripMs,
      frozen_ms: frozenMs,
      frame_width: forwarded?.sent.frameWidth,
      frame_height: forwarded?.sent.frameHeight,
      spatial_layer: spatialLayer,
    }),
  ];
}

function receiverRow(
  facts: UplinkFacts,
  path: MediaPath,
  out: ConsumerMeasure,
  span: Span,
  context: WindowContext,
): StreamScoreRow[] {
  const { uplink } = facts;
  const got = measureInbound(path.inbound, span);
  const { coveredMs, bitrateBps, lossRatio, jitterBufferMs } = got;
  if (coveredMs === 0) return [];
  const downRoundTripMs =
    levelOver(path.sfu, (s) => s.round_trip_time || null, span) ?? pairRoundTrip(path.link, span);
  const delayParts = {
    uplinkMs: facts.uplinkMs,
    downlinkMs: downRoundTripMs === undefined ? undefined : downRoundTripMs / 2,
    jitterBufferMs,
  };
  const common = {
    durationMs: coveredMs,
    codec: uplink.codec,
    bitrateBps,
    connected: connectedOf(path.link),
    ...delayParts,
  };
  const measures = {
    bitrate_bps: bitrateBps,
    loss_ratio: lossRatio,
    jitter_ms: got.jitterMs,
    round_trip_ms: downRoundTripMs,
    delay_ms: mouthToEar(known(delayParts)).delayMs,
    spatial_layer: out.spatialLayer,
  };
  if (uplink.kind === 'audio') {
    const { concealedRatio } = got;
    const score = scoreAudio(
      known({
        ...common,
        targetBitrateBps: facts.top?.sent.targetBitrateBps,
        lossRatio,
        concealedRatio,
        silentConcealedRatio: got.silentConcealedRatio,
        burstRatio: heardBurstRatio(got),
        stretchRatio: got.stretchRatio,
        muted: facts.muted || out.producerPausedThroughout || out.pausedThroughout,
        silent: facts.silent,
        packets: got.packets,
        expectedPackets: out.packets,
        samples: got.playedSamples,
      }),
    );
    return [row('receiver', uplink, path, score, context, { ...measures, concealed_ratio: concealedRatio })];
  }

  const forwarded = forwardedLayer(facts, out.spatialLayer) ?? facts.top;
  const sentFps = forwardedRate(forwarded?.sent.framesPerSecond, out.temporalLayer, path);
  const sentFrames = sentFps === undefined ? undefined : (sentFps * coveredMs) / 1000;
  const frozenMs =
    uplink.source === 'screen'
      ? screenFrozenMs(
          stillMs(path.inbound, (s) => s.frames_decoded, span),
          got.framesDecoded,
          sentFrames,
        )
      : got.frozenMs;
  const asked = askedSize(facts, path, span);
  const stands = sentFrames !== undefined && sentFrames < fewestOfMovingPage;
  const pageRate = stands ? 0 : (sentFps ?? expectedRate(facts));
  const expected = uplink.source === 'screen' ? pageRate : expectedRate(facts);
  const { framesPerSecond } = got;
  const score = scoreVideo(
    known({
      ...common,
      ...pausesOf(facts, path, out, context),
      // Loss is left out: what was repaired is not seen, and what was not shows in frame rate and freezes.
      source: videoSource(uplink),
      frameWidth: levelOver(path.inbound, (s) => s.frame_width, span),
      frameHeight: levelOver(path.inbound, (s) => s.frame_height, span),
      framesPerSecond,
      expectedFramesPerSecond: expected,
      expectedWidth: asked?.frameWidth,
      expectedHeight: asked?.frameHeight,
      frozenMs,
      qpAverage: got.qpAverage,
    }),
  );
  return [
    row('receiver', uplink, path, score, context, {
      ...measures,
      frames_per_second: framesPerSecond,
      frame_width: got.frameWidth,
      frame_height: got.frameHeight,
      frozen_ms: frozenMs,
    }),
  ];
}

/** Who paused a video, and for how much of the window: what is paused must not be taken for frozen. */
function pausesOf(facts: UplinkFacts, path: MediaPath, out: ConsumerMeasure, context: WindowContext) {
  return {
    muted: facts.muted || out.producerPausedThroughout,
    paused: context.audioOnly.has(path.receiverId),
    unwatched: out.pausedThroughout,
    pausedPartly: facts.mutedPartly || out.pausedAtAll,
  };
}

/** How bursty the gaps were that the ear met; undefined where nothing was concealed or events are not counted. */
function heardBurstRatio(got: InboundMeasure): number | undefined {
  const { concealedSamples, concealmentEvents, playedSamples } = got;
  if (!concealedSamples || !concealmentEvents || !playedSamples) return undefined;
  return burstRatioOf({
    lost: concealedSamples / samplesPerPacket,
    bursts: concealmentEvents,
    total: playedSamples / samplesPerPacket,
  });
}

/**
 * Did a decision help? What its receiver heard and saw after it, against before it.
 *
 * Audio weighs first, since it is what a cap is for; a smaller picture is the price and not a harm, a picture
 * that stands still is. `unknown` where either side of the comparison was not measured.
 */
import type { DecisionRow } from '../telemetry/rows.ts';
import { mean, type Span } from './counters.ts';
import { type Evidence, evidenceOf } from './detectors/detector.ts';
import { measureInbound } from './measure.ts';
import { scoreAudio } from './mos/score.ts';
import type { CallPaths } from './paths.ts';

/**
 * The trouble before the cap. Short: a quick decision comes 1 to 3 s after the trouble began, and the good time before
 * that, counted in, would make every quick decision look harmful.
 */
export const beforeMs = 2_500;
/** A cap's own switch (drain, key frame) is not counted. */
const settleMs = 4_500;
/** So long after application the outcome is measured. */
export const outcomeAfterMs = 12_000;

/** On the fullband scale: less than this nobody tells apart. */
const mosStep = 0.2;
const ratioStep = 0.03;
/** Of the video before: what a higher layer adds at the least. */
const videoStep = 0.2;

export interface Outcome {
  readonly outcome: 'better' | 'same' | 'worse' | 'unknown';
  readonly evidence: Evidence;
}

interface Heard {
  readonly audioMos: number | undefined;
  readonly concealed: number | undefined;
  readonly loss: number | undefined;
  readonly frozen: number | undefined;
  readonly videoBps: number | undefined;
}

/** @param appliedAt epoch ms; the paths must reach from `beforeMs` before it to `outcomeAfterMs` after it */
export function outcomeOf(decision: DecisionRow, appliedAt: number, paths: CallPaths): Outcome {
  const before = heard(paths, decision.participant_id, { fromMs: appliedAt - beforeMs, toMs: appliedAt });
  const after = heard(paths, decision.participant_id, {
    fromMs: appliedAt + settleMs,
    toMs: appliedAt + outcomeAfterMs,
  });
  const raised = decision.kind === 'raise_estimate';
  const evidence = evidenceOf({
    audioMosBefore: before.audioMos,
    audioMosAfter: after.audioMos,
    concealedRatioBefore: before.concealed,
    concealedRatioAfter: after.concealed,
    lossRatioBefore: before.loss,
    lossRatioAfter: after.loss,
    frozenRatioBefore: before.frozen,
    frozenRatioAfter: after.frozen,
    ...(raised && { videoBpsBefore: before.videoBps, videoBpsAfter: after.videoBps }),
  });
  // Positive is better; each counts only where both sides were measured.
  const gains = [
    step(difference(after.audioMos, before.audioMos), mosStep) * 2,
    step(difference(before.concealed, after.concealed), ratioStep) * 2,
    step(difference(before.loss, after.loss), ratioStep),
    // Taking video away on purpose is no freeze.
    decision.kind === 'audio_only' ? 0 : step(difference(before.frozen, after.frozen), 0.1),
    raised && before.videoBps
      ? step(difference(after.videoBps, before.videoBps), videoStep * before.videoBps)
      : 0,
  ];
  const measured = before.loss !== undefined && after.loss !== undefined;
  const gain = gains.reduce((sum, g) => sum + g, 0);
  return { outcome: !measured ? 'unknown' : gain > 0 ? 'better' : gain < 0 ? 'worse' : 'same', evidence };
}

function heard(paths: CallPaths, receiverId: string, span: Span): Heard {
  const own = paths.paths.filter((p) => p.receiverId === receiverId);
  const measures = own.map((p) => ({ kind: p.uplink.kind, got: measureInbound(p.inbound, span) }));
  const audio = measures.filter((m) => m.kind === 'audio' && m.got.coveredMs >= 1_000);
  const video = measures.filter((m) => m.kind === 'video' && m.got.coveredMs >= 1_000);
  const mos = audio.map(
    ({ got }) =>
      scoreAudio({
        durationMs: got.coveredMs,
        codec: 'opus',
        ...(got.bitrateBps === undefined ? {} : { bitrateBps: got.bitrateBps }),
        ...(got.lossRatio === undefined ? {} : { lossRatio: got.lossRatio }),
        ...(got.concealedRatio === undefined ? {} : { concealedRatio: got.concealedRatio }),
        ...(got.packets === undefined ? {} : { packets: got.packets }),
      }).mos,
  );
  return {
    audioMos: mean(mos),
    concealed: mean(audio.map((m) => m.got.concealedRatio)),
    loss: mean([...audio, ...video].map((m) => m.got.lossRatio)),
    videoBps: video.some((m) => m.got.bitrateBps !== undefined)
      ? video.reduce((sum, m) => sum + (m.got.bitrateBps ?? 0), 0)
      : undefined,
    frozen: mean(
      video.map((m) => (m.got.frozenMs === undefined ? undefined : m.got.frozenMs / m.got.coveredMs)),
    ),
  };
}

const difference = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? 0 : a - b;
const step = (value: number, size: number) => (value >= size ? 1 : value <= -size ? -1 : 0);

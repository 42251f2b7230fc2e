/**
 * Time without a new frame beyond what the frame rate explains.
 *
 * WebRTC counts a freeze (`totalFreezesDuration`) or a pause of the stream only once it is over, so the counters
 * cannot be used alone while it matters. Two samples without any frame between them say by themselves that the
 * picture stood still from the one to the other; the counters, when they come, say how much longer it was than
 * these. So the sum is that of the counters however often the source was polled, and it is known in time.
 */
import { type Overlap, overlapsIn, type Span } from './counters.ts';
import type { Sample } from './samples.ts';

type Pair = Overlap<Sample<'inbound_rtp'>>;

const always: Span = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };

/** @returns ms within the span; undefined where no video had started or nothing is known of it */
export function frozenMs(samples: readonly Sample<'inbound_rtp'>[], span: Span): number | undefined {
  const pairs = overlapsIn(samples, always);
  const usualMs = usualGapMs(pairs);
  const frozen = new Array<number>(pairs.length);
  // A gap that ended in a later pair, and was longer than that pair and the still ones before it.
  let carriedMs = 0;
  // By how much still pairs exceed the gap that ended after them: no frame is no freeze for one usual gap.
  let excessMs = 0;
  for (let i = pairs.length - 1; i >= 0; i--) {
    const pair = pairs[i]!;
    if (isStill(pair)) {
      frozen[i] = Math.max(0, pair.gapMs - excessMs);
      excessMs -= pair.gapMs - frozen[i]!;
      continue;
    }
    let stillMs = 0;
    for (let j = i - 1; j >= 0 && isStill(pairs[j]!); j--) stillMs += pairs[j]!.gapMs;
    const longMs = longGapsMs(pair, usualMs);
    excessMs = longMs > 0 ? Math.max(0, stillMs - longMs) : 0;
    const restMs = Math.max(0, longMs - stillMs) + carriedMs;
    frozen[i] = Math.min(pair.gapMs, restMs);
    carriedMs = restMs - frozen[i]!;
  }
  let sumMs = 0;
  let known = false;
  for (const [i, { before, after, gapMs }] of pairs.entries()) {
    const overlapMs = Math.min(after.time, span.toMs) - Math.max(before.time, span.fromMs);
    if (overlapMs <= 0 || !(before.frames_decoded! > 0)) continue;
    known = true;
    sumMs += (frozen[i]! * overlapMs) / gapMs;
  }
  return known ? sumMs : undefined;
}

const framesOf = ({ before, after }: Pair): number =>
  (after.frames_decoded ?? 0) - (before.frames_decoded ?? 0);
const isStill = (pair: Pair): boolean => framesOf(pair) === 0;

/** Freezes and pauses that ended between two samples, ms, each less a usual gap. */
function longGapsMs(pair: Pair, usualMs: number): number {
  const counted = countedGapsMs(pair);
  if (counted) return Math.max(0, counted.ms - counted.gaps * usualMs);
  return longestGapMs(pair, usualMs);
}

/** By WebRTC's own counters; undefined where the browser has none. */
function countedGapsMs({ before, after }: Pair): { ms: number; gaps: number } | undefined {
  if (before.total_freezes_duration_us === null || after.total_freezes_duration_us === null) return undefined;
  const grown = (from: number | null, to: number | null) => Math.max(0, (to ?? 0) - (from ?? 0));
  const us =
    grown(before.total_freezes_duration_us, after.total_freezes_duration_us) +
    grown(before.total_pauses_duration_us, after.total_pauses_duration_us);
  const gaps = grown(before.freeze_count, after.freeze_count) + grown(before.pause_count, after.pause_count);
  return { ms: us / 1000, gaps };
}

/**
 * By the sum of squared gaps: n usual gaps m and one long gap F leave `F^2 = sum(d^2) - n m^2`. It counts where
 * WebRTC itself would call it a freeze, F > max(3 m, m + 150 ms). Several long gaps between two samples look
 * like one that is shorter than their sum (by up to the root of their number), so here the sampling interval shows.
 */
function longestGapMs(pair: Pair, usualMs: number): number {
  const squares =
    (pair.after.total_squared_inter_frame_delay ?? Number.NaN) -
    (pair.before.total_squared_inter_frame_delay ?? Number.NaN);
  if (!(squares > 0)) return 0;
  const longest = Math.sqrt(Math.max(0, squares * 1e6 - (framesOf(pair) - 1) * usualMs ** 2));
  return longest > Math.max(3 * usualMs, usualMs + 150) ? longest - usualMs : 0;
}

/**
 * Usual gap between frames, ms, held between 60 and 2 frames a second; 15 frames a second where unknown. By the
 * counters where they are: all gaps less the long ones. Else the median of what pairs of samples say.
 */
function usualGapMs(pairs: readonly Pair[]): number {
  const gaps: number[] = [];
  let frames = 0;
  let gapsMs = 0;
  let counted = pairs.length > 0;
  for (const pair of pairs) {
    const ofPair = framesOf(pair);
    const ms =
      ((pair.after.total_inter_frame_delay_us ?? 0) - (pair.before.total_inter_frame_delay_us ?? 0)) / 1000;
    if (ofPair > 0 && ms > 0) gaps.push(ms / ofPair);
    const long = countedGapsMs(pair);
    if (!long) counted = false;
    frames += ofPair - (long?.gaps ?? 0);
    gapsMs += ms - (long?.ms ?? 0);
  }
  if (counted && frames > 0 && gapsMs > 0) return held(gapsMs / frames);
  if (gaps.length === 0) return 1000 / 15;
  gaps.sort((a, b) => a - b);
  return held(gaps[Math.floor(gaps.length / 2)]!);
}

const held = (ms: number): number => Math.min(500, Math.max(1000 / 60, ms));

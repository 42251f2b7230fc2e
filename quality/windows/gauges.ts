/**
 * A gauge over a window: the mean over time, not over samples, so that it does not depend on how often the source
 * was polled. Between two samples it is taken to go straight from the one value to the other.
 */
import { type Counted, mean, overlapsIn, type Span } from '../counters.ts';

export function levelOver<S extends Counted>(
  samples: readonly S[],
  pick: (sample: S) => number | null,
  span: Span,
): number | undefined {
  let area = 0;
  let knownMs = 0;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (const { before, after, gapMs, overlapMs } of overlapsIn(samples, span)) {
    const from = pick(before);
    const to = pick(after);
    if (from === null || to === null) continue;
    const middleMs = (Math.max(before.time, span.fromMs) + Math.min(after.time, span.toMs)) / 2;
    area += (from + ((to - from) * (middleMs - before.time)) / gapMs) * overlapMs;
    knownMs += overlapMs;
    lowest = Math.min(lowest, from, to);
    highest = Math.max(highest, from, to);
  }
  // What stood still comes out as it was, without the dust of a division.
  if (knownMs > 0) return lowest === highest ? lowest : area / knownMs;
  return mean(samples.filter((s) => s.time >= span.fromMs && s.time < span.toMs).map(pick));
}

/**
 * Differences of counters. Taken here and nowhere else, so that resets are understood once: a reconnect, an
 * SSRC change or a page reload starts a new life of a counter; 32-bit counters wrap; W3C `packetsLost` may fall.
 *
 * An increase is asked for over a span of time, and each pair of neighbouring samples adds the part of its
 * difference that lies within the span. So neighbouring spans add up, and a rate does not depend on how often
 * the source was polled.
 */

/** Half-open, epoch ms. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What tells one life of a counter from another. */
export interface Counted {
  readonly time: number;
  readonly session_id: string;
  readonly stat_id: string;
  readonly transport_id: string;
  readonly ssrc?: number | null;
}

export interface Increase {
  readonly amount: number;
  /** How much of the span lies between two samples, ms; above 0. */
  readonly coveredMs: number;
}

/** Longer gaps than this (offline, tab asleep) say nothing about when the counter moved. */
export const longestGapMs = 15_000;

const wrap32 = 2 ** 32;

/**
 * From one counter value to the next: how much was counted in between.
 * A fall from the top of 32 bits to the bottom is a wrap; any other fall is a new start from zero.
 */
export function difference(before: number, after: number): number {
  if (after >= before) return after - before;
  const wrapped = before > 0.9 * wrap32 && before < wrap32 && after < 0.1 * wrap32;
  return wrapped ? after + wrap32 - before : after;
}

/** Of a `signed` member, which falls when late or repeated packets arrive; a big fall is a new start. */
export function signedDifference(before: number, after: number): number {
  const restarted = before - after > 1000 && after >= 0 && after < before / 2;
  return restarted ? after : after - before;
}

export const sameLife = (a: Counted, b: Counted): boolean =>
  a.session_id === b.session_id &&
  a.stat_id === b.stat_id &&
  a.transport_id === b.transport_id &&
  (a.ssrc ?? null) === (b.ssrc ?? null);

/**
 * @param samples of one stream, by time
 * @param pick the counter; null where the source did not say
 * @returns undefined when no two neighbouring samples of one life touch the span
 */
export function increase<S extends Counted>(
  samples: readonly S[],
  pick: (sample: S) => number | null,
  span: Span,
  delta: (before: number, after: number) => number = difference,
): Increase | undefined {
  return increaseOver(overlapsIn(samples, span), pick, delta);
}

/** {@link increase} where the overlaps are known already: they are the same for all counters of a stream. */
export function increaseOver<S>(
  overlaps: readonly Overlap<S>[],
  pick: (sample: S) => number | null,
  delta: (before: number, after: number) => number = difference,
): Increase | undefined {
  let amount = 0;
  let coveredMs = 0;
  for (const { before, after, gapMs, overlapMs } of overlaps) {
    const from = pick(before);
    const to = pick(after);
    if (from === null || to === null) continue;
    amount += (delta(from, to) * overlapMs) / gapMs;
    coveredMs += overlapMs;
  }
  return coveredMs > 0 ? { amount, coveredMs } : undefined;
}

/** Two neighbouring samples of one life, and how much of the time between them lies within a span. */
export interface Overlap<S> {
  readonly before: S;
  readonly after: S;
  readonly gapMs: number;
  readonly overlapMs: number;
}

/** Neighbouring samples of one life that overlap the span, oldest first; `samples` by time. */
export function overlapsIn<S extends Counted>(samples: readonly S[], span: Span): Overlap<S>[] {
  const overlaps: Overlap<S>[] = [];
  // Spans trail: the samples in question are among the last.
  let first = samples.length - 1;
  while (first > 0 && samples[first]!.time > span.fromMs) first--;
  for (let i = first + 1; i < samples.length; i++) {
    const before = samples[i - 1]!;
    const after = samples[i]!;
    if (before.time >= span.toMs) break;
    const gapMs = after.time - before.time;
    if (gapMs <= 0 || gapMs > longestGapMs || !sameLife(before, after)) continue;
    const overlapMs = Math.min(after.time, span.toMs) - Math.max(before.time, span.fromMs);
    overlaps.push({ before, after, gapMs, overlapMs });
  }
  return overlaps;
}

/** Neighbouring samples of one life that overlap the span, oldest first. */
export function pairsIn<S extends Counted>(samples: readonly S[], span: Span): [S, S][] {
  return overlapsIn(samples, span).map(({ before, after }) => [before, after]);
}

/** Per second of covered time. */
export const perSecond = (counted: Increase | undefined): number | undefined =>
  counted && (counted.amount * 1000) / counted.coveredMs;

/** part / (part + rest), 0 to 1; undefined when there is nothing to divide by or either is unknown. */
export function share(part: number | undefined, rest: number | undefined): number | undefined {
  if (part === undefined || rest === undefined) return undefined;
  const whole = Math.max(0, part) + Math.max(0, rest);
  return whole > 0 ? Math.max(0, part) / whole : undefined;
}

/** a / b, undefined when either is unknown or b is 0. */
export const quotient = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined || b === 0 ? undefined : a / b;

/** Mean of the known values. */
export function mean(values: readonly (number | null | undefined)[]): number | undefined {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (value === null || value === undefined || Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count > 0 ? sum / count : undefined;
}

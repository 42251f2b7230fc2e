/**
 * What several counters of one stream counted over the newest part of its samples, in one pass: detectors ask for a
 * dozen counters of every path every second. Same rules as counters.ts: resets, wraps and long gaps.
 */
import { type Counted, difference, longestGapMs, sameLife, signedDifference } from '../counters.ts';

type CounterOf<S> = { [K in keyof S]-?: S[K] extends number | null ? K : never }[keyof S] & string;

export interface Growth<K extends string> {
  /** How much of the span lies between samples, ms. */
  readonly coveredMs: number;
  /** Undefined where no pair of samples told. */
  readonly of: { readonly [C in K]?: number };
}

/** @returns undefined when no two neighbouring samples of one life lie within */
export function growth<S extends Counted, K extends CounterOf<S>>(
  samples: readonly S[],
  counters: readonly K[],
  fromMs: number,
): Growth<K> | undefined {
  let coveredMs = 0;
  const amounts = new Array<number>(counters.length).fill(0);
  const told = new Array<boolean>(counters.length).fill(false);
  for (let i = samples.length - 1; i > 0; i--) {
    const after = samples[i]!;
    const before = samples[i - 1]!;
    if (after.time <= fromMs) break;
    const gapMs = after.time - before.time;
    if (gapMs <= 0 || gapMs > longestGapMs || !sameLife(before, after)) continue;
    const overlapMs = after.time - Math.max(before.time, fromMs);
    coveredMs += overlapMs;
    for (let c = 0; c < counters.length; c++) {
      const counter = counters[c]!;
      const from = before[counter] as number | null;
      const to = after[counter] as number | null;
      if (from === null || to === null) continue;
      const grew = counter === 'packets_lost' ? signedDifference(from, to) : difference(from, to);
      amounts[c]! += (grew * overlapMs) / gapMs;
      told[c] = true;
    }
  }
  if (coveredMs <= 0) return undefined;
  const of: Partial<Record<K, number>> = {};
  for (let c = 0; c < counters.length; c++) if (told[c]) of[counters[c]!] = amounts[c]!;
  return { coveredMs, of };
}

/** part / (part + rest), undefined where either is not known or nothing was counted. */
export const shareOf = (part: number | undefined, rest: number | undefined): number | undefined =>
  part === undefined || rest === undefined || part + rest <= 0
    ? undefined
    : Math.max(0, part) / (Math.max(0, part) + Math.max(0, rest));

/** part / whole, undefined where either is not known or the whole is 0. */
export const ratioOf = (part: number | undefined, whole: number | undefined): number | undefined =>
  part === undefined || !whole ? undefined : part / whole;

/** An amount per second of covered time. */
export const rateOf = <K extends string>(grown: Growth<K> | undefined, counter: K): number | undefined => {
  const amount = grown?.of[counter];
  return amount === undefined ? undefined : (amount * 1000) / grown!.coveredMs;
};

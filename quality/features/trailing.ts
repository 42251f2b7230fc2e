/**
 * Measuring over a trailing span: which samples speak about a moment, how long something has been so, and
 * figures over several streams. Unknown stays undefined throughout.
 */
import { mean, type Span } from '../counters.ts';

/** How far back detection reads, ms. */
export const historyMs = 15_000;
/** How far back what a camera or microphone gives is read: people pause for long. */
export const sourceHistoryMs = 34_000;
/** Between two SFU samples. */
export const sfuIntervalMs = 1_000;
/** Recent: two SFU samples. */
export const shortMs = 2_200;
/** What "for some seconds now" means; clearing is judged over it. */
export const longMs = 5_200;
/** A client samples every 2 s when calm; its recent span holds at least one difference. */
export const clientShortMs = 2_500;
/** Older sources say nothing about now. */
export const staleSfuMs = 4_000;
export const staleClientMs = 6_000;

/** Samples up to the moment, if the newest is fresh enough to speak about it. */
export function fresh<S extends { readonly time: number }>(
  samples: readonly S[],
  atMs: number,
  staleMs: number,
  lookBackMs = historyMs,
): S[] {
  // Samples stand by time: what is wanted is a run of them, next to the end.
  let end = samples.length;
  while (end > 0 && samples[end - 1]!.time > atMs) end--;
  if (end === 0 || atMs - samples[end - 1]!.time > staleMs) return [];
  let first = end;
  while (first > 0 && samples[first - 1]!.time > atMs - lookBackMs) first--;
  return samples.slice(first, end);
}

export const upTo = (newest: number | undefined, lengthMs: number): Span => ({
  fromMs: (newest ?? 0) - lengthMs,
  toMs: (newest ?? 0) + 1,
});

/** How long the newest samples have all been so: from before the first of them to the newest, one sample = its interval. */
export function runMs<S extends { readonly time: number }>(
  samples: readonly S[],
  so: (s: S, before: S | undefined) => boolean,
): number {
  let first = samples.length;
  while (first > 0 && so(samples[first - 1]!, samples[first - 2])) first--;
  if (first === samples.length) return 0;
  const start = samples[Math.max(0, first - 1)]!.time;
  return samples.at(-1)!.time - start;
}

/** How many of the newest samples are so, without one in between that is not. */
export const runCount = <S>(samples: readonly S[], so: (s: S) => boolean): number =>
  samples.length - 1 - samples.findLastIndex((s) => !so(s));

/** Time since a counter last moved, by samples; undefined when it never was seen to move or not move. */
export function sinceProgressMs<S extends { readonly time: number }>(
  samples: readonly S[],
  pick: (s: S) => number | null,
): number | undefined {
  const newest = samples.at(-1);
  if (samples.length < 2 || newest === undefined) return undefined;
  const value = pick(newest);
  if (value === null) return undefined;
  let first = samples.length - 1;
  while (first > 0 && pick(samples[first - 1]!) === value) first--;
  return newest.time - samples[first]!.time;
}

/** How long `arrived` has stood still while `sent` grew. */
export function silentMs<S extends { readonly time: number }>(
  samples: readonly S[],
  arrived: (s: S) => number | null,
  sent: ((s: S) => number | null) | undefined,
): number | undefined {
  const stillMs = sinceProgressMs(samples, arrived);
  if (stillMs === undefined || sent === undefined || stillMs === 0) return stillMs;
  const since = samples.find((s) => s.time >= samples.at(-1)!.time - stillMs);
  const grew = (sent(samples.at(-1)!) ?? 0) - (since ? (sent(since) ?? 0) : 0);
  return grew > 0 ? stillMs : 0;
}

export function weighted<M>(
  measures: readonly M[],
  value: (m: M) => number | undefined,
  weight: (m: M) => number | undefined,
): number | undefined {
  let whole = 0;
  let amount = 0;
  for (const m of measures) {
    const v = value(m);
    const w = weight(m);
    if (v === undefined || w === undefined) continue;
    amount += v * w;
    whole += w;
  }
  return whole > 0 ? amount / whole : mean(measures.map(value));
}

export function median(values: readonly (number | null)[]): number | undefined {
  const known = values.filter((v): v is number => v !== null).sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)];
}

/** Asked of every stream at every step: no lists in between. */
export function some<M>(measures: readonly M[], pick: (m: M) => number | undefined): boolean | undefined {
  let told = false;
  for (const m of measures) {
    const value = pick(m);
    if (value === undefined) continue;
    if (value > 0) return true;
    told = true;
  }
  return told ? false : undefined;
}
export const known = (values: readonly (number | undefined)[]) => values.filter((v) => v !== undefined);
export const lowest = (values: readonly (number | undefined)[]) => folded(values, Math.min);
export const highest = (values: readonly (number | undefined)[]) => folded(values, Math.max);
export const total = (values: readonly (number | undefined)[]) => folded(values, (sum, v) => sum + v);

function folded(
  values: readonly (number | undefined)[],
  fold: (folded: number, value: number) => number,
): number | undefined {
  let all: number | undefined;
  for (const value of values) {
    if (value !== undefined) all = all === undefined ? value : fold(all, value);
  }
  return all;
}

export const times8 = (bytesPerSecond: number | undefined) =>
  bytesPerSecond === undefined ? undefined : bytesPerSecond * 8;

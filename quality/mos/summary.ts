/**
 * From the windows of a call to what people say of it afterwards: they remember the worst, so the summary
 * keeps the distribution, the worst minute and the share of bad time beside the mean, which hides them.
 *
 * Scales are never mixed: one summary per scale. The result does not depend on the order of the windows
 * nor on how finely time was cut (a window of 10 s or two of 5 s with the same score are the same).
 */

import type { Score } from './score.ts';

export interface ScoredWindow {
  /** Which stream (sender and receiver) the window belongs to; the worst minute is sought within one. */
  stream: string;
  /** Epoch milliseconds. */
  startMs: number;
  durationMs: number;
  scale: Score['scale'];
  /** null when unclassified. */
  mos: number | null;
}

export interface Summary {
  scale: Score['scale'];
  /** Scored time, all streams together, ms. */
  scoredMs: number;
  /** Time that got no score, ms. */
  unclassifiedMs: number;
  /** Mean over scored time. */
  mean: number;
  /** MOS that 5, 50 and 95 % of scored time stay at or under. */
  p5: number;
  median: number;
  p95: number;
  /** Lowest mean of any 60 s of one stream of which at least half was scored; a shorter call is its own minute. */
  worstMinute: number;
  /** When that minute began, epoch ms, and in which stream. */
  worstMinuteStartMs: number;
  worstMinuteStream: string;
  /** Share of scored time with MOS under 3.1 ({@link badMos}). */
  badRatio: number;
  /** Scored time by band: index i counts MOS under `bandLimits[i]`, the last all above; ms. */
  distributionMs: number[];
}

/** "Many users dissatisfied" begins under R = 60 (G.109 Table 1), MOS 3.1. */
export const badMos = 3.1;

/** MOS at the R limits of G.109 Table 1: 50, 60, 70, 80, 90. */
export const bandLimits = [2.58, 3.1, 3.6, 4.03, 4.34] as const;

const minuteMs = 60_000;

/** One summary per scale that has scored time, the longest scored first. */
export function summarise(windows: Iterable<ScoredWindow>): Summary[] {
  const byScale = new Map<Score['scale'], ScoredWindow[]>();
  for (const window of windows) {
    if (!(window.durationMs > 0)) continue;
    const list = byScale.get(window.scale);
    if (list) list.push(window);
    else byScale.set(window.scale, [window]);
  }
  const summaries: Summary[] = [];
  for (const [scale, list] of byScale) {
    const summary = summariseScale(scale, list);
    if (summary) summaries.push(summary);
  }
  return summaries.sort((a, b) => b.scoredMs - a.scoredMs || a.scale.localeCompare(b.scale));
}

interface Scored {
  startMs: number;
  endMs: number;
  mos: number;
}

function summariseScale(scale: Score['scale'], windows: ScoredWindow[]): Summary | null {
  const streams = new Map<string, Scored[]>();
  const scored: Scored[] = [];
  let unclassifiedMs = 0;
  for (const window of windows) {
    if (window.mos === null) {
      unclassifiedMs += window.durationMs;
      continue;
    }
    const item = {
      startMs: window.startMs,
      endMs: window.startMs + window.durationMs,
      mos: window.mos,
    };
    scored.push(item);
    const stream = streams.get(window.stream);
    if (stream) stream.push(item);
    else streams.set(window.stream, [item]);
  }
  if (scored.length === 0) return null;

  scored.sort((a, b) => a.mos - b.mos || a.startMs - b.startMs);
  let scoredMs = 0;
  let sum = 0;
  let badMs = 0;
  const distributionMs = new Array<number>(bandLimits.length + 1).fill(0);
  for (const { startMs, endMs, mos } of scored) {
    const lengthMs = endMs - startMs;
    scoredMs += lengthMs;
    sum += mos * lengthMs;
    if (mos < badMos) badMs += lengthMs;
    const band = bandLimits.findIndex((limit) => mos < limit);
    distributionMs[band === -1 ? bandLimits.length : band]! += lengthMs;
  }

  let worst = { mos: Number.POSITIVE_INFINITY, startMs: 0, stream: '' };
  for (const [stream, items] of [...streams].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const minute = worstMinuteOf(items);
    if (minute.mos < worst.mos) worst = { ...minute, stream };
  }
  return {
    scale,
    scoredMs,
    unclassifiedMs,
    mean: sum / scoredMs,
    p5: percentile(scored, scoredMs, 0.05),
    median: percentile(scored, scoredMs, 0.5),
    p95: percentile(scored, scoredMs, 0.95),
    worstMinute: worst.mos,
    worstMinuteStartMs: worst.startMs,
    worstMinuteStream: worst.stream,
    badRatio: badMs / scoredMs,
    distributionMs,
  };
}

/** Score at a share of the time; `scored` is in rising order. */
function percentile(scored: readonly Scored[], totalMs: number, share: number): number {
  let passedMs = 0;
  for (const { startMs, endMs, mos } of scored) {
    passedMs += endMs - startMs;
    if (passedMs >= share * totalMs) return mos;
  }
  return scored.at(-1)!.mos;
}

/**
 * The mean over a sliding minute is lowest where the minute starts or ends with a window (between such
 * points it rises or falls only), so those are all that need be tried.
 */
function worstMinuteOf(items: Scored[]): { mos: number; startMs: number } {
  items.sort((a, b) => a.startMs - b.startMs);
  const firstMs = items[0]!.startMs;
  const lastMs = items.reduce((latest, item) => Math.max(latest, item.endMs), firstMs);
  const spanMs = Math.min(minuteMs, lastMs - firstMs);
  const starts = new Set<number>([firstMs, lastMs - spanMs]);
  for (const { startMs, endMs } of items) {
    if (startMs + spanMs <= lastMs) starts.add(startMs);
    if (endMs - spanMs >= firstMs) starts.add(endMs - spanMs);
  }
  let worst: { mos: number; startMs: number } | null = null;
  let fallbackSum = 0;
  let fallbackMs = 0;
  let from = 0;
  for (const startMs of [...starts].sort((a, b) => a - b)) {
    while (from < items.length && items[from]!.endMs <= startMs) from++;
    let coveredMs = 0;
    let sum = 0;
    for (let index = from; index < items.length && items[index]!.startMs < startMs + spanMs; index++) {
      const item = items[index]!;
      const overlapMs = Math.min(item.endMs, startMs + spanMs) - Math.max(item.startMs, startMs);
      if (overlapMs <= 0) continue;
      coveredMs += overlapMs;
      sum += overlapMs * item.mos;
    }
    if (coveredMs * 2 >= spanMs && (!worst || sum / coveredMs < worst.mos)) {
      worst = { mos: sum / coveredMs, startMs };
    }
  }
  if (worst) return worst;
  // Scored time is scattered so thinly that no minute is half full: all of it is the minute.
  for (const item of items) {
    fallbackMs += item.endMs - item.startMs;
    fallbackSum += (item.endMs - item.startMs) * item.mos;
  }
  return { mos: fallbackSum / fallbackMs, startMs: firstMs };
}

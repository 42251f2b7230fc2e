/** Minutes of promises made up, with a truth that is known. */

import { slos } from '../../../alerts/slos/list.ts';
import type { Minutes, Series } from '../../../alerts/slos/minutes.ts';

/** Mulberry32: the same seed, the same week. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param badRatio of the events of a minute */
export function minutesOf(
  from: number,
  to: number,
  total: (minute: number) => number,
  badRatio: (minute: number) => number,
  random: () => number,
): Minutes {
  const minutes: number[] = [];
  const good: number[] = [];
  const totals: number[] = [];
  for (let minute = from; minute < to; minute += 1) {
    const events = Math.round(total(minute));
    if (events === 0) continue;
    const expected = events * badRatio(minute);
    // Whole events: the rest is a chance.
    const bad = Math.min(events, Math.floor(expected) + (random() < expected % 1 ? 1 : 0));
    minutes.push(minute);
    good.push(events - bad);
    totals.push(events);
  }
  return { minutes, good, total: totals };
}

export const none: Minutes = { minutes: [], good: [], total: [] };

/** Busy by day, a tenth at night. */
export const dailyTraffic = (peak: number) => (minute: number) =>
  peak * (0.1 + 0.9 * Math.max(0, Math.sin((Math.PI * (((minute / 60) % 24) - 6)) / 14)));

/** All promises, each with half of its budget used and the hiccups of a normal week. */
export function cleanWeek(seed: number, from: number, to: number): Map<string, Series> {
  const random = randomOf(seed);
  return new Map(
    slos.map((slo) => {
      const windows = slo.fewestBad > 100;
      const traffic = dailyTraffic(windows ? 6_000 : 40);
      const budget = 1 - slo.objective;
      // Some minutes a day are ten times as bad as the promise allows: a router reboots, a Wi-Fi drops.
      const hiccup = new Set(Array.from({ length: 20 }, () => from + Math.floor(random() * (to - from))));
      const bad = (minute: number) => budget * (hiccup.has(minute) ? 10 : 0.5 * (0.5 + random()));
      const events = minutesOf(from, to, traffic, bad, random);
      return [slo.name, { ...events, witness: { ...events } }];
    }),
  );
}

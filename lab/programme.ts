/** Which runs are played, in which order. */
import type { Family, Severity } from './families/family.ts';
import { families } from './families/list.ts';
import type { LabOptions } from './options.ts';
import type { RunSpec } from './play.ts';
import { seedsFor } from './seeds.ts';

/** Moderate first: whoever stops early has the most telling part. */
const order: readonly Severity[] = ['moderate', 'severe', 'mild'];
/** Clean calls are rarer than faults among the families, and the rate of false alarms needs hours. */
const cleanSeedsPerSeed = 2;

/** Five minutes, every place on the path once. */
const quickRuns: readonly [string, Severity][] = [
  ['downlink-bandwidth', 'moderate'],
  ['clean', 'severe'],
  ['uplink-loss', 'moderate'],
  ['cut-off', 'moderate'],
  ['camera-frozen', 'moderate'],
  ['camera-denied', 'moderate'],
  ['sfu-starved', 'moderate'],
];

export function programme(
  options: Pick<LabOptions, 'family' | 'severity' | 'runs' | 'seed' | 'tune' | 'quick'>,
): RunSpec[] {
  const purpose = options.tune ? 'tune' : 'scoreboard';
  const named = new Map(families.map((family) => [family.name, family]));
  if (options.quick) {
    const [seed] = seedsFor(purpose, options.seed, 1);
    return quickRuns.map(([name, severity]) => ({ family: named.get(name)!, severity, seed: seed! }));
  }
  const chosen = options.family.map((name) => named.get(name)!);
  const wanted = order.filter((severity) => options.severity.includes(severity));
  const runsOf = (family: Family, seeds: readonly number[]): RunSpec[] =>
    wanted.flatMap((severity) => seeds.map((seed) => ({ family, severity, seed })));
  const seeds = seedsFor(purpose, options.seed, options.runs);
  const cleanSeeds = seedsFor(purpose, options.seed * cleanSeedsPerSeed, options.runs * cleanSeedsPerSeed);
  const faults = wanted.flatMap((severity) =>
    seeds.flatMap((seed) =>
      chosen.filter(({ name }) => name !== 'clean').map((family) => ({ family, severity, seed })),
    ),
  );
  const clean = chosen.filter(({ name }) => name === 'clean').flatMap((family) => runsOf(family, cleanSeeds));
  return interleaved(faults, clean);
}

/** The rare ones spread evenly between the many. */
export function interleaved<T>(many: readonly T[], rare: readonly T[]): T[] {
  const result: T[] = [];
  let taken = 0;
  many.forEach((one, i) => {
    const due = Math.floor((rare.length * (i + 0.5)) / many.length);
    while (taken < due) result.push(rare[taken++]!);
    result.push(one);
  });
  return [...result, ...rare.slice(taken)];
}

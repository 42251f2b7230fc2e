/**
 * A simulated week of a TURN fleet in three regions, with spikes, waves, dying and flapping relays and ten minutes
 * without telemetry, under the very policy of production and under two rivals. docs/decisions/turn-fleet.md says what
 * the perfect forecast is.
 */
import type { Benchmark, BenchmarkReport } from './benchmark.ts';
import { commit, limit, machine } from './benchmark.ts';
import { demandOf, regions } from './turn-week/demand.ts';
import { faultsOf } from './turn-week/faults.ts';
import { forecastHours, ourScaler, staticScaler, thresholdScaler } from './turn-week/scalers.ts';
import { playWeek, type Scaler, saturatedLoad } from './turn-week/world.ts';

const defaultSeeds = 5;
/** The policy was made on seeds 1 to 12; these it had never seen. */
const firstSeed = 101;

interface Figures {
  readonly avoidableSaturatedMinutes: number;
  readonly relayHoursRatio: number;
  readonly relayHoursRatioNoSpare: number;
  readonly reversals: number;
  readonly flaps: number;
  readonly blindChanges: number;
}

export const turnWeekBenchmark: Benchmark = {
  summary:
    'one simulated week of the TURN fleet: ours, static, threshold autoscaler, against a perfect forecast',
  usage: '[--seeds N, default 5] [--seed FIRST, default 101; 1 to 12 are those the policy was made on]',
  async run(args) {
    const seeds = whole(args, '--seeds', defaultSeeds, 100);
    return turnWeek(seeds, whole(args, '--seed', firstSeed, 99_999));
  },
};

function whole(args: readonly string[], name: string, otherwise: number, most: number): number {
  const at = args.indexOf(name);
  const value = at < 0 ? otherwise : Number(args[at + 1]);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new Error(`${name}: expected a whole number, 1 to ${most}`);
  return value;
}

export function turnWeek(seeds: number, first: number): BenchmarkReport {
  const weeks = Array.from({ length: seeds }, (_, i) => oneWeek(first + i));
  const of = (name: keyof ReturnType<typeof oneWeek>) => summary(weeks.map((week) => week[name]));
  const [ours, fixed, threshold] = [of('ours'), of('static'), of('threshold')];
  return {
    name: 'turn-week',
    date: new Date().toISOString(),
    machine: machine(),
    sizes: { seeds, firstSeed: first, regions: regions.length, days: 7, stepSeconds: 15, commit: commit() },
    result: {
      ...ours,
      'rivals.static.avoidableSaturatedMinutes': fixed.avoidableSaturatedMinutes,
      'rivals.static.relayHoursRatio': fixed.relayHoursRatio,
      'rivals.threshold.avoidableSaturatedMinutes': threshold.avoidableSaturatedMinutes,
      'rivals.threshold.relayHoursRatio': threshold.relayHoursRatio,
      'rivals.threshold.reversals': threshold.reversals,
      'rivals.threshold.flaps': threshold.flaps,
      'rivals.static.relayHoursRatioNoSpare': fixed.relayHoursRatioNoSpare,
      'rivals.threshold.relayHoursRatioNoSpare': threshold.relayHoursRatioNoSpare,
    },
    limits: [
      limit('avoidableSaturatedMinutes', ours.avoidableSaturatedMinutes, 2),
      limit('relayHoursRatio', ours.relayHoursRatio, 1.25),
      limit('flaps', ours.flaps, 0),
      limit('blindChanges', ours.blindChanges, 0),
    ],
    details: { rivals: { static: fixed, threshold }, weeks },
  };
}

/** The worst week for what hurts people, the mean of all for what costs. */
function summary(weeks: readonly Figures[]): Figures {
  const worst = (pick: (week: Figures) => number) => Math.max(...weeks.map(pick));
  const mean = (pick: (week: Figures) => number) =>
    Math.round((weeks.reduce((sum, week) => sum + pick(week), 0) / weeks.length) * 1000) / 1000;
  return {
    avoidableSaturatedMinutes: worst((week) => week.avoidableSaturatedMinutes),
    relayHoursRatio: mean((week) => week.relayHoursRatio),
    relayHoursRatioNoSpare: mean((week) => week.relayHoursRatioNoSpare),
    reversals: worst((week) => week.reversals),
    flaps: worst((week) => week.flaps),
    blindChanges: worst((week) => week.blindChanges),
  };
}

function oneWeek(seed: number): Record<'ours' | 'static' | 'threshold', Figures> {
  const parts = regions.map((region, index) => ({
    region,
    demand: demandOf(region, seed),
    // Static provisioning is bought for the peak of the week before, and a tenth more.
    lastPeak: Math.max(...demandOf(region, seed + 1000)),
    faults: faultsOf(seed, index),
  }));
  const spared = parts.reduce((sum, { demand }) => sum + forecastHours(demand, 1), 0);
  const bare = parts.reduce((sum, { demand }) => sum + forecastHours(demand, 0), 0);
  const under = (
    scalerOf: (part: (typeof parts)[number]) => { scaler: Scaler; startWith: number },
  ): Figures => {
    const results = parts.map((part) => playWeek({ ...part, seed, ...scalerOf(part) }));
    const sum = (pick: 'saturatedMinutes' | 'relayHours' | 'reversals' | 'flaps' | 'blindChanges') =>
      results.reduce((total, result) => total + result[pick], 0);
    return {
      // The forecast itself has none: every wave of these weeks fits within the bounds.
      avoidableSaturatedMinutes: sum('saturatedMinutes'),
      relayHoursRatio: sum('relayHours') / spared,
      relayHoursRatioNoSpare: sum('relayHours') / bare,
      reversals: sum('reversals'),
      flaps: sum('flaps'),
      blindChanges: sum('blindChanges'),
    };
  };
  const startWith = (demand: Float64Array) => Math.ceil((demand[0] ?? 0) / saturatedLoad) + 2;
  const fixedSize = (peak: number) => Math.ceil((peak * 1.1) / saturatedLoad);
  return {
    ours: under(({ demand }) => ({ scaler: ourScaler(), startWith: startWith(demand) })),
    static: under(({ lastPeak }) => ({
      scaler: staticScaler(fixedSize(lastPeak)),
      startWith: fixedSize(lastPeak),
    })),
    threshold: under(({ demand }) => ({ scaler: thresholdScaler(), startWith: startWith(demand) })),
  };
}

/**
 * Burn rates over pairs of windows, as Google's SRE Workbook has them (chapter 5, "Multiwindow, Multi-Burn-Rate
 * Alerts"): both the long window and its last twelfth must burn, so that an alert means much and ends soon. Pure.
 */
import type { Severity } from '../telemetry/alerts.ts';
import type { Minutes } from './slos/minutes.ts';
import type { Slo } from './slos/slo.ts';

export interface WindowPair {
  readonly severity: Severity;
  /** Times as fast as the budget allows. */
  readonly burn: number;
  readonly longMinutes: number;
  readonly shortMinutes: number;
  /**
   * Bad events needed in the short window, as a multiple of those needed in the long one. Days after a
   * fault the long window of a ticket still burns, and the few failures of a quiet night must not bring it up again.
   */
  readonly shortShare: number;
  /** `1h/5m` */
  readonly name: string;
}

/** 2 % of the budget of 30 days in an hour, 5 % in six; 10 % in a day, 10 % in three. */
export const windowPairs: readonly WindowPair[] = [
  { severity: 'page', burn: 14.4, longMinutes: 60, shortMinutes: 5, shortShare: 0.2, name: '1h/5m' },
  { severity: 'page', burn: 6, longMinutes: 360, shortMinutes: 30, shortShare: 0.2, name: '6h/30m' },
  { severity: 'ticket', burn: 3, longMinutes: 1_440, shortMinutes: 120, shortShare: 2, name: '1d/2h' },
  { severity: 'ticket', burn: 1, longMinutes: 4_320, shortMinutes: 360, shortShare: 2, name: '3d/6h' },
];
export const longestMinutes = 4_320;
/** Regions are watched for pages only: their slow burning is in the tickets of all, whose common factor it is. */
export const longestPageMinutes = 360;

/**
 * A budget of a tenth cannot burn 14.4 times as fast: with every event bad it burns ten times. Three quarters of all
 * events bad is as far as any threshold goes.
 */
const worstRatio = 0.75;

export const thresholdOf = (slo: Pick<Slo, 'objective'>, pair: WindowPair): number =>
  Math.min(pair.burn, worstRatio / (1 - slo.objective));

/** Bad events needed in the short window. */
export const fewestShort = (slo: Pick<Slo, 'fewestBad'>, pair: WindowPair): number =>
  Math.ceil(slo.fewestBad * pair.shortShare);

/** Sums over any span of minutes in constant time; gaps are minutes without events. */
export interface Sums {
  /** Over minutes `from` <= m < `to`, epoch minutes. */
  good(from: number, to: number): number;
  total(from: number, to: number): number;
}

/** One entry a minute from the first to the last, so that any span is two look-ups. */
export function sumsOf({ minutes, good, total }: Minutes): Sums {
  const first = minutes[0] ?? 0;
  const length = (minutes.at(-1) ?? first - 1) - first + 1;
  const over = (values: readonly number[]) => {
    const before = new Float64Array(length + 1);
    minutes.forEach((minute, i) => {
      before[minute - first + 1] = values[i]!;
    });
    for (let i = 1; i <= length; i += 1) before[i] = before[i]! + before[i - 1]!;
    const place = (minute: number) => Math.min(Math.max(minute - first, 0), length);
    return (from: number, to: number) => before[place(to)]! - before[place(from)]!;
  };
  return { good: over(good), total: over(total) };
}

export interface Burn {
  readonly pair: WindowPair;
  /** In the long window; undefined where it has no events: nothing is known then. */
  readonly burn: number | undefined;
  readonly bad: number;
  readonly total: number;
  /** Both windows burn, and enough events are bad to mean something. */
  readonly burns: boolean;
}

/** @param through epoch minute, the first that is not counted */
export function burnOf(slo: Slo, sums: Sums, pair: WindowPair, through: number): Burn {
  const rate = (minutes: number) => {
    const total = sums.total(through - minutes, through);
    const bad = total - sums.good(through - minutes, through);
    return { total, bad, burn: total > 0 ? bad / total / (1 - slo.objective) : undefined };
  };
  const long = rate(pair.longMinutes);
  const short = rate(pair.shortMinutes);
  const threshold = thresholdOf(slo, pair);
  const enough = long.bad >= slo.fewestBad && short.bad >= fewestShort(slo, pair);
  const burns = enough && (long.burn ?? 0) > threshold && (short.burn ?? 0) > threshold;
  return { pair, burn: long.burn, bad: long.bad, total: long.total, burns };
}

/** What is to be said of one promise at one minute: it burns, it is blind, it is calm, or nothing is known. Pure. */
import type { Severity } from '../telemetry/alerts.ts';
import { type Burn, burnOf, type Sums, sumsOf, windowPairs } from './burn.ts';
import type { Series } from './slos/minutes.ts';
import type { Slo } from './slos/slo.ts';

/** Without events for so long, where there ought to be some, a promise is blind. */
export const blindMinutes = 15;
/** The last ones do not count as a sign: what they announce may be on its way. */
const onItsWayMinutes = 5;
/** So many signs that there ought to be events are no accident. */
const fewestSigns = 10;

export interface Verdict {
  readonly kind: 'burn' | 'blind';
  readonly severity: Severity;
  /** `holds`: the condition of an alert. `unknown`: nothing can be said, what stands stays as it is. */
  readonly state: 'holds' | 'calm' | 'unknown';
  /** Of the quicker pair of those that burn; only where it holds. */
  readonly burn?: Burn;
  /** Since when, epoch minute; only where it holds. */
  readonly since?: number;
}

/** Ready for many minutes. */
export interface Watched {
  readonly slo: Slo;
  readonly sums: Sums;
  readonly witness: Sums;
}

export const watch = (slo: Slo, series: Series): Watched => ({
  slo,
  sums: sumsOf(series),
  witness: sumsOf(series.witness),
});

/** @param through epoch minute, the first that is not counted */
export function verdictsAt({ slo, sums, witness }: Watched, through: number): Verdict[] {
  const silent = sums.total(through - blindMinutes, through) === 0;
  const signs = witness.total(through - blindMinutes, through - onItsWayMinutes);
  const blind = silent && signs >= fewestSigns;
  const burning = (severity: Severity): Verdict => {
    const burns = windowPairs
      .filter((pair) => pair.severity === severity)
      .map((pair) => burnOf(slo, sums, pair, through));
    const worst = burns.find((one) => one.burns);
    if (worst)
      return {
        kind: 'burn',
        severity,
        state: 'holds',
        burn: worst,
        since: sinceOf(slo, sums, worst, through),
      };
    // A blind promise says nothing, so it does not say that all is well either.
    return { kind: 'burn', severity, state: blind ? 'unknown' : 'calm' };
  };
  return [
    burning('page'),
    burning('ticket'),
    blind
      ? { kind: 'blind', severity: slo.blindSeverity, state: 'holds', since: through - blindMinutes }
      : { kind: 'blind', severity: slo.blindSeverity, state: 'calm' },
  ];
}

/** A pause of so many minutes within the budget parts one burning from another. */
const pauseMinutes = 10;

/** The first bad minute of the burning that goes on: back until ten minutes together kept the promise. */
function sinceOf(slo: Slo, sums: Sums, { pair }: Burn, through: number): number {
  const budget = 1 - slo.objective;
  let since = through - pair.shortMinutes;
  for (let minute = through - 1; minute >= through - pair.longMinutes; minute -= 1) {
    const total = sums.total(minute, minute + 1);
    const bad = total - sums.good(minute, minute + 1);
    if (bad > total * budget) since = minute;
    else if (since - minute >= pauseMinutes) break;
  }
  return since;
}

/** What is to be said of one promise at one minute: it burns, it is blind, it is calm, or nothing is known. Pure. Of faults: faults/verdict.ts. */
import type { AlertRow, Severity } from '../telemetry/alerts.ts';
import { type Burn, burnOf, type Sums, sumsOf, type WindowPair, windowPairs } from './burn.ts';
import { burningRegions, type RegionBurn, without } from './region.ts';
import type { Series } from './slos/minutes.ts';
import { regionOf, scopeOf } from './slos/regions.ts';
import type { Slo } from './slos/slo.ts';

/** Without events for so long, where there ought to be some, a promise is blind. */
export const blindMinutes = 15;
/** The last ones do not count as a sign: what they announce may be on its way. */
const onItsWayMinutes = 5;
/** So many signs that there ought to be events are no accident. */
const fewestSigns = 10;

export interface Verdict {
  readonly kind: AlertRow['kind'];
  readonly severity: Severity;
  /** As the alert has it: `country=DE`, or empty for everybody. */
  readonly scope: string;
  /**
   * `holds`: the condition of an alert. `lingers`: it keeps up an alert that fires, and begins none. `unknown`: nothing
   * can be said, what stands stays as it is.
   */
  readonly state: 'holds' | 'lingers' | 'calm' | 'unknown';
  /** Of the quicker pair of those that burn; only where it burns. */
  readonly burn?: Burn;
  /** Since when, epoch minute; only where it holds. */
  readonly since?: number;
}

/** Ready for many minutes. */
export interface Watched {
  readonly slo: Slo;
  readonly sums: Sums;
  readonly witness: Sums;
  /** Undefined: not known. */
  readonly regions: ReadonlyMap<string, Sums> | undefined;
}

export const watch = (slo: Slo, series: Series): Watched => ({
  slo,
  sums: sumsOf(series),
  witness: sumsOf(series.witness),
  regions:
    series.regions && new Map([...series.regions].map(([region, minutes]) => [region, sumsOf(minutes)])),
});

/** An alert about this promise that is open, or ended lately. */
export type Standing = Pick<AlertRow, 'kind' | 'severity' | 'scope' | 'status' | 'ended_at'>;

/**
 * About everybody, and about each region that burns or has an alert that is open.
 * @param through epoch minute, the first that is not counted
 */
export function verdictsAt(watched: Watched, through: number, standing: readonly Standing[] = []): Verdict[] {
  const { slo, sums, witness, regions } = watched;
  const silent = sums.total(through - blindMinutes, through) === 0;
  const signs = witness.total(through - blindMinutes, through - onItsWayMinutes);
  const blind = silent && signs >= fewestSigns;
  // A blind promise says nothing, so it does not say that all is well either.
  const otherwise = blind ? 'unknown' : 'calm';
  const burning = regions ? burningRegions(slo, regions, through) : new Map<string, RegionBurn>();
  const holding = (severity: Severity, scope: string, of: Sums, burn: Burn): Verdict => ({
    kind: 'burn',
    severity,
    scope,
    state: 'holds',
    burn,
    since: sinceOf(slo, of, burn, through),
  });

  const ofAll = (severity: Severity): Verdict => {
    for (const pair of windowPairs) {
      if (pair.severity !== severity) continue;
      const excluded = toldByRegion(pair, burning, standing, through);
      const rest = regions && excluded.size > 0 ? without(excluded, regions, sums) : sums;
      const burn = burnOf(slo, rest, pair, through);
      if (burn.burns) return holding(severity, '', rest, burn);
    }
    return { kind: 'burn', severity, scope: '', state: otherwise };
  };

  const open = standing.filter(({ scope, ended_at }) => scope !== '' && ended_at === null);
  const asked = new Set([...burning.keys(), ...open.map(({ scope }) => regionOf(scope))]);
  const ofRegions = [...asked].map((region): Verdict => {
    const found = burning.get(region);
    const scope = scopeOf(region);
    if (found?.own) return holding('page', scope, regions!.get(region)!, found.burn);
    const state = found ? 'lingers' : regions ? otherwise : 'unknown';
    return { kind: 'burn', severity: 'page', scope, state };
  });

  const unseen: Verdict = {
    kind: 'blind',
    severity: slo.blindSeverity,
    scope: '',
    state: blind ? 'holds' : 'calm',
    ...(blind && { since: through - blindMinutes }),
  };
  return [ofAll('page'), ofAll('ticket'), ...ofRegions, unseen];
}

/**
 * Regions whose trouble is told by alerts of their own, so that it is not told of everybody too: those with an alert
 * that is open or whose end this window still sees, and those that are about to have one. Once an alert about
 * everybody fires, it stays about everybody.
 */
function toldByRegion(
  pair: WindowPair,
  burning: ReadonlyMap<string, RegionBurn>,
  standing: readonly Standing[],
  through: number,
): Set<string> {
  const told = standing.filter(
    ({ scope, status, ended_at }) =>
      scope !== '' &&
      status !== 'dropped' &&
      (ended_at === null || through - ended_at / 60_000 <= pair.shortMinutes),
  );
  const excluded = new Set(told.map(({ scope }) => regionOf(scope)));
  const firing = standing.some(
    ({ kind, severity, scope, status }) =>
      kind === 'burn' && severity === pair.severity && scope === '' && status === 'firing',
  );
  if (!firing) for (const [region, { own }] of burning) if (own) excluded.add(region);
  return excluded;
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

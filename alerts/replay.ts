/** Evaluates minute after minute: the live minute, those missed while nobody evaluated, or a month of the past. Pure. */
import type { AlertRow } from '../telemetry/alerts.ts';
import { sumsOf } from './burn.ts';
import type { Fault } from './faults/fault.ts';
import { faultVerdict } from './faults/verdict.ts';
import type { Series } from './slos/minutes.ts';
import type { Slo } from './slos/slo.ts';
import { type Alerts, step } from './state.ts';
import { verdictsAt, watch } from './verdict.ts';

export interface ReplayInput {
  readonly slos: readonly Slo[];
  /** @default none */
  readonly faults?: readonly Fault[];
  /** By name; reaching back `longestMinutes` before `from`, of faults `faultMinutes`. */
  readonly series: ReadonlyMap<string, Series>;
  /** What stood before. */
  readonly alerts: Alerts;
  /** Epoch minutes; evaluated are `from` <= m <= `to`, each with what lies before it. */
  readonly from: number;
  readonly to: number;
}

/** @returns what stands at the end, and every row that changed, in order */
export function replay({ slos, faults = [], series, alerts, from, to }: ReplayInput): {
  alerts: Alerts;
  changes: AlertRow[];
} {
  const watched = slos.flatMap((slo) => {
    const of = series.get(slo.name);
    return of ? [watch(slo, of)] : [];
  });
  const looked = faults.flatMap((fault) => {
    const of = series.get(fault.name);
    return of ? [{ fault, sums: sumsOf(of) }] : [];
  });
  let standing = alerts;
  const changes: AlertRow[] = [];
  for (let minute = from; minute <= to; minute += 1) {
    const bySlo = Map.groupBy(standing.values(), ({ slo }) => slo);
    const ofPromises = watched.flatMap((one) =>
      verdictsAt(one, minute, bySlo.get(one.slo.name)).map((verdict) => ({ slo: one.slo, verdict })),
    );
    const ofFaults = looked.map(({ fault, sums }) => ({
      slo: fault,
      verdict: faultVerdict(fault, sums, minute),
    }));
    const moved = step(standing, [...ofPromises, ...ofFaults], minute * 60_000);
    standing = moved.alerts;
    changes.push(...moved.changed);
  }
  return { alerts: standing, changes };
}

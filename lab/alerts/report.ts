/** What came of the rehearsal, for a reader and as JSON. Pure. */
import { commit, machine } from '../../bench/benchmark.ts';
import type { Outcome } from './play.ts';
import type { CleanWeek } from './week.ts';

export interface AlertsReport {
  readonly name: 'lab-alerts';
  readonly date: string;
  readonly machine: ReturnType<typeof machine>;
  readonly commit: string;
  readonly right: boolean;
  readonly result: {
    readonly scenarios: number;
    readonly exactlyRight: number;
    /** Of the region that loses joins; null where it was not played. */
    readonly regionAfterThresholdMinutes: number | null;
    readonly regionPages: number | null;
    readonly regionResolves: number | null;
    readonly cleanWeekPages: number | null;
    readonly cleanWeekTickets: number | null;
  };
  readonly outcomes: readonly Outcome[];
  readonly cleanWeek: CleanWeek | null;
}

export function alertsReport(outcomes: readonly Outcome[], cleanWeek: CleanWeek | undefined): AlertsReport {
  const region = outcomes.find(({ name }) => name === 'region-joins');
  const exactlyRight = outcomes.filter(({ right }) => right).length;
  return {
    name: 'lab-alerts',
    date: new Date().toISOString(),
    machine: machine(),
    commit: commit(),
    right: exactlyRight === outcomes.length && (cleanWeek?.pages ?? 0) === 0,
    result: {
      scenarios: outcomes.length,
      exactlyRight,
      regionAfterThresholdMinutes: region?.afterThresholdMinutes ?? null,
      regionPages: region?.notifications.firing ?? null,
      regionResolves: region?.notifications.resolved ?? null,
      cleanWeekPages: cleanWeek?.pages ?? null,
      cleanWeekTickets: cleanWeek?.tickets ?? null,
    },
    outcomes,
    cleanWeek: cleanWeek ?? null,
  };
}

export function outcomeLine({ right, title, alerts, notifications, pages }: Outcome): string[] {
  const told = `told ${notifications.firing} times, over ${notifications.resolved}; pages opened ${pages.opened}, closed ${pages.closed}`;
  return [
    `${right ? 'right' : 'WRONG'}  ${title}: ${told}`,
    ...alerts.map(
      ({ severity, firedAfterFaultMinutes, headline }) =>
        `       ${severity} after ${firedAfterFaultMinutes} min: ${headline}`,
    ),
  ];
}

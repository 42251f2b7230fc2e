/** The promises of alerts/slos/ as dashboards show them: with the time range and the tenants chosen at the top. */
import { slos as list } from '../alerts/slos/list.ts';
import type { Bounds } from '../alerts/slos/slo.ts';
import { during, ofTenants } from './sql.ts';

export interface BoardSlo {
  /** Short, as it stands in tables and legends. */
  readonly title: string;
  /** In words, with the number. */
  readonly promise: string;
  /** Share of good events, 0 to 1. */
  readonly objective: number;
  /** Rows of `minute`, `good`, `total` (a minute may come in several rows), within the time range. */
  readonly minutes: string;
}

const shown: Bounds = { during, tenants: ofTenants };

export const slos: readonly BoardSlo[] = list.map((slo) => ({
  title: slo.title,
  promise: slo.promise,
  objective: slo.objective,
  minutes: slo.minutes(shown),
}));

/** All SLOs' minutes together, each row with the SLO's place in the list. */
export const sloMinutes = slos
  .map(
    ({ minutes }, place) =>
      `SELECT ${place} AS place, minute, toFloat64(good) AS good, toFloat64(total) AS total FROM (${minutes})`,
  )
  .join('\nUNION ALL\n');

const quoted = (values: readonly (string | number)[]) =>
  `[${values.map((value) => (typeof value === 'number' ? value : `'${value.replaceAll("'", "\\'")}'`)).join(', ')}]`;

/** Of the SLO at `place`. */
export const sloTitle = `${quoted(slos.map(({ title }) => title))}[place + 1]`;
export const sloPromise = `${quoted(slos.map(({ promise }) => promise))}[place + 1]`;
export const sloObjective = `${quoted(slos.map(({ objective }) => objective))}[place + 1]`;
/** How many times as fast as the budget allows events are bad. */
export const burn = (condition: string) =>
  `if(sumIf(total, ${condition}) = 0, NULL, (1 - sumIf(good, ${condition}) / sumIf(total, ${condition})) / (1 - ${sloObjective}))`;

/** One query for the minutes of many promises or faults, and what comes out of it. */
import type { Bounds, Slo } from './slo.ts';

/** One promise, minute by minute: gaps are minutes without events. All three lists are of one length. */
export interface Minutes {
  /** Epoch minutes (epoch ms / 60,000), rising. */
  readonly minutes: readonly number[];
  readonly good: readonly number[];
  readonly total: readonly number[];
}

export interface Series extends Minutes {
  /** Of the promise's witness: `total` counts what was seen. */
  readonly witness: Minutes;
  /** By region ('' where it is not known), of promises about people. Absent: not known how it is there. */
  readonly regions?: ReadonlyMap<string, Minutes> | undefined;
}

/** Of slo_region_minute (regions.ts). */
export interface RegionRow extends Minutes {
  readonly slo: string;
  readonly region: string;
}

export const noMinutes: Minutes = { minutes: [], good: [], total: [] };

/** Parameters {from} and {to}, epoch ms on whole minutes; `to` is not in it. */
export const parametrised: Bounds = {
  during: (column) =>
    `${column} >= fromUnixTimestamp64Milli({from:Int64}) AND ${column} < fromUnixTimestamp64Milli({to:Int64})`,
  tenants: '1',
};

const part = (source: string, sql: string, good: string, total: string) =>
  `SELECT '${source}' AS source, toUInt32(toUnixTimestamp(minute) / 60) AS m, toFloat64(${good}) AS g,
  toFloat64(${total}) AS t FROM (${sql})`;

/** What has minutes: a promise or a fault. */
type Counted = Pick<Slo, 'name' | 'minutes' | 'witness'>;

/** Rows of MinutesRow, one per promise, fault or witness that has any. */
export function minutesSql(slos: readonly Counted[]): string {
  const parts = slos.flatMap((slo) => [
    part(slo.name, slo.minutes(parametrised), 'good', 'total'),
    ...(slo.witness ? [part(witnessOf(slo.name), slo.witness(parametrised), '0', 'seen')] : []),
  ]);
  return `SELECT source, groupArray(m) AS minutes, groupArray(g) AS good, groupArray(t) AS total
FROM (
  SELECT source, m, sum(g) AS g, sum(t) AS t
  FROM (${parts.join('\nUNION ALL\n')})
  GROUP BY source, m ORDER BY source, m
)
GROUP BY source`;
}

export interface MinutesRow extends Minutes {
  readonly source: string;
}

export function seriesOf(
  rows: readonly MinutesRow[],
  slos: readonly Counted[],
  regionRows?: readonly RegionRow[],
): Map<string, Series> {
  const bySource = new Map(rows.map((row) => [row.source, row]));
  const bySlo = regionRows && Map.groupBy(regionRows, ({ slo }) => slo);
  return new Map(
    slos.map(({ name }) => [
      name,
      {
        ...(bySource.get(name) ?? noMinutes),
        witness: bySource.get(witnessOf(name)) ?? noMinutes,
        regions: bySlo && new Map((bySlo.get(name) ?? []).map((row) => [row.region, row])),
      },
    ]),
  );
}

const witnessOf = (name: string) => `${name} witness`;

/**
 * The minutes of promises by region, so that a region in trouble is not hidden by those that are well. A region is the
 * country of the one who suffers, as the collector found it; '' where it is not known. Only promises about people have
 * regions. Counted anew while late data may change a minute, by the statement below.
 */
import type { Slo } from './slo.ts';
import { between } from './sources.ts';

/** The dimension that a region is. */
export const regionDimension = 'country';

/** As an alert has it. */
export const scopeOf = (region: string): string => `${regionDimension}=${region}`;

export const regionOf = (scope: string): string => scope.slice(regionDimension.length + 1);

export const regional = (slo: Slo): slo is Slo & { readonly people: string } =>
  slo.people !== undefined && slo.dimensions.includes(regionDimension);

/**
 * Counts the minutes between {from} and {to} (epoch ms, whole minutes) once more and writes them to slo_region_minute
 * under {revision}; what was counted for a region that turns out to be another becomes 0.
 */
export function countRegionsSql(slos: readonly Slo[]): string {
  const people = slos
    .filter(regional)
    .map((slo) => `SELECT '${slo.name}' AS slo, * FROM (${slo.people})`)
    .join('\nUNION ALL\n');
  return `INSERT INTO slo_region_minute (minute, slo, region, good, total, revision)
WITH suffering AS (${people}),
dimension AS (
  SELECT tenant_id, call_id, participant_id, max(p.${regionDimension}) AS region
  FROM participant_dimension AS p WHERE (tenant_id, call_id) IN (SELECT tenant_id, call_id FROM suffering)
  GROUP BY tenant_id, call_id, participant_id
)
SELECT minute, slo, region, sum(good) AS good, sum(total) AS total, {revision:UInt64} AS revision
FROM (
  SELECT s.minute AS minute, s.slo AS slo, d.region AS region, s.total - s.bad AS good, s.total AS total
  FROM suffering AS s LEFT JOIN dimension AS d USING (tenant_id, call_id, participant_id)
  UNION ALL
  SELECT minute, slo, region, 0 AS good, 0 AS total FROM slo_region_minute WHERE ${between('minute')}
)
GROUP BY minute, slo, region`;
}

/** Rows of RegionRow between {from} and {to}, epoch ms. */
export const regionSeriesSql = `
SELECT slo, region, groupArray(m) AS minutes, groupArray(g) AS good, groupArray(t) AS total
FROM (
  SELECT slo, region, toUInt32(toUnixTimestamp(minute) / 60) AS m, toFloat64(r.good) AS g, toFloat64(r.total) AS t
  FROM slo_region_minute AS r FINAL WHERE ${between('minute')} AND r.total > 0
  ORDER BY slo, region, m
)
GROUP BY slo, region`;

/** Up to when they have been counted, epoch ms; 0 when never. Parameter: from, epoch ms. */
export const countedThroughSql = `
SELECT toUnixTimestamp(max(minute)) * 1000 AS through FROM slo_region_minute
WHERE minute >= fromUnixTimestamp64Milli({from:Int64})`;

/**
 * SQL of panels, with the macros and variables of Grafana's ClickHouse data source in it (macros.ts says what they
 * become). Pieces that many panels share are here, so that every panel is bounded in the same way.
 */

/** A query. Values put in are pieces of SQL written here, never anything from outside. */
export function sql(strings: TemplateStringsArray, ...pieces: readonly (string | number)[]): string {
  return String.raw({ raw: strings.raw }, ...pieces)
    .replace(/^\n+|\s+$/g, '')
    .replaceAll(indentOf(strings.raw.join('')), '\n');
}

/** The line break and indentation that the first line of the template starts with. */
const indentOf = (text: string) => /^\n +/.exec(text)?.[0] ?? '\n';

/** Only what lies in the time range of the dashboard. */
export const during = (column: string) => `$__timeFilter(${column})`;

/** The point on the time axis. Never named like a column that the query filters by: ClickHouse would take the alias. */
export const bucket = (column: string) => `$__timeInterval(${column})`;

/** Only the tenants chosen at the top of the dashboard. `$__conditionalAll` drops it where all are chosen. */
export const ofTenants = '$__conditionalAll(tenant_id IN (${tenant:singlequote}), $tenant)';

/** Only the SFU nodes chosen at the top of the dashboard. */
export const ofNodes = '$__conditionalAll(sfu_node_id IN (${node:singlequote}), $node)';

/** The call that the dashboard is about. */
export const ofCall = 'call_id = ${call:singlequote}';

/** How many participants a group must have to be compared, as typed at the top of the dashboard. */
export const leastSample = 'toUInt32OrDefault(${sample:singlequote}, toUInt32(20))';

/** One of the quantiles of a state, NULL where nothing was measured. @param nth 1 for the first */
export const quantile = (levels: string, column: string, nth: number) => {
  const value = `quantilesTDigestMerge(${levels})(${column})[${nth}]`;
  return `if(isNaN(${value}), NULL, ${value})`;
};

/** Calls that ran in the time range, as they were known last. */
export const calls = `
  SELECT * FROM call_by_time FINAL
  WHERE started_at >= $__fromTime - INTERVAL 1 DAY AND started_at <= $__toTime AND last_seen_at >= $__fromTime
    AND ${ofTenants}
  ORDER BY revision DESC LIMIT 1 BY tenant_id, call_id`;

/** The last reading of each series of a metric within two minutes before the end of the time range. */
export const lastReadings = (service: string, metrics: readonly string[]) => `
  SELECT service_instance_id, sfu_node_id, name, attributes, argMax(value, time) AS value, max(time) AS read_at
  FROM rtc_metric
  WHERE service_name = '${service}' AND name IN (${metrics.map((name) => `'${name}'`).join(', ')})
    AND time >= $__toTime - INTERVAL 2 MINUTE AND time <= $__toTime
  GROUP BY service_instance_id, sfu_node_id, name, attributes`;

/**
 * How much a cumulative counter of rtc_metric grew since its reading before; one that is smaller started anew with
 * its process. The first reading of the time range has none before it and grew by nothing.
 */
export const growth = (value: string) => {
  const before = `lagInFrame(${value}, 1, ${value}) OVER (
        PARTITION BY service_instance_id, attributes ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`;
  return `if(${value} >= ${before}, ${value} - ${before}, ${value})`;
};

/** A counter of a service, per second. @param label what tells lines apart @param factor to the unit of the panel */
export const counterRate = (service: string, metric: string, label: string, factor = 1) => sql`
  SELECT at, series, ${factor} * sum(grown) / $__interval_s AS value
  FROM (
    SELECT ${bucket('time')} AS at, ${label} AS series, ${growth('value')} AS grown
    FROM rtc_metric
    WHERE service_name = '${service}' AND name = '${metric}' AND ${during('time')}
  )
  GROUP BY at, series ORDER BY at, series`;

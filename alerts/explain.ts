/** Why people suffer: the queries for who they are, what they share and which calls are worst, and what comes of them. */
import type { AlertRow } from '../telemetry/alerts.ts';
import { type Concern, isFault } from './concerns.ts';
import { type Count, commonFactors, type Factor, factorsOf } from './factors.ts';
import { regionDimension, regionOf } from './slos/regions.ts';

/** What an alert knows beside its burn rate. */
export interface Explanation {
  readonly people: number;
  /** Of these, who suffer. */
  readonly bad: number;
  /** The strongest first; empty where nothing stands out. */
  readonly factors: readonly Factor[];
  /** Why, as the failed events say, the most frequent first. */
  readonly causes: readonly { readonly cause: string; readonly people: number }[];
  /** What the detectors found among those who suffer, the most frequent first. */
  readonly incidents: readonly { readonly kind: string; readonly people: number }[];
  readonly worstCalls: readonly string[];
  /** Which parts of the service a fault has struck. */
  readonly parts?: readonly string[];
}

export const unexplained: Explanation = {
  people: 0,
  bad: 0,
  factors: [],
  causes: [],
  incidents: [],
  worstCalls: [],
};

type OfPeople = Pick<Concern, 'dimensions'> & { readonly people: string };

/** A person suffers when more than a tenth of what they went through was bad. */
const suffers = 'bad > 0.1 * total';

const persons = (people: string) => `
people AS (
  SELECT tenant_id, call_id, participant_id, max(detail) AS detail, sum(bad) AS bad, sum(total) AS total
  FROM (${people}) GROUP BY tenant_id, call_id, participant_id
)`;

/** Whether a person is among those the alert is about. Parameter: region, '' for everybody. */
const concerned = (column: string) => `({region:String} = '' OR ${column} = {region:String})`;

/**
 * One row of CountRow per dimension and value: dimensions of participants, `incident` (kinds that the detectors
 * found about a person; `none` without) and `` `cause` `` (what the event itself said). Parameters: from, to, region.
 */
function countsSql(slo: OfPeople): string {
  const columns = [regionDimension, ...slo.dimensions.filter((one) => one !== regionDimension)];
  const pairs = columns.map((column) => `('${column}', d.${column})`).join(', ');
  const known = columns.map((column) => `max(p.${column}) AS ${column}`).join(', ');
  return `WITH ${persons(slo.people)},
dimension AS (
  SELECT tenant_id, call_id, participant_id, ${known}
  FROM participant_dimension AS p WHERE (tenant_id, call_id) IN (SELECT tenant_id, call_id FROM people)
  GROUP BY tenant_id, call_id, participant_id
),
found AS (
  SELECT tenant_id, call_id, arrayJoin(arrayDistinct(arrayPushBack(affected, participant_id))) AS participant_id,
    groupUniqArray(kind) AS kinds
  FROM incident_by_time FINAL
  WHERE started_at >= fromUnixTimestamp64Milli({from:Int64}) - INTERVAL 1 HOUR
    AND started_at < fromUnixTimestamp64Milli({to:Int64})
    AND (isNull(ended_at) OR ended_at >= fromUnixTimestamp64Milli({from:Int64}))
    AND (tenant_id, call_id) IN (SELECT tenant_id, call_id FROM people)
  GROUP BY tenant_id, call_id, participant_id
)
SELECT pair.1 AS dimension, pair.2 AS value, count() AS people, countIf(${suffers}) AS bad
FROM people AS s
LEFT JOIN dimension AS d USING (tenant_id, call_id, participant_id)
LEFT JOIN found AS f USING (tenant_id, call_id, participant_id)
ARRAY JOIN arrayConcat([${pairs}], if(${concerned(`d.${regionDimension}`)}, arrayConcat([('all', 'all'), ('cause', s.detail)],
  if(empty(f.kinds), [('incident', 'none')], arrayMap(kind -> ('incident', kind), f.kinds))), [])) AS pair
GROUP BY dimension, value
ORDER BY dimension, bad DESC, value
LIMIT 200 BY dimension`;
}

/** Rows of `call_id`, the worst first. */
const worstCallsSql = (slo: OfPeople): string => `WITH ${persons(slo.people)}
SELECT call_id FROM people
WHERE call_id != '' AND ({region:String} = '' OR (tenant_id, call_id, participant_id) IN (
  SELECT tenant_id, call_id, participant_id FROM participant_dimension AS p
  WHERE (tenant_id, call_id) IN (SELECT tenant_id, call_id FROM people)
  GROUP BY tenant_id, call_id, participant_id HAVING max(p.${regionDimension}) = {region:String}))
GROUP BY call_id HAVING sum(bad) > 0 ORDER BY sum(bad) DESC, sum(bad) / sum(total) DESC, call_id LIMIT 10`;

/** Of the rows of countsSql, what is not about a dimension. */
function told(counts: readonly Count[]) {
  const all = counts.find(({ dimension }) => dimension === 'all');
  const of = (wanted: string) =>
    counts
      .filter(
        ({ dimension, value, bad }) => dimension === wanted && bad > 0 && value !== '' && value !== 'none',
      )
      .sort((a, b) => b.bad - a.bad || a.value.localeCompare(b.value));
  return {
    people: all?.people ?? 0,
    bad: all?.bad ?? 0,
    causes: of('cause')
      .slice(0, 5)
      .map(({ value, bad }) => ({ cause: value, people: bad })),
    incidents: of('incident')
      .slice(0, 5)
      .map(({ value, bad }) => ({ kind: value, people: bad })),
    dimensions: counts.filter(({ dimension }) => !['all', 'cause', 'incident'].includes(dimension)),
  };
}

/** Older trouble has the same common factor, and reading it takes the longer. */
const longestMs = 6 * 3_600_000;
/** With less, a group is too small to stand out: what was before belongs to the picture. */
const shortestMs = 10 * 60_000;

export type Query = <Row>(sql: string, parameters: Record<string, number | string>) => Promise<Row[]>;

const mostParts = 20;

/** @param atMs up to when */
export async function explain(
  query: Query,
  concern: Concern,
  alert: AlertRow,
  atMs: number,
): Promise<Explanation> {
  const from = Math.max(Math.min(alert.since_at, atMs - shortestMs), atMs - longestMs);
  const region = regionOf(alert.scope);
  const span = { from, to: atMs, region };
  if (!isFault(concern)) return explainPeople(query, concern, alert, span);
  const parts = await query<{ part: string }>(
    `SELECT part FROM (${concern.parts}) ORDER BY part LIMIT ${mostParts}`,
    { from: Math.max(alert.since_at, from), to: atMs },
  );
  const people = await explainPeople(query, concern, alert, span);
  return { ...people, parts: parts.map(({ part }) => part) };
}

async function explainPeople(
  query: Query,
  concern: Concern,
  alert: AlertRow,
  span: { readonly from: number; readonly to: number; readonly region: string },
): Promise<Explanation> {
  if (concern.people === undefined || alert.kind === 'blind') return unexplained;
  const { region } = span;
  const asked = { ...concern, people: concern.people };
  const counts = await query<Count>(countsSql(asked), span);
  const calls = await query<{ call_id: string }>(worstCallsSql(asked), span);
  const { dimensions, ...rest } = told(counts);
  return {
    ...rest,
    factors: factorsFor(region, dimensions).slice(0, 5),
    worstCalls: calls.map((row) => row.call_id),
  };
}

/** Of an alert about a region, the region comes first, however few people it has. */
function factorsFor(region: string, counts: readonly Count[]): Factor[] {
  const isRegion = ({ dimension, value }: Factor) => dimension === regionDimension && value === region;
  const common = commonFactors(counts).filter((one) => !isRegion(one));
  return region === '' ? common : [...factorsOf(counts).filter(isRegion), ...common];
}

export const readExplanation = (alert: AlertRow): Explanation =>
  alert.explanation === '' ? unexplained : (JSON.parse(alert.explanation) as Explanation);

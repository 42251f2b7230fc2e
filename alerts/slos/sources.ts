/**
 * Where the events of promises stand: SQL over the minutes that views keep (join_minute, quality_minute, event_minute,
 * slo_minute), and over the rows behind them where people are to be named.
 */
import type { Bounds } from './slo.ts';

/** `name`: the state, code, result or reason of an event counts as good where `good` holds. */
export const eventsOf = (name: string, good: string) => (bounds: Bounds) =>
  `SELECT minute, sumIf(events, ${good}) AS good, sum(events) AS total
FROM event_minute WHERE ${bounds.during('minute')} AND name = '${name}' AND ${bounds.tenants} GROUP BY minute`;

export const seenEvents = (name: string, source: string) => (bounds: Bounds) =>
  `SELECT minute, sum(events) AS seen
FROM event_minute WHERE ${bounds.during('minute')} AND name = '${name}' AND source = '${source}' AND ${bounds.tenants}
GROUP BY minute`;

/** Events of which each one is a sign that something is wrong, as this source tells of them. */
export const signsOf = (name: string, source: string) => (bounds: Bounds) =>
  `SELECT minute, toUInt64(0) AS good, sum(events) AS total
FROM event_minute WHERE ${bounds.during('minute')} AND name = '${name}' AND source = '${source}' GROUP BY minute`;

export const joins = (good: string) => (bounds: Bounds) =>
  `SELECT minute, ${good} AS good, sum(spans) AS total
FROM join_minute WHERE ${bounds.during('minute')} AND step = 'rtc.join' AND ${bounds.tenants} GROUP BY minute`;

/** Windows of 5 s as receivers heard and saw them. */
export const windows =
  (good: string, known: string, kinds = "'audio', 'video'") =>
  (bounds: Bounds) =>
    `SELECT minute, sum(${good}) AS good, sum(${known}) AS total
FROM quality_minute WHERE ${bounds.during('minute')} AND kind IN (${kinds}) AND ${bounds.tenants} GROUP BY minute`;

/** Events that only a promise counts (migration 050). */
export const counted = (slo: string) => (bounds: Bounds) =>
  `SELECT minute, sum(s.good) AS good, sum(s.total) AS total
FROM slo_minute AS s WHERE ${bounds.during('minute')} AND slo = '${slo}' AND ${bounds.tenants} GROUP BY minute`;

/** Media nodes forward media to somebody (migration 065). Metrics are of no tenant. */
export const forwarding =
  (...kinds: readonly ('audio' | 'video')[]) =>
  (bounds: Bounds) =>
    `SELECT minute, sum(s.total) AS seen
FROM slo_minute AS s WHERE ${bounds.during('minute')} AND slo IN (${kinds.map((kind) => `'forwarding-${kind}'`).join(', ')})
GROUP BY minute`;

/** Readings of a service's gauge. Metrics are of no tenant. */
export const readings = (service: string, metric: string, good: string) => (bounds: Bounds) =>
  `SELECT toDateTime(toStartOfMinute(time), 'UTC') AS minute, countIf(${good}) AS good, count() AS total
FROM rtc_metric WHERE service_name = '${service}' AND name = '${metric}' AND ${bounds.during('time')} GROUP BY minute`;

export const seenReadings = (service: string, metric: string, worth: string) => (bounds: Bounds) =>
  `SELECT toDateTime(toStartOfMinute(time), 'UTC') AS minute, countIf(${worth}) AS seen
FROM rtc_metric WHERE service_name = '${service}' AND name = '${metric}' AND ${bounds.during('time')} GROUP BY minute`;

const minuteOf = (column: string) => `toDateTime(toStartOfMinute(${column}), 'UTC') AS minute`;

/** Parameters {from} and {to}, epoch ms; `to` is not in it. */
export const between = (column: string) =>
  `${column} >= fromUnixTimestamp64Milli({from:Int64}) AND ${column} < fromUnixTimestamp64Milli({to:Int64})`;

export const peopleJoining = (bad: string) =>
  `SELECT ${minuteOf('time')}, tenant_id, call_id, participant_id,
  anyIf(replaceRegexpAll(substringUTF8(status_message, 1, 80), '[0-9]+', '#'), status_code = 'error') AS detail,
  countIf(${bad}) AS bad, count() AS total
FROM rtc_span WHERE ${between('time')} AND source = 'client' AND name = 'rtc.join'
GROUP BY minute, tenant_id, call_id, participant_id`;

export const peopleReceiving = (bad: string, known: string, kinds = "'audio', 'video'") =>
  `SELECT ${minuteOf('window_start')}, tenant_id, call_id, receiver_id AS participant_id, '' AS detail,
  countIf(${bad}) AS bad, countIf(${known}) AS total
FROM stream_score FINAL
WHERE ${between('window_start')} AND point = 'receiver' AND kind IN (${kinds})
GROUP BY minute, tenant_id, call_id, participant_id HAVING total > 0`;

/** Calls stand for the people in them: a recording is nobody's in particular. */
export const callsWith = (name: string, bad: string) =>
  `SELECT ${minuteOf('time')}, tenant_id, call_id, '' AS participant_id,
  anyIf(replaceRegexpAll(substringUTF8(attributes['reason'], 1, 80), '[0-9]+', '#'), ${bad}) AS detail,
  countIf(${bad}) AS bad, count() AS total
FROM rtc_event WHERE ${between('time')} AND name = '${name}'
GROUP BY minute, tenant_id, call_id, participant_id`;

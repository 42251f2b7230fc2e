/**
 * What dashboards know of an SLO: its promise, and the good and all events of each minute of the time range. A promise
 * about a percentile is one about a share: "p95 under 3 s" is "at least 95 % of joins within 3 s".
 */
import { metrics } from '../telemetry/events.ts';
import { during, ofTenants, sql } from './sql.ts';

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

const quality = (good: string, known: string, kind = "kind IN ('audio', 'video')") => sql`
  SELECT minute, sum(${good}) AS good, sum(${known}) AS total
  FROM quality_minute WHERE ${during('minute')} AND ${kind} AND ${ofTenants} GROUP BY minute`;

const joins = (good: string) => sql`
  SELECT minute, ${good} AS good, sum(spans) AS total
  FROM join_minute WHERE ${during('minute')} AND step = 'rtc.join' AND ${ofTenants} GROUP BY minute`;

export const slos: readonly BoardSlo[] = [
  {
    title: 'Join success',
    promise: 'more than 99.9 % of joins succeed',
    objective: 0.999,
    minutes: joins('sum(spans) - sum(failed)'),
  },
  {
    title: 'Time to join',
    promise: '95 % of joins take less than 3 s',
    objective: 0.95,
    minutes: joins('sum(within_3s)'),
  },
  {
    title: 'End-to-end latency',
    promise: '95 % of windows are heard and seen within 300 ms',
    objective: 0.95,
    minutes: quality('delay_good', 'delay_known'),
  },
  {
    title: 'Jitter',
    promise: '95 % of windows have less than 30 ms',
    objective: 0.95,
    minutes: quality('jitter_good', 'jitter_known'),
  },
  {
    title: 'Loss',
    promise: '95 % of windows lose less than 1 % of packets',
    objective: 0.95,
    minutes: quality('loss_good', 'loss_known'),
  },
  {
    title: 'MOS',
    promise: '90 % of audio windows score above 4.0',
    objective: 0.9,
    minutes: quality('mos_good', 'scored', "kind = 'audio'"),
  },
  {
    title: 'Recording',
    promise: 'more than 99 % of recordings are stored',
    objective: 0.99,
    minutes: sql`
      SELECT minute, sumIf(events, detail = 'stored') AS good, sum(events) AS total
      FROM event_minute WHERE ${during('minute')} AND name = 'rtc.recording.finished' AND ${ofTenants} GROUP BY minute`,
  },
  {
    title: 'Transcription',
    promise: '95 % of minutes have their transcripts (p95) within 5 min',
    objective: 0.95,
    minutes: sql`
      SELECT minute, toUInt64(quantilesTDigestMerge(0.5, 0.95)(took)[2] <= 300000) AS good, toUInt64(1) AS total
      FROM event_minute WHERE ${during('minute')} AND name = 'rtc.transcription.segment' AND ${ofTenants}
      GROUP BY minute`,
  },
  {
    title: 'Ingest freshness',
    promise: '99 % of windows have arrived 30 s after their end',
    objective: 0.99,
    minutes: sql`
      SELECT toDateTime(toStartOfMinute(window_start), 'UTC') AS minute,
        countIf(received_at <= window_start + INTERVAL 35 SECOND) AS good, count() AS total
      FROM (
        SELECT window_start, max(last_received_at) AS received_at
        FROM window_arrival WHERE ${during('window_start')} AND ${ofTenants} GROUP BY window_start
      ) GROUP BY minute`,
  },
  {
    title: 'Loop health',
    promise: '99 % of readings of the oldest job are under 10 s',
    objective: 0.99,
    minutes: sql`
      SELECT toDateTime(toStartOfMinute(time), 'UTC') AS minute, countIf(value < 10000) AS good, count() AS total
      FROM rtc_metric
      WHERE service_name = 'callscope-pipelines' AND name = '${metrics.queueOldestMs}' AND ${during('time')}
      GROUP BY minute`,
  },
];

/** All SLOs' minutes together, each row with the SLO's place in the list. */
export const sloMinutes = slos
  .map(
    ({ minutes }, place) =>
      `SELECT ${place} AS place, minute, toFloat64(good) AS good, toFloat64(total) AS total FROM (${minutes})`,
  )
  .join('\nUNION ALL\n');

const list = (values: readonly (string | number)[]) =>
  `[${values.map((value) => (typeof value === 'number' ? value : `'${value.replaceAll("'", "\\'")}'`)).join(', ')}]`;

/** Of the SLO at `place`. */
export const sloTitle = `${list(slos.map(({ title }) => title))}[place + 1]`;
export const sloPromise = `${list(slos.map(({ promise }) => promise))}[place + 1]`;
export const sloObjective = `${list(slos.map(({ objective }) => objective))}[place + 1]`;
/** How many times as fast as the budget allows events are bad. */
export const burn = (condition: string) =>
  `if(sumIf(total, ${condition}) = 0, NULL, (1 - sumIf(good, ${condition}) / sumIf(total, ${condition})) / (1 - ${sloObjective}))`;

/** Pipeline health: can the other dashboards be believed? */
import { metrics } from '../../telemetry/events.ts';
import type { Board } from '../board.ts';
import { type Panel, series, stat, table } from '../panel.ts';
import { bucket, counterRate, during, growth, sql } from '../sql.ts';
import { atMost } from '../thresholds.ts';

/** A window is due five seconds after its end; judging it takes a few more. */
const freshness = atMost(20, 60);
const windowMs = 5_000;

/** What each window waited for: its last row to arrive, and then its scoring. */
const arrivals = sql`
  SELECT window_start, sum(rows) AS arrived, max(last_received_at) AS received_at
  FROM window_arrival WHERE ${during('window_start')} GROUP BY window_start`;
const runs = sql`
  SELECT window_start, sum(rows) AS scored, max(scored_at) AS scored_at, max(revision) AS revision
  FROM window_run FINAL WHERE ${during('window_start')} GROUP BY window_start`;

const pipelineGauge = (metric: string) => sql`
  SELECT ${bucket('time')} AS at, attributes['queue'] AS series, max(value) AS value
  FROM rtc_metric
  WHERE service_name = 'callscope-pipelines' AND name = '${metric}' AND ${during('time')}
  GROUP BY at, series ORDER BY at, series`;

const events = (name: string) => sql`
  SELECT ${bucket('minute')} AS at, if(detail = '', source, detail) AS series, sum(events) AS value
  FROM event_minute
  WHERE ${during('minute')} AND name = '${name}'
  GROUP BY at, series ORDER BY at, series`;

/** A counter of the collector, per second. */
const collectorRate = (title: string, description: string, metric: string, label: string): Panel =>
  series({
    title,
    description,
    sql: counterRate('callscope-collector', metric, label),
    unit: 'perSecond',
    min: 0,
    empty: 'The collector tells nothing of this kind',
  });

export const pipelines: Board = {
  name: 'pipelines',
  title: 'Pipeline health',
  owner: 'telemetry-platform',
  question:
    'Is telemetry arriving, judged in time and complete, so that the other dashboards can be believed?',
  reading:
    'A window of 5 s is scored once its rows have arrived; late rows open it again. If the first number is red, every other dashboard is behind by as much.',
  next: [
    { board: 'fleet', when: 'All well here' },
    { board: 'loop', when: 'Decisions come late' },
  ],
  from: 'now-1h',
  refresh: '30s',
  variables: [],
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Behind by',
          description:
            'From the end of the newest scored window to the end of the time range. Above a minute: scoring is stuck or nothing arrives.',
          sql: sql`
            SELECT if(count() = 0, NULL, dateDiff('second', max(window_start), $__toTime) - ${windowMs / 1000}) AS behind
            FROM window_run WHERE ${during('window_start')}`,
          unit: 'seconds',
          thresholds: freshness,
        }),
        stat({
          title: 'Rows arriving',
          description: 'Samples of streams per second, over the time range.',
          sql: sql`
            SELECT sum(rows) / greatest(1, dateDiff('second', $__fromTime, $__toTime)) AS arriving
            FROM window_arrival WHERE ${during('window_start')}`,
          unit: 'perSecond',
        }),
        stat({
          title: 'Scored after, p95',
          description: 'From the end of a window to its first or later scoring.',
          sql: sql`
            SELECT if(count() = 0, NULL, quantileExact(0.95)(dateDiff('millisecond', window_start, scored_at) - ${windowMs})) AS p95
            FROM (${runs})`,
          unit: 'milliseconds',
          thresholds: atMost(20_000, 60_000),
        }),
        stat({
          title: 'Late windows',
          description:
            'Scored more than once because rows came after the first scoring. Minutes of quality count such a window again.',
          sql: sql`SELECT if(count() = 0, NULL, countIf(revision > 1) / count()) AS late FROM (${runs})`,
          unit: 'ratio',
          thresholds: atMost(0.02, 0.1),
        }),
        stat({
          title: 'Not scored yet',
          description: 'Windows older than a minute with rows that no scoring has seen.',
          sql: sql`
            SELECT countIf(a.arrived > r.scored AND a.window_start < $__toTime - INTERVAL 1 MINUTE) AS windows
            FROM (${arrivals}) AS a LEFT JOIN (${runs}) AS r USING (window_start)`,
          unit: 'count',
          thresholds: atMost(1, 12),
        }),
        stat({
          title: 'Oldest job',
          description: 'How long the first in the longest queue has waited, last two minutes.',
          sql: sql`
            SELECT if(count() = 0, NULL, max(value)) AS oldest FROM rtc_metric
            WHERE service_name = 'callscope-pipelines' AND name = '${metrics.queueOldestMs}'
              AND time >= $__toTime - INTERVAL 2 MINUTE AND time <= $__toTime`,
          unit: 'milliseconds',
          thresholds: atMost(10_000, 60_000),
        }),
      ],
    },
    {
      title: 'Arrival',
      panels: [
        series({
          title: 'Ingest lag',
          description:
            "From the end of a window to the arrival of its last row: browsers' batches, network and collector together.",
          sql: sql`
            SELECT ${bucket('window_start')} AS at,
              quantileExact(0.5)(dateDiff('millisecond', window_start, received_at) - ${windowMs}) AS p50,
              quantileExact(0.95)(dateDiff('millisecond', window_start, received_at) - ${windowMs}) AS p95
            FROM (${arrivals}) GROUP BY at ORDER BY at`,
          unit: 'milliseconds',
          thresholds: atMost(20_000, 60_000),
        }),
        series({
          title: 'Rows of streams',
          description:
            'Samples per second by the time they speak of. A cliff without fewer calls is telemetry lost.',
          sql: sql`
            SELECT ${bucket('window_start')} AS at, sum(rows) / $__interval_s AS rows
            FROM window_arrival WHERE ${during('window_start')} GROUP BY at ORDER BY at`,
          unit: 'perSecond',
          min: 0,
        }),
        collectorRate(
          'Rows acknowledged',
          'By ClickHouse, by table, as the collector counts them.',
          'rtc.collector.rows',
          "attributes['table']",
        ),
        collectorRate(
          'Refused',
          "Requests refused by code. storage_unavailable and overloaded are ours; the rest are the senders'.",
          'rtc.collector.refusals',
          "attributes['reason']",
        ),
        series({
          title: 'Spool and buffer',
          description:
            'Bytes that wait for ClickHouse. It grows while ClickHouse is away, and 503 follows when it is full.',
          sql: sql`
            SELECT ${bucket('time')} AS at, name AS series, max(value) AS value
            FROM rtc_metric
            WHERE service_name = 'callscope-collector' AND name IN ('rtc.collector.spool_bytes', 'rtc.collector.buffered_bytes')
              AND ${during('time')}
            GROUP BY at, series ORDER BY at, series`,
          unit: 'bytes',
          min: 0,
          empty: 'The collector tells nothing of this kind',
        }),
        series({
          title: 'Dropped by clients',
          description:
            'Batches that browsers gave up, by reason: their memory was full, or the collector refused them.',
          sql: events('rtc.sdk.dropped'),
          unit: 'count',
          style: 'bars',
          min: 0,
          empty: 'None dropped',
        }),
      ],
    },
    {
      title: 'Judging',
      panels: [
        series({
          title: 'Scored after',
          description: 'From the end of a window to its scoring.',
          sql: sql`
            SELECT ${bucket('window_start')} AS at,
              quantileExact(0.5)(dateDiff('millisecond', window_start, scored_at) - ${windowMs}) AS p50,
              quantileExact(0.95)(dateDiff('millisecond', window_start, scored_at) - ${windowMs}) AS p95
            FROM (${runs}) GROUP BY at ORDER BY at`,
          unit: 'milliseconds',
          thresholds: atMost(20_000, 60_000),
        }),
        series({
          title: 'Windows scored again',
          description: 'Windows that late rows opened again, of all.',
          sql: sql`
            SELECT ${bucket('window_start')} AS at, countIf(revision > 1) AS again, countIf(revision = 1) AS once
            FROM (${runs}) GROUP BY at ORDER BY at`,
          unit: 'count',
          style: 'bars',
          min: 0,
        }),
        series({
          title: 'Queue depth',
          description: 'Jobs waiting, delayed or under way. A queue that only grows needs another worker.',
          sql: pipelineGauge(metrics.queueDepth),
          unit: 'count',
          min: 0,
        }),
        series({
          title: 'Age of the oldest job',
          description: 'Per queue. Age tells more than depth: a long queue that moves is healthy.',
          sql: pipelineGauge(metrics.queueOldestMs),
          unit: 'milliseconds',
          thresholds: atMost(10_000, 60_000),
          min: 0,
        }),
        series({
          title: 'Time one job takes',
          description: 'Mean per queue, from the histograms that workers send.',
          sql: sql`
            SELECT at, series, sum(spent) / sum(jobs) AS value
            FROM (
              SELECT ${bucket('time')} AS at, attributes['queue'] AS series,
                ${growth('sum')} AS spent, ${growth('toFloat64(count)')} AS jobs
              FROM rtc_metric
              WHERE service_name = 'callscope-pipelines' AND name = '${metrics.jobDurationMs}' AND ${during('time')}
            )
            WHERE jobs > 0
            GROUP BY at, series ORDER BY at, series`,
          unit: 'milliseconds',
          min: 0,
        }),
        table({
          title: 'How far detectors have judged',
          description:
            'Each shard of calls, as of the end of the time range. A shard without calls stands still and is left out after ten minutes.',
          sql: sql`
            SELECT shard, max(through) AS judged_through, dateDiff('second', judged_through, $__toTime) AS behind_seconds
            FROM detect_run WHERE through >= $__toTime - INTERVAL 10 MINUTE
            GROUP BY shard
            ORDER BY behind_seconds DESC, shard LIMIT 64`,
          width: 12,
          height: 8,
          columns: {
            shard: { unit: 'count', width: 90 },
            judged_through: { title: 'through', unit: 'time', width: 170 },
            behind_seconds: { title: 'behind', unit: 'seconds', thresholds: freshness },
          },
          empty: 'No shard had calls in the last ten minutes',
        }),
      ],
    },
  ],
};

/** Recording and transcription. */
import type { Board } from '../board.ts';
import { callColumn } from '../links.ts';
import { thresholds } from '../objectives.ts';
import { series, stat, table } from '../panel.ts';
import { bucket, during, ofTenants, quantile, sql } from '../sql.ts';
import { atMost } from '../thresholds.ts';

/** Written once per recording: `result` is stored or failed, with `reason`, `duration_ms` and bytes. */
const recordings = `FROM event_minute WHERE ${during('minute')} AND name = 'rtc.recording.finished' AND ${ofTenants}`;
/** Written once per piece of text, with `latency_ms` from the speech to the text. */
const segments = `FROM event_minute WHERE ${during('minute')} AND name = 'rtc.transcription.segment' AND ${ofTenants}`;
const took = '0.5, 0.95';
const lag = (nth: number) => `${quantile(took, 'took', nth)} / 1000`;

const gauge = (metric: string) => sql`
  SELECT ${bucket('time')} AS at, service_instance_id AS series, max(value) AS value
  FROM rtc_metric
  WHERE service_name = 'callscope-recorder' AND name = '${metric}' AND ${during('time')}
  GROUP BY at, series ORDER BY at, series`;

export const recording: Board = {
  name: 'recording',
  title: 'Recording and transcription',
  owner: 'recording',
  question: 'Is every recording kept, and does text come in time?',
  reading:
    'A recording counts as kept once it is uploaded and verified. While storage is away, recorders hold it on their own disks: that is not a loss yet, but the disks fill.',
  next: [
    { board: 'slos', when: 'How much budget is left' },
    { board: 'pipelines', when: 'Jobs wait' },
    { board: 'call', when: 'One recording in its call' },
  ],
  from: 'now-24h',
  refresh: '1m',
  variables: [],
  rows: [
    {
      title: 'Kept and in time',
      panels: [
        stat({
          title: 'Recordings',
          description: 'That ended in the time range, kept or not.',
          sql: sql`SELECT sum(events) AS recordings ${recordings}`,
          unit: 'count',
        }),
        stat({
          title: 'Kept',
          description: 'Uploaded and verified, of all that ended. The SLO asks for more than 99 %.',
          sql: sql`SELECT if(sum(events) = 0, NULL, sumIf(events, detail = 'stored') / sum(events)) AS kept ${recordings}`,
          unit: 'ratio',
          thresholds: thresholds.recording,
        }),
        stat({
          title: 'Failed',
          description: 'Ended without being kept. The table below says which and why.',
          sql: sql`SELECT sumIf(events, detail != 'stored') AS failed ${recordings}`,
          unit: 'count',
          thresholds: thresholds.none,
        }),
        stat({
          title: "On recorders' disks",
          description: 'Waiting for upload, all recorders, last two minutes.',
          sql: sql`
            SELECT if(count() = 0, NULL, sum(bytes)) AS waiting FROM (
              SELECT argMax(value, time) AS bytes FROM rtc_metric
              WHERE service_name = 'callscope-recorder' AND name = 'rtc.recorder.buffered_bytes'
                AND time >= $__toTime - INTERVAL 2 MINUTE AND time <= $__toTime
              GROUP BY service_instance_id)`,
          unit: 'bytes',
        }),
        stat({
          title: 'Speech to text, p50',
          description: 'Half of the text was there after this time.',
          sql: sql`SELECT ${lag(1)} AS p50 ${segments}`,
          unit: 'seconds',
          thresholds: thresholds.transcription,
        }),
        stat({
          title: 'Speech to text, p95',
          description: 'One piece in twenty came later. The SLO asks for less than 5 min.',
          sql: sql`SELECT ${lag(2)} AS p95 ${segments}`,
          unit: 'seconds',
          thresholds: thresholds.transcription,
        }),
      ],
    },
    {
      title: 'Over time',
      panels: [
        series({
          title: 'Recordings that ended',
          description:
            'By how they ended. A row of failures with one reason is storage or disk, not the calls.',
          sql: sql`SELECT ${bucket('minute')} AS at, detail AS series, sum(events) AS recordings ${recordings} GROUP BY at, series ORDER BY at, series`,
          unit: 'count',
          style: 'bars',
          interval: '5m',
          min: 0,
        }),
        series({
          title: 'Speech to text',
          description: 'From the end of the speech to the text in the store. The dashed line is the SLO.',
          sql: sql`SELECT ${bucket('minute')} AS at, ${lag(1)} AS p50, ${lag(2)} AS p95 ${segments} GROUP BY at ORDER BY at`,
          unit: 'seconds',
          thresholds: thresholds.transcription,
          interval: '5m',
          min: 0,
        }),
        series({
          title: 'Waiting on disk',
          description: 'Of each recorder. It rises while storage is away and must fall afterwards.',
          sql: gauge('rtc.recorder.buffered_bytes'),
          unit: 'bytes',
          min: 0,
        }),
        series({
          title: 'Oldest not uploaded',
          description: 'Age of what has waited longest on each recorder.',
          sql: gauge('rtc.recorder.oldest_pending_seconds'),
          unit: 'seconds',
          thresholds: atMost(300, 3_600),
          min: 0,
        }),
      ],
    },
    {
      title: 'One by one',
      panels: [
        table({
          title: 'Recordings that failed',
          description: 'Newest first, with the reason that the recorder gives.',
          sql: sql`
            SELECT time AS ended, call_id, attributes['reason'] AS reason, toFloat64OrNull(attributes['duration_ms']) / 1000 AS length_seconds
            FROM rtc_event
            WHERE ${during('time')} AND name = 'rtc.recording.finished' AND attributes['result'] != 'stored' AND ${ofTenants}
            ORDER BY ended DESC LIMIT 50`,
          height: 8,
          columns: {
            ended: { title: 'when', unit: 'time', width: 160 },
            call_id: { ...callColumn, width: 280 },
            reason: {},
            length_seconds: { title: 'length', unit: 'seconds', width: 100 },
          },
          empty: 'None failed',
        }),
      ],
    },
  ],
};

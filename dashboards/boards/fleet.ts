/** Fleet now: the first look. */
import { pitfalls, pitfallsSql } from '../../alerts/pitfalls/list.ts';
import type { Pitfall } from '../../alerts/pitfalls/pitfall.ts';
import type { Board } from '../board.ts';
import { callColumn } from '../links.ts';
import { badMos, thresholds } from '../objectives.ts';
import { series, stat, table } from '../panel.ts';
import { bucket, calls, during, lastReadings, ofTenants, quantile, sql } from '../sql.ts';
import { sloTable } from './slos.ts';

const mosOf = (kind: string) => sql`
  SELECT ${quantile('0.05, 0.5', 'mos', 2)} AS median
  FROM quality_minute
  WHERE ${during('minute')} AND kind = '${kind}' AND ${ofTenants}`;

const nodeGauge = (metric: string, title: string) => sql`
  SELECT sum(value) AS ${title} FROM (${lastReadings('callscope-sfu', [metric])})`;

/** The last reads too much for a panel that is looked at all the time. */
const shown = pitfalls.filter(({ name }) => name !== 'muxing-in-the-sfu');
const quoted = (of: (pitfall: Pitfall) => string) =>
  `[${shown.map((one) => `'${of(one).replaceAll("'", "\\'")}'`).join(', ')}]`;
const names = quoted(({ name }) => name);
const titles = quoted(({ title }) => title);
const fixes = quoted(({ fix }) => fix);

export const fleet: Board = {
  name: 'fleet',
  title: 'Fleet now',
  owner: 'media-sre',
  question: 'Are people in calls served well right now, and if not, where do I look?',
  reading:
    'Numbers on top are the last two minutes (calls, participants) or the whole time range (quality, joins). Green is within the SLO.',
  next: [
    { board: 'slos', when: 'Budget burning' },
    { board: 'join', when: 'People cannot join' },
    { board: 'quality', when: 'Calls sound or look bad' },
    { board: 'sfu', when: 'One node stands out' },
    { board: 'pipelines', when: 'Numbers are missing or old' },
  ],
  from: 'now-1h',
  refresh: '30s',
  variables: [],
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Calls',
          description:
            'Rooms with at least one participant, over all SFU nodes, last reading. Not by tenant: nodes do not count so.',
          sql: nodeGauge('rtc.sfu.rooms', 'calls'),
          unit: 'count',
        }),
        stat({
          title: 'Participants',
          description: 'Connected to all SFU nodes, last reading.',
          sql: nodeGauge('rtc.sfu.participants', 'participants'),
          unit: 'count',
        }),
        stat({
          title: 'Audio MOS, median',
          description:
            'What receivers heard, median of all 5 s windows (fullband scale). The SLO asks for 4.0.',
          sql: mosOf('audio'),
          unit: 'mos',
          thresholds: thresholds.mos,
        }),
        stat({
          title: 'Video MOS, median',
          description:
            'What receivers saw, median of all 5 s windows (our video scale, not comparable with audio).',
          sql: mosOf('video'),
          unit: 'mos',
          thresholds: thresholds.mos,
        }),
        stat({
          title: 'Joins that succeeded',
          description: 'Of all attempts that ended in the time range. Below 99.9 % open "Join funnel".',
          sql: sql`
            SELECT if(sum(spans) = 0, NULL, 1 - sum(failed) / sum(spans)) AS success
            FROM join_minute
            WHERE ${during('minute')} AND step = 'rtc.join' AND ${ofTenants}`,
          unit: 'ratio',
          thresholds: thresholds.joinSuccess,
        }),
        stat({
          title: 'Open incidents',
          description: 'Begun in the time range and not yet over.',
          sql: sql`
            SELECT countIf(ended_at IS NULL) AS open
            FROM incident_by_time FINAL
            WHERE ${during('started_at')} AND ${ofTenants}`,
          unit: 'count',
          thresholds: thresholds.none,
        }),
      ],
    },
    { title: 'Promises', panels: [sloTable(24, 10)] },
    {
      title: 'Over time',
      panels: [
        series({
          title: 'Quality that people got',
          description:
            'Median and worst twentieth of 5 s windows at the receivers. The median moves when all suffer; the worst twentieth moves first.',
          sql: sql`
            SELECT ${bucket('minute')} AS at,
              concat(kind, ', ', levels.1) AS series,
              any(levels.2) AS mos
            FROM (
              SELECT ${bucket('minute')} AS minute, kind,
                ${quantile('0.05, 0.5', 'mos', 1)} AS worst,
                ${quantile('0.05, 0.5', 'mos', 2)} AS median
              FROM quality_minute
              WHERE ${during('quality_minute.minute')} AND ${ofTenants}
              GROUP BY minute, kind
            )
            ARRAY JOIN [('median', median), ('worst 5 %', worst)] AS levels
            GROUP BY at, series
            ORDER BY at, series`,
          unit: 'mos',
          thresholds: thresholds.mos,
          min: 1,
          max: 5,
        }),
        series({
          title: 'People in calls',
          description:
            'Participants and calls, all nodes together. A cliff without its mirror on another node is an outage.',
          sql: sql`
            SELECT at, sumIf(value, name = 'rtc.sfu.participants') AS participants,
              sumIf(value, name = 'rtc.sfu.rooms') AS calls
            FROM (
              SELECT ${bucket('time')} AS at, sfu_node_id, name, argMax(value, time) AS value
              FROM rtc_metric
              WHERE service_name = 'callscope-sfu' AND name IN ('rtc.sfu.participants', 'rtc.sfu.rooms')
                AND ${during('time')}
              GROUP BY at, sfu_node_id, name
            )
            GROUP BY at ORDER BY at`,
          unit: 'count',
          min: 0,
        }),
        series({
          title: 'Joins',
          description:
            'Attempts that ended well and badly. Clients tell them after the fact, so the last minute is still filling.',
          sql: sql`
            SELECT ${bucket('minute')} AS at, sum(spans) - sum(join_minute.failed) AS joined, sum(join_minute.failed) AS failed
            FROM join_minute
            WHERE ${during('minute')} AND step = 'rtc.join' AND ${ofTenants}
            GROUP BY at ORDER BY at`,
          unit: 'count',
          style: 'bars',
          min: 0,
        }),
        series({
          title: 'Incidents by kind',
          description:
            'When they began. One kind rising over many calls has one cause: see "Quality by dimension".',
          sql: sql`
            SELECT ${bucket('started_at')} AS at, kind AS series, count() AS incidents
            FROM incident_by_time FINAL
            WHERE ${during('started_at')} AND ${ofTenants}
            GROUP BY at, series ORDER BY at, series`,
          unit: 'count',
          style: 'bars',
          min: 0,
        }),
      ],
    },
    {
      title: 'What to look at',
      panels: [
        table({
          title: 'Worst calls, by their worst minute',
          description:
            'Calls of the time range by their worst minute, the one that people remember. Click the call for its dashboard or for the inspector, which says why.',
          sql: sql`
            SELECT call_id, started_at, participants, audio_mos_worst_minute, video_mos_worst_minute,
              bad_window_ratio, incidents
            FROM (${calls})
            WHERE least(ifNull(audio_mos_worst_minute, 5), ifNull(video_mos_worst_minute, 5)) < 5
            ORDER BY least(ifNull(audio_mos_worst_minute, 5), ifNull(video_mos_worst_minute, 5)), call_id
            LIMIT 20`,
          width: 14,
          height: 10,
          columns: {
            call_id: { ...callColumn, width: 250 },
            started_at: { title: 'began', unit: 'time', width: 160 },
            participants: { title: 'people', unit: 'count', width: 70 },
            audio_mos_worst_minute: { title: 'audio', unit: 'mos', thresholds: thresholds.mos },
            video_mos_worst_minute: { title: 'video', unit: 'mos', thresholds: thresholds.mos },
            bad_window_ratio: { title: `MOS < ${badMos}`, unit: 'ratio', thresholds: thresholds.badRatio },
            incidents: { unit: 'count', width: 80 },
          },
          empty: 'No call in this time range has been scored',
        }),
        table({
          title: 'What changed',
          description:
            'Nodes that appeared or fell silent, workers that died, schema changes, and kinds of incident that at least doubled against the span of equal length before.',
          sql: sql`
            SELECT at, what, detail FROM (
              SELECT max(time) AS at, 'SFU node silent' AS what, sfu_node_id AS detail
              FROM rtc_metric
              WHERE service_name = 'callscope-sfu' AND name = 'rtc.sfu.rooms' AND ${during('time')}
              GROUP BY sfu_node_id HAVING at < $__toTime - INTERVAL 2 MINUTE
              UNION ALL
              SELECT min(time) AS at, 'SFU node appeared' AS what, sfu_node_id AS detail
              FROM rtc_metric
              WHERE service_name = 'callscope-sfu' AND name = 'rtc.sfu.rooms'
                AND time >= $__fromTime - INTERVAL 1 HOUR AND time <= $__toTime
              GROUP BY sfu_node_id HAVING at > $__fromTime
              UNION ALL
              SELECT toDateTime64(minute, 3, 'UTC') AS at, 'Media worker died' AS what, sfu_node_id AS detail
              FROM event_minute
              WHERE ${during('minute')} AND name = 'rtc.sfu.worker_died'
              UNION ALL
              SELECT max(applied_at) AS at, 'Schema changed' AS what,
                concat(toString(uniqExact(number)), ' migrations, last ', argMax(name, number)) AS detail
              FROM schema_migration WHERE ${during('applied_at')}
              HAVING count() > 0
              UNION ALL
              SELECT max(started_at) AS at, 'More incidents' AS what,
                concat(kind, ': ', toString(countIf(started_at >= $__fromTime)), ' against ',
                  toString(countIf(started_at < $__fromTime)), ' before') AS detail
              FROM incident_by_time FINAL
              WHERE started_at >= $__fromTime - ($__toTime - $__fromTime) AND started_at <= $__toTime AND ${ofTenants}
              GROUP BY kind
              HAVING countIf(started_at >= $__fromTime) >= 3
                AND countIf(started_at >= $__fromTime) >= 2 * countIf(started_at < $__fromTime)
            )
            ORDER BY at DESC, what, detail LIMIT 30`,
          width: 10,
          height: 10,
          columns: { at: { title: 'when', unit: 'time', width: 160 }, what: { width: 150 } },
          empty: 'Nothing changed',
        }),
      ],
    },
    {
      title: 'Set up badly',
      panels: [
        table({
          title: 'Pitfalls that have struck',
          description:
            'Ways of setting the service up badly, with whom they have struck in the time range and what to change. npm run alerts -- pitfalls says the same, and which nodes mux.',
          sql: sql`
            SELECT transform(pitfall, ${names}, ${titles}, pitfall) AS title, people, calls, last_at, example_call AS call_id,
              example, transform(pitfall, ${names}, ${fixes}, '') AS fix
            FROM (${pitfallsSql({ during, tenants: ofTenants }, shown)})`,
          height: 7,
          columns: {
            title: { title: 'pitfall', width: 170 },
            people: { unit: 'count', width: 70 },
            calls: { unit: 'count', width: 70 },
            last_at: { title: 'last', unit: 'time', width: 160 },
            call_id: { ...callColumn, width: 200 },
          },
          empty: 'None has struck anybody in this time range',
        }),
      ],
    },
  ],
};

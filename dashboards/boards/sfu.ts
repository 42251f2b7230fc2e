/** SFU nodes: is one of them the cause? */
import type { Board } from '../board.ts';
import { nodeColumn } from '../links.ts';
import { badMos, thresholds } from '../objectives.ts';
import { series, table } from '../panel.ts';
import { bucket, during, ofNodes, ofTenants, quantile, sql } from '../sql.ts';
import { atMost } from '../thresholds.ts';

const service = "service_name = 'callscope-sfu'";
/** A media worker is one thread: above this share of a core packets start to wait. */
const cpu = atMost(0.7, 0.85);

/** A gauge of each node over time; `per` tells lines of one node apart. */
const gauge = (metric: string, per = 'sfu_node_id') => sql`
  SELECT ${bucket('time')} AS at, ${per} AS series, max(value) AS value
  FROM rtc_metric
  WHERE ${service} AND name = '${metric}' AND ${during('time')} AND ${ofNodes}
  GROUP BY at, series ORDER BY at, series`;

const worker = "concat(sfu_node_id, ' worker ', attributes['worker'])";

const qualityByNode = (column: string, levels: string, nth: number) => sql`
  SELECT ${bucket('minute')} AS at, sfu_node_id AS series, ${quantile(levels, column, nth)} AS value
  FROM quality_minute
  WHERE ${during('minute')} AND kind = 'audio' AND sfu_node_id != '' AND ${ofNodes} AND ${ofTenants}
  GROUP BY at, series ORDER BY at, series`;

export const sfu: Board = {
  name: 'sfu',
  title: 'SFU nodes',
  owner: 'media-sre',
  question: 'Is an SFU node dead, full or slow, and which people are on it?',
  reading:
    "One media worker is one thread and one core. A node whose audio is worse than the others' at the same time of day is the cause; when all are worse, look at the network.",
  next: [
    { board: 'fleet', when: 'All nodes alike' },
    { board: 'quality', when: 'Compare with other causes' },
    { board: 'join', when: 'People cannot get onto it' },
  ],
  from: 'now-3h',
  refresh: '30s',
  variables: ['node'],
  rows: [
    {
      title: 'Nodes',
      panels: [
        table({
          title: 'Each node',
          description:
            'Last reading of every node heard from in the time range, with the audio that its people got. "silent for" above a minute: the node, or its way to the collector, is gone.',
          sql: sql`
            SELECT sfu_node_id, silent_seconds, rooms, participants, transports, cpu_ratio, memory_bytes,
              audio_mos, bad_ratio
            FROM (
              SELECT sfu_node_id,
                dateDiff('second', max(time), $__toTime) AS silent_seconds,
                argMaxIf(value, time, name = 'rtc.sfu.rooms') AS rooms,
                argMaxIf(value, time, name = 'rtc.sfu.participants') AS participants,
                argMaxIf(value, time, name = 'rtc.sfu.transports') AS transports,
                maxIf(value, name = 'rtc.sfu.worker.cpu_ratio' AND time >= $__toTime - INTERVAL 2 MINUTE) AS cpu_ratio,
                maxIf(value, name = 'rtc.sfu.worker.memory_bytes' AND time >= $__toTime - INTERVAL 2 MINUTE) AS memory_bytes
              FROM rtc_metric
              WHERE ${service} AND startsWith(name, 'rtc.sfu.') AND ${during('time')} AND ${ofNodes}
              GROUP BY sfu_node_id
            ) AS n
            LEFT JOIN (
              SELECT toString(sfu_node_id) AS sfu_node_id, ${quantile('0.05, 0.5', 'mos', 2)} AS audio_mos,
                if(sum(scored) = 0, NULL, sum(bad) / sum(scored)) AS bad_ratio
              FROM quality_minute
              WHERE ${during('minute')} AND kind = 'audio' AND ${ofTenants}
              GROUP BY sfu_node_id
            ) AS q USING (sfu_node_id)
            ORDER BY bad_ratio DESC NULLS LAST, sfu_node_id LIMIT 200`,
          height: 8,
          columns: {
            sfu_node_id: nodeColumn,
            silent_seconds: { title: 'silent for', unit: 'seconds', thresholds: atMost(60, 120) },
            rooms: { unit: 'count' },
            participants: { unit: 'count' },
            transports: { unit: 'count' },
            cpu_ratio: { title: 'busiest worker', unit: 'ratio', thresholds: cpu },
            memory_bytes: { title: 'largest worker', unit: 'bytes' },
            audio_mos: { title: 'audio MOS, median', unit: 'mos', thresholds: thresholds.mos },
            bad_ratio: { title: `audio, MOS < ${badMos}`, unit: 'ratio', thresholds: thresholds.badRatio },
          },
          empty: 'No SFU node was heard from',
        }),
      ],
    },
    {
      title: 'Load',
      panels: [
        series({
          title: 'CPU of each worker',
          description: 'Share of one core. Above 85 % packets wait: drain the node or add one.',
          sql: gauge('rtc.sfu.worker.cpu_ratio', worker),
          unit: 'ratio',
          thresholds: cpu,
          min: 0,
        }),
        series({
          title: 'Memory of each worker',
          description: 'Resident. A steady climb over calls that end is a leak.',
          sql: gauge('rtc.sfu.worker.memory_bytes', worker),
          unit: 'bytes',
          min: 0,
        }),
        series({
          title: 'Participants',
          description: 'On each node. Placement is uneven when one leads for long.',
          sql: gauge('rtc.sfu.participants'),
          unit: 'count',
          min: 0,
        }),
        series({
          title: 'Media sent to people',
          description: 'Bitrate that reached receivers, from scored windows.',
          sql: sql`
            SELECT ${bucket('minute')} AS at, sfu_node_id AS series, sum(bits) / $__interval_s AS bitrate
            FROM quality_minute
            WHERE ${during('minute')} AND sfu_node_id != '' AND ${ofNodes} AND ${ofTenants}
            GROUP BY at, series ORDER BY at, series`,
          unit: 'bitsPerSecond',
          min: 0,
        }),
      ],
    },
    {
      title: 'What people on it got',
      panels: [
        series({
          title: 'Audio MOS, worst twentieth',
          description: 'Nodes side by side. One line below the others is that node.',
          sql: qualityByNode('mos', '0.05, 0.5', 1),
          unit: 'mos',
          thresholds: thresholds.mos,
          min: 1,
          max: 5,
        }),
        series({
          title: 'Audio jitter, p95',
          description: 'A busy worker sends unevenly: jitter rises before packets are lost.',
          sql: qualityByNode('jitter_ms', '0.5, 0.95', 2),
          unit: 'milliseconds',
          thresholds: thresholds.jitter,
          min: 0,
        }),
        series({
          title: 'Workers that died',
          description:
            'All people of that worker rejoin. Each one is a bug: the log of the node has the reason.',
          sql: sql`
            SELECT ${bucket('minute')} AS at, sfu_node_id AS series, sum(events) AS died
            FROM event_minute
            WHERE ${during('minute')} AND name = 'rtc.sfu.worker_died' AND ${ofNodes}
            GROUP BY at, series ORDER BY at, series`,
          unit: 'count',
          style: 'bars',
          min: 0,
          empty: 'None died',
        }),
        series({
          title: 'Transports that failed',
          description:
            'ICE or DTLS as the SFU sees them. A wave on one node is the node; on all nodes the network.',
          sql: sql`
            SELECT ${bucket('minute')} AS at, sfu_node_id AS series, sum(events) AS failed
            FROM event_minute
            WHERE ${during('minute')} AND name IN ('rtc.sfu.ice_state', 'rtc.sfu.dtls_state')
              AND detail IN ('failed', 'disconnected') AND ${ofNodes} AND ${ofTenants}
            GROUP BY at, series ORDER BY at, series`,
          unit: 'count',
          style: 'bars',
          min: 0,
          empty: 'None failed',
        }),
      ],
    },
  ],
};

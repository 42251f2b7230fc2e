/** TURN fleet: is there enough relay, and does it scale before people notice? */
import type { Board } from '../board.ts';
import { badMos, thresholds } from '../objectives.ts';
import { series, stat, table } from '../panel.ts';
import { bucket, counterRate, during, ofTenants, sql } from '../sql.ts';
import { atMost } from '../thresholds.ts';

const service = "service_name = 'callscope-turn'";
/** Above it new allocations go elsewhere and the fleet grows. */
const saturation = atMost(0.7, 0.9);

/** A gauge of each relay over time. */
const gauge = (metric: string) => sql`
  SELECT ${bucket('time')} AS at, service_instance_id AS series, max(value) AS value
  FROM rtc_metric
  WHERE ${service} AND name = '${metric}' AND ${during('time')}
  GROUP BY at, series ORDER BY at, series`;

/** Participants of the time range with how they were connected and how it went. */
const people = sql`
  SELECT multiIf(d.relay_protocol != '', concat('relay over ', d.relay_protocol), 'direct') AS path,
    p.bad_window_ratio AS bad_window_ratio, p.audio_mos_mean AS audio_mos_mean, p.video_mos_mean AS video_mos_mean
  FROM (
    SELECT * FROM participant_by_time FINAL WHERE ${during('first_seen_at')} AND ${ofTenants}
    ORDER BY revision DESC LIMIT 1 BY tenant_id, call_id, participant_id
  ) AS p
  INNER JOIN (
    SELECT tenant_id, call_id, participant_id, max(relay_protocol) AS relay_protocol, max(candidate_type) AS candidate_type
    FROM participant_dimension
    WHERE (tenant_id, call_id) IN (
      SELECT tenant_id, call_id FROM participant_by_time WHERE ${during('first_seen_at')} AND ${ofTenants})
    GROUP BY tenant_id, call_id, participant_id
  ) AS d USING (tenant_id, call_id, participant_id)
  WHERE d.candidate_type != ''`;

export const turn: Board = {
  name: 'turn',
  title: 'TURN fleet',
  owner: 'media-sre',
  question: 'Is there enough relay for those who need it, and is relay good enough?',
  reading:
    'People behind firewalls reach calls by relay only: too little of it shows as failed joins, not as bad quality. Relays tell their load themselves; who uses them comes from the clients.',
  next: [
    { board: 'join', when: 'ICE fails' },
    { board: 'quality', when: 'Relay against direct' },
    { board: 'fleet', when: 'Back to the overview' },
  ],
  from: 'now-6h',
  refresh: '30s',
  variables: [],
  rows: [
    {
      title: 'Who needs relay',
      panels: [
        stat({
          title: 'On relay',
          description:
            'Participants whose chosen path runs by a TURN relay, of all that told their path. A jump: direct paths broke, or UDP is blocked somewhere.',
          sql: sql`SELECT if(count() = 0, NULL, countIf(path != 'direct') / count()) AS relayed FROM (${people})`,
          unit: 'ratio',
          width: 4,
        }),
        stat({
          title: 'ICE failed',
          description: 'Clients whose ICE went to failed. With relay at hand this should be near none.',
          sql: sql`
            SELECT sum(events) AS failed FROM event_minute
            WHERE ${during('minute')} AND name = 'rtc.ice.state' AND detail = 'failed' AND ${ofTenants}`,
          unit: 'count',
          thresholds: atMost(1, 10),
          width: 4,
        }),
        stat({
          title: 'Relays',
          description: 'Heard from in the last two minutes.',
          sql: sql`
            SELECT uniqExact(service_instance_id) AS relays FROM rtc_metric
            WHERE ${service} AND name = 'rtc.turn.allocations' AND time >= $__toTime - INTERVAL 2 MINUTE AND time <= $__toTime`,
          unit: 'count',
          width: 4,
        }),
        stat({
          title: 'Fullest relay',
          description: 'Used share of what a relay may carry, the highest of all, last two minutes.',
          sql: sql`
            SELECT if(count() = 0, NULL, max(value)) AS fullest FROM rtc_metric
            WHERE ${service} AND name = 'rtc.turn.saturation_ratio' AND time >= $__toTime - INTERVAL 2 MINUTE AND time <= $__toTime`,
          unit: 'ratio',
          thresholds: saturation,
          width: 4,
        }),
        table({
          title: 'Relay against direct',
          description: `How calls went by path. Bad: more than 10 % of windows under MOS ${badMos}.`,
          sql: sql`
            SELECT path, count() AS people, countIf(bad_window_ratio > 0.1) / count() AS bad, avg(audio_mos_mean) AS audio,
              avg(video_mos_mean) AS video
            FROM (${people}) GROUP BY path ORDER BY people DESC, path`,
          width: 8,
          height: 4,
          columns: {
            path: {},
            people: { unit: 'count', width: 60 },
            bad: { title: 'bad calls', unit: 'ratio', thresholds: thresholds.badCalls },
            audio: { title: 'audio MOS', unit: 'mos', thresholds: thresholds.mos },
            video: { title: 'video MOS', unit: 'mos', thresholds: thresholds.mos },
          },
          empty: 'Nobody told a path',
        }),
      ],
    },
    {
      title: 'The relays',
      panels: [
        series({
          title: 'Allocations',
          description: 'Held on each relay. A relay that is drained falls to none before it goes.',
          sql: gauge('rtc.turn.allocations'),
          unit: 'count',
          min: 0,
        }),
        series({
          title: 'Saturation',
          description:
            'Used share of what each relay may carry: bandwidth, allocations or CPU, whichever is nearest its limit.',
          sql: gauge('rtc.turn.saturation_ratio'),
          unit: 'ratio',
          thresholds: saturation,
          min: 0,
        }),
        series({
          title: 'Traffic',
          description: 'Relayed, both ways, of each relay.',
          sql: counterRate('callscope-turn', 'rtc.turn.bytes', 'service_instance_id', 8),
          unit: 'bitsPerSecond',
          min: 0,
        }),
        series({
          title: 'Refused',
          description:
            'Allocations that a relay refused, by reason: quota is the fleet being too small, credentials are clocks or abuse.',
          sql: counterRate('callscope-turn', 'rtc.turn.refusals', "attributes['reason']"),
          unit: 'perSecond',
          min: 0,
          empty: 'None refused',
        }),
      ],
    },
  ],
};

/** Call: one call by its id. The inspector explains it in words; this shows its numbers beside those of the fleet. */
import type { Board } from '../board.ts';
import { badMos, thresholds } from '../objectives.ts';
import { series, stat, table } from '../panel.ts';
import { bucket, during, ofCall, ofTenants, sql } from '../sql.ts';

const summary = `FROM call_summary FINAL WHERE ${ofCall} AND ${ofTenants}`;
/** Scored windows of what people received. */
const received = `FROM stream_score FINAL WHERE ${ofCall} AND ${ofTenants} AND ${during('window_start')} AND point = 'receiver'`;
/** Names are for people; ids where there is no name. */
const names = `
  LEFT JOIN (
    SELECT participant_id AS id, any(if(display_name = '', participant_id, display_name)) AS name
    FROM participant_summary FINAL WHERE ${ofCall} AND ${ofTenants} GROUP BY id
  ) AS who ON who.id = s.receiver_id`;

/** One line per receiver and kind of media. */
const perReceiver = (value: string, kinds = "'audio', 'video'") => sql`
  SELECT ${bucket('s.window_start')} AS at, concat(if(who.name = '', s.receiver_id, who.name), ', ', s.kind) AS series,
    ${value} AS value
  FROM (SELECT * ${received} AND kind IN (${kinds})) AS s ${names}
  GROUP BY at, series ORDER BY at, series`;

const charts = [
  [
    'MOS',
    'What each person heard and saw, the worst of its streams.',
    'min(s.mos)',
    'mos',
    thresholds.mos,
    1,
  ],
  [
    'Mouth to ear',
    'Estimated one-way delay from capture to playout.',
    'max(s.delay_ms)',
    'milliseconds',
    thresholds.delay,
    0,
  ],
  [
    'Loss',
    'Packets lost on the wire up to each person, the worst of its streams.',
    'max(s.loss_ratio)',
    'ratio',
    thresholds.loss,
    0,
  ],
  [
    'Jitter',
    'At each person, the worst of its streams.',
    'max(s.jitter_ms)',
    'milliseconds',
    thresholds.jitter,
    0,
  ],
  [
    'Bitrate received',
    'All streams of one kind together.',
    'sum(s.bitrate_bps) / uniqExact(s.window_start)',
    'bitsPerSecond',
    undefined,
    0,
  ],
  [
    'Time frozen',
    'Without a new picture, of each 5 s, the worst of its streams.',
    'max(s.frozen_ms)',
    'milliseconds',
    undefined,
    0,
  ],
] as const;

export const call: Board = {
  name: 'call',
  title: 'Call',
  owner: 'support-tools',
  question: 'What happened in this one call, to whom, and when?',
  reading:
    'Type or paste the id above, with a time range that holds the call; links from other dashboards do both. For an explanation in words open the inspector.',
  next: [
    { board: 'fleet', when: 'Was it only this call' },
    { board: 'loop', when: 'What our decisions do elsewhere' },
  ],
  from: 'now-3h',
  refresh: '',
  variables: ['call'],
  rows: [
    {
      title: 'In short',
      panels: [
        stat({
          title: 'Length',
          description: 'From the first participant in to the last one seen.',
          sql: sql`SELECT dateDiff('second', started_at, last_seen_at) AS length ${summary}`,
          unit: 'seconds',
        }),
        stat({
          title: 'Participants',
          description: 'Who were in it at any time.',
          sql: sql`SELECT participants ${summary}`,
          unit: 'count',
        }),
        stat({
          title: 'Audio, worst minute',
          description: 'Of the person who had it worst.',
          sql: sql`SELECT audio_mos_worst_minute AS audio ${summary}`,
          unit: 'mos',
          thresholds: thresholds.mos,
        }),
        stat({
          title: 'Video, worst minute',
          description: 'Of the person who had it worst.',
          sql: sql`SELECT video_mos_worst_minute AS video ${summary}`,
          unit: 'mos',
          thresholds: thresholds.mos,
        }),
        stat({
          title: `MOS under ${badMos}`,
          description: 'Share of all scored windows.',
          sql: sql`SELECT bad_window_ratio AS bad ${summary}`,
          unit: 'ratio',
          thresholds: thresholds.badRatio,
        }),
        stat({
          title: 'Incidents',
          description: 'Each is a sentence below.',
          sql: sql`SELECT incidents ${summary}`,
          unit: 'count',
          thresholds: thresholds.none,
        }),
        table({
          title: 'What went wrong',
          description: 'Incidents with hop and evidence. The sentence can be read to the customer.',
          sql: sql`
            SELECT started_at, ended_at, severity, hop, sentence, confidence
            FROM incident FINAL WHERE ${ofCall} AND ${ofTenants}
            ORDER BY started_at, incident_id LIMIT 100`,
          height: 6,
          columns: {
            started_at: { title: 'from', unit: 'time', width: 150 },
            ended_at: { title: 'to', unit: 'time', width: 150 },
            severity: { width: 80 },
            hop: { width: 110 },
            sentence: {},
            confidence: { unit: 'ratio', width: 100 },
          },
          empty: 'Nothing was detected',
        }),
        table({
          title: 'What we did',
          description: 'Decisions of the loop, with their measured outcome.',
          sql: sql`
            SELECT decided_at, participant_id, kind, reason, outcome
            FROM decision FINAL WHERE ${ofCall} AND ${ofTenants}
            ORDER BY decided_at, decision_id LIMIT 100`,
          height: 5,
          columns: {
            decided_at: { title: 'when', unit: 'time', width: 150 },
            participant_id: { title: 'for', width: 150 },
            kind: { title: 'decision', width: 110 },
            reason: {},
            outcome: { width: 90 },
          },
          empty: 'Nothing was done',
        }),
      ],
    },
    {
      title: 'People',
      panels: [
        table({
          title: 'Who heard and saw how well',
          description: 'Means and worst minutes of what each person received, and how it was connected.',
          sql: sql`
            SELECT p.participant_id AS participant, p.display_name AS name, p.first_seen_at AS joined, p.last_seen_at AS last_seen,
              p.audio_mos_mean AS audio, p.audio_mos_worst_minute AS audio_worst, p.video_mos_mean AS video,
              p.video_mos_worst_minute AS video_worst, concat(d.browser, ' ', d.browser_version) AS browser,
              multiIf(d.relay_protocol != '', concat('relay ', d.relay_protocol), d.candidate_type != '', 'direct', '') AS path
            FROM (SELECT * FROM participant_summary FINAL WHERE ${ofCall} AND ${ofTenants}) AS p
            LEFT JOIN (
              SELECT participant_id, max(browser) AS browser, max(browser_version) AS browser_version,
                max(relay_protocol) AS relay_protocol, max(candidate_type) AS candidate_type
              FROM participant_dimension WHERE ${ofCall} AND ${ofTenants} GROUP BY participant_id
            ) AS d USING (participant_id)
            ORDER BY joined, participant LIMIT 200`,
          height: 7,
          columns: {
            participant: { width: 150 },
            name: {},
            joined: { unit: 'time', width: 150 },
            last_seen: { unit: 'time', width: 150 },
            audio: { title: 'audio MOS', unit: 'mos', thresholds: thresholds.mos },
            audio_worst: { title: 'worst minute', unit: 'mos', thresholds: thresholds.mos },
            video: { title: 'video MOS', unit: 'mos', thresholds: thresholds.mos },
            video_worst: { title: 'worst minute', unit: 'mos', thresholds: thresholds.mos },
            browser: {},
            path: {},
          },
          empty: 'No such call, or nothing of it was scored',
        }),
        table({
          title: 'Sender to receiver',
          description:
            "Mean MOS of each pair. A bad row is that sender's device or uplink; a bad column one receiver's downlink or device.",
          sql: sql`
            SELECT sender_id AS sender, receiver_id AS receiver, avgIf(mos, kind = 'audio') AS audio,
              avgIf(mos, kind = 'video') AS video, max(loss_ratio) AS loss, max(delay_ms) AS delay
            ${received} GROUP BY sender, receiver ORDER BY sender, receiver LIMIT 400`,
          height: 8,
          columns: {
            sender: {},
            receiver: {},
            audio: { unit: 'mos', thresholds: thresholds.mos },
            video: { unit: 'mos', thresholds: thresholds.mos },
            loss: { title: 'loss, max', unit: 'ratio', thresholds: thresholds.loss },
            delay: { title: 'delay, max', unit: 'milliseconds', thresholds: thresholds.delay },
          },
        }),
      ],
    },
    {
      title: 'Over time',
      panels: charts.map(([title, description, value, unit, limits, min]) =>
        series({
          title,
          description,
          sql: perReceiver(value),
          unit,
          thresholds: limits,
          min,
          interval: '5s',
          width: 12,
          height: 7,
        }),
      ),
    },
    {
      title: 'How they got in, and what their connections did',
      panels: [
        table({
          title: 'Joins',
          description: 'Each step of each join of this call, as the clients told it.',
          sql: sql`
            SELECT time AS began, participant_id, name AS step, duration_us / 1000 AS took_ms, status_code AS status, status_message AS message
            FROM rtc_span
            WHERE ${ofCall} AND ${ofTenants} AND ${during('time')} AND source = 'client' AND startsWith(name, 'rtc.join')
            ORDER BY time, step LIMIT 500`,
          width: 12,
          height: 9,
          columns: {
            began: { unit: 'time', width: 150 },
            participant_id: { title: 'participant', width: 100 },
            step: { width: 170 },
            took_ms: { title: 'took', unit: 'milliseconds', width: 80 },
            status: { width: 70 },
            message: {},
          },
        }),
        table({
          title: 'Events',
          description: 'State changes of connections, tracks and page, newest last.',
          sql: sql`
            SELECT time AS happened, participant_id, source, name AS event,
              arrayStringConcat(arrayMap((k, v) -> concat(k, '=', v),
                mapKeys(told), mapValues(told)), ' ') AS detail
            FROM (
              SELECT time, participant_id, source, name,
                mapFilter((k, v) -> NOT startsWith(k, 'user_agent.') AND NOT startsWith(k, 'service.')
                  AND NOT startsWith(k, 'geo.') AND NOT startsWith(k, 'network.') AND k NOT IN ('incident', 'decision', 'browser.platform'), attributes) AS told
              FROM rtc_event
              WHERE ${ofCall} AND ${ofTenants} AND ${during('time')}
                AND name NOT IN ('rtc.sfu.score_changed', 'rtc.sfu.dominant_speaker')
            )
            ORDER BY happened, event LIMIT 500`,
          width: 12,
          height: 9,
          columns: {
            happened: { title: 'when', unit: 'time', width: 150 },
            participant_id: { title: 'participant', width: 100 },
            source: { width: 60 },
            event: { width: 170 },
            detail: {},
          },
        }),
      ],
    },
  ],
};

/** The pitfalls of the design, and any that come. Adding one: an entry here and a test of the rows it must find. */
import { events, spans } from '../../telemetry/events.ts';
import type { Bounds } from '../slos/slo.ts';
import type { Pitfall } from './pitfall.ts';

/** ICE of the clients we know gives up after 15 s; who tries for this long has no path. */
const triedForSeconds = 10;
/** Who stays this long without media has not just changed their mind. */
const stayedForSeconds = 15;
const up = "attributes['state'] IN ('connected', 'completed')";

export const pitfalls: readonly Pitfall[] = [
  {
    name: 'too-little-turn',
    title: 'Too little TURN',
    question: 'Who could not connect directly, and had no relay?',
    fix: 'Run relays that everybody can reach (UDP, TCP, and TLS on port 443) and hand them to every client: CALLSCOPE_TURN_URLS, or relays that tell of themselves (docs/turn.md). Where relays answered and refused, the fleet is too small.',
    people: ({ during, tenants }) => `
SELECT tenant_id, call_id, participant_id, max(time) AS at,
  if(countIf(name = '${events.iceCandidateError}') > 0,
    concat('relay answered ', anyIf(attributes['error_code'], name = '${events.iceCandidateError}')),
    'no relay candidate') AS detail
FROM rtc_event
WHERE ${during('time')} AND ${tenants} AND source = 'client'
  AND name IN ('${events.iceState}', '${events.iceCandidate}', '${events.iceCandidateError}')
GROUP BY tenant_id, call_id, participant_id
HAVING countIf(name = '${events.iceState}' AND ${up}) = 0
  AND countIf(name = '${events.iceCandidate}' AND attributes['candidate_type'] = 'relay') = 0
  AND countIf(name = '${events.iceState}' AND attributes['state'] = 'checking') > 0
  AND (countIf(name = '${events.iceState}' AND attributes['state'] = 'failed') > 0
    OR max(time) - minIf(time, attributes['state'] = 'checking') >= ${triedForSeconds})`,
  },
  {
    name: 'silent-ice',
    title: 'Silent ICE failures',
    question: 'Who was in a call without any path for media, and nobody said so?',
    fix: 'Have the client watch iceConnectionState: tell of failed and disconnected, restart ICE, and fail the join after a limit instead of showing an empty call. The SDK of client/ does; another client must report rtc.ice.state itself.',
    people: ({ during, tenants }) => `
SELECT tenant_id, call_id, participant_id, max(time) AS at,
  if(countIf(name = '${events.sfuIceState}' AND ${up}) = 0, 'never came up', 'lost and not restored') AS detail
FROM rtc_event
WHERE ${during('time')} AND ${tenants} AND participant_id != ''
  AND name IN ('${events.participantJoined}', '${events.participantLeft}', '${events.producerOpened}',
    '${events.consumerOpened}', '${events.sfuIceState}', '${events.iceState}', '${events.connectionState}')
  AND (tenant_id, call_id, participant_id) NOT IN (
    SELECT tenant_id, call_id, participant_id FROM rtc_span
    WHERE ${during('time')} AND ${tenants} AND source = 'client' AND name = '${spans.join}' AND status_code = 'error')
GROUP BY tenant_id, call_id, participant_id
HAVING countIf(name IN ('${events.producerOpened}', '${events.consumerOpened}') AND source = 'sfu') > 0
  AND countIf(source = 'client' AND attributes['state'] IN ('failed', 'disconnected')) = 0
  AND (countIf(name = '${events.sfuIceState}' AND ${up}) = 0
    OR argMaxIf(attributes['state'], time, name = '${events.sfuIceState}' AND attributes['state'] != 'closed')
      = 'disconnected')
  AND dateDiff('second',
    greatest(minIf(time, name = '${events.participantJoined}'),
      maxIf(time, name = '${events.sfuIceState}' AND attributes['state'] = 'disconnected')),
    maxIf(time, name = '${events.participantLeft}')) >= ${stayedForSeconds}`,
  },
  {
    name: 'fixed-bitrate',
    title: 'Fixed bitrate',
    question: 'Whose encoder does not follow its link?',
    fix: 'Let the encoder follow the estimate: negotiate transport-cc, take x-google-min-bitrate and constant-rate hardware encoders out, and bound it from above only (maxBitrate).',
    people: foundBy('fixed_bitrate'),
  },
  {
    name: 'no-simulcast',
    title: 'No simulcast',
    question: 'Whose camera comes in one size only, while a receiver needs a smaller one?',
    fix: 'Send cameras in three layers (sendEncodings, as client/page/layers.ts does) or with SVC, so that the media node can send each receiver what its link holds.',
    people: foundBy('no_simulcast'),
  },
  {
    name: 'muxing-in-the-sfu',
    title: 'Muxing inside the SFU',
    question: 'Which nodes are late when they record, and hardly ever otherwise?',
    fix: 'Keep files away from the media node: let recorders take plain RTP and mux on other hosts (docs/recording.md); forwarding to a recorder costs the node what one more receiver costs.',
    people: lateWhileRecording,
  },
];

/** What a detector has found, whoever it was about. */
function foundBy(kind: string): Pitfall['people'] {
  return ({ during, tenants }) => `
SELECT tenant_id, call_id, participant_id, max(started_at) AS at, argMax(sentence, revision) AS detail
FROM incident_by_time
WHERE ${during('started_at')} AND ${tenants} AND kind = '${kind}'
GROUP BY tenant_id, call_id, participant_id`;
}

/** Fewer say nothing. */
const fewestLate = 3;
/** As many times as often late in a minute with a recording as in one without. */
const timesAsOften = 3;

/**
 * Everybody in calls of nodes that are late in minutes in which they record. Minutes of a node are those in which it
 * told of its rooms; a recording whose end is not told of counts for the minute of its beginning.
 */
function lateWhileRecording({ during, tenants }: Bounds): string {
  return `
WITH
  recorded AS (
    SELECT DISTINCT sfu_node_id AS node, arrayJoin(range(toUInt32(began), toUInt32(greatest(began, ended)) + 1)) AS minute
    FROM (
      SELECT sfu_node_id, attributes['recording_id'] AS id,
        intDiv(toUnixTimestamp(minIf(time, name = '${events.recordingStarted}')), 60) AS began,
        intDiv(toUnixTimestamp(maxIf(time, name = '${events.recordingStopped}')), 60) AS ended
      FROM rtc_event
      WHERE ${during('time')} AND name IN ('${events.recordingStarted}', '${events.recordingStopped}')
      GROUP BY sfu_node_id, id HAVING began > 0 AND ended < began + 1440
    )
  ),
  late AS (
    SELECT i.tenant_id AS tenant_id, i.call_id AS call_id, i.participant_id AS participant_id, i.at AS at, c.node AS node,
      intDiv(toUnixTimestamp(i.at), 60) AS minute
    FROM (
      SELECT tenant_id, call_id, participant_id, min(started_at) AS at FROM incident_by_time
      WHERE ${during('started_at')} AND ${tenants} AND kind = 'node_late'
      GROUP BY tenant_id, call_id, participant_id
    ) AS i
    INNER JOIN (
      SELECT tenant_id, call_id, any(sfu_node_id) AS node FROM rtc_event
      WHERE ${during('time')} AND name = '${events.participantJoined}' AND source = 'sfu'
      GROUP BY tenant_id, call_id
    ) AS c USING (tenant_id, call_id)
  ),
  nodes AS (
    SELECT m.node AS node, count() AS minutes, countIf((m.node, m.nth) IN recorded) AS minutes_recorded
    FROM (
      SELECT DISTINCT sfu_node_id AS node, intDiv(toUnixTimestamp(minute), 60) AS nth
      FROM event_minute WHERE ${during('minute')} AND source = 'sfu'
    ) AS m
    GROUP BY node
  ),
  guilty AS (
    SELECT l.node AS node
    FROM late AS l INNER JOIN nodes AS n ON n.node = l.node
    GROUP BY l.node, n.minutes, n.minutes_recorded
    HAVING countIf((l.node, l.minute) IN recorded) >= ${fewestLate}
      AND countIf((l.node, l.minute) IN recorded) / greatest(n.minutes_recorded, 1)
        >= ${timesAsOften} * (countIf((l.node, l.minute) NOT IN recorded) + 0.5) / (n.minutes - n.minutes_recorded + 1)
  )
SELECT tenant_id, call_id, participant_id, at, concat('node ', node, ' late while it records') AS detail
FROM late WHERE node IN guilty AND (node, minute) IN recorded`;
}

/** A pitfall that has struck. */
export interface PitfallRow {
  readonly pitfall: string;
  readonly people: number;
  readonly calls: number;
  /** The last one: when, in which call, and how it shows. */
  readonly last_at: string;
  readonly example_call: string;
  readonly example: string;
}

/** All that have struck, as rows of PitfallRow, the most people first. @param of these only */
export const pitfallsSql = (bounds: Bounds, of = pitfalls): string =>
  `SELECT pitfall, uniqExact(tenant_id, call_id, participant_id) AS people, uniqExact(tenant_id, call_id) AS calls,
  max(at) AS last_at, argMax(call_id, at) AS example_call, argMax(detail, at) AS example
FROM (
${of
  .map(
    ({ name, people }) =>
      `SELECT '${name}' AS pitfall, tenant_id, call_id, participant_id, at, detail FROM (${people(bounds)})`,
  )
  .join('\nUNION ALL\n')}
)
GROUP BY pitfall ORDER BY people DESC, pitfall`;

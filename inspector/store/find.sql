-- Calls by any words, the worst first. Parameters: tenant, from, to (epoch ms), words (lower case, all must be found),
-- byName (0 or 1: also by display names), quality ('', bad, good, unknown), live (0 or 1: only those that go on), now (epoch ms), offset, most.
-- A word is found in ids, room, names, devices, regions, kinds and hops of issues.
-- Worst: the share of bad time and the issues by severity, each on a scale that a person would agree with: a severe
-- issue weighs as much as a third of the call being bad, a moderate one as a tenth, a minor one as a fiftieth.
WITH
    chosen AS (
        SELECT * FROM call_summary FINAL
        WHERE tenant_id = {tenant:String}
          AND last_seen_at >= fromUnixTimestamp64Milli({from:Int64})
          AND started_at < fromUnixTimestamp64Milli({to:Int64})
    ),
    people AS (
        SELECT
            call_id,
            groupArray(100)(if(display_name = '', participant_id, display_name)) AS names,
            arrayStringConcat(groupArray(200)(concat(if({byName:UInt8} = 1, display_name, ''), ' ', participant_id)), ' ') AS text
        FROM participant_summary FINAL
        WHERE tenant_id = {tenant:String} AND call_id IN (SELECT call_id FROM chosen)
        GROUP BY call_id
    ),
    devices AS (
        SELECT
            call_id,
            arrayStringConcat(groupUniqArray(50)(concat(browser, ' ', version, ' ', platform, ' ', region)), ' ') AS text
        FROM participant_device
        WHERE tenant_id = {tenant:String} AND call_id IN (SELECT call_id FROM chosen)
        GROUP BY call_id
    ),
    kinds AS (
        SELECT
            call_id, kind,
            max(multiIf(severity = 'severe', 3, severity = 'moderate', 2, 1)) AS rank, count() AS times,
            argMax(sentence, multiIf(severity = 'severe', 3, severity = 'moderate', 2, 1)) AS said,
            groupUniqArray(10)(toString(hop)) AS hops
        FROM incident FINAL
        WHERE tenant_id = {tenant:String} AND call_id IN (SELECT call_id FROM chosen)
        GROUP BY call_id, kind
    ),
    issues AS (
        SELECT
            call_id,
            arrayReverseSort(x -> (x.2, x.3), groupArray(20)((toString(kind), rank, times))) AS list,
            argMax(said, rank) AS sentence,
            sum(multiIf(rank = 3, 0.33, rank = 2, 0.1, 0.02) * least(times, 3)) AS weight,
            concat(arrayStringConcat(groupArray(20)(replaceAll(toString(kind), '_', ' ')), ' '), ' ',
                arrayStringConcat(groupArray(20)(toString(kind)), ' '), ' ',
                replaceAll(arrayStringConcat(arrayFlatten(groupArray(20)(hops)), ' '), '_', ' ')) AS text
        FROM kinds GROUP BY call_id
    ),
    found AS (
        SELECT
            c.call_id AS call_id, c.room_id AS room_id, c.started_at AS started_at, c.last_seen_at AS last_seen_at,
            c.participants AS participants, c.audio_mos_worst_minute AS audio_worst,
            c.video_mos_worst_minute AS video_worst, c.bad_window_ratio AS bad_ratio, c.decisions AS decisions,
            p.names AS names, i.list AS list, i.sentence AS sentence, ifNull(c.bad_window_ratio, 0) + i.weight AS badness,
            lowerUTF8(concat(c.call_id, ' ', c.room_id, ' ', p.text, ' ', d.text, ' ', i.text)) AS haystack
        FROM chosen AS c
        LEFT JOIN people AS p ON p.call_id = c.call_id
        LEFT JOIN devices AS d ON d.call_id = c.call_id
        LEFT JOIN issues AS i ON i.call_id = c.call_id
    )
SELECT
    call_id AS callId, room_id AS roomId, toUnixTimestamp64Milli(started_at) AS startedAt,
    toUnixTimestamp64Milli(last_seen_at) AS lastSeenAt, participants, audio_worst AS audioWorstMinute,
    video_worst AS videoWorstMinute, bad_ratio AS badRatio, decisions, arraySlice(names, 1, 10) AS names,
    list AS issues, sentence, count() OVER () AS total
FROM found
WHERE arrayAll(word -> position(haystack, word) > 0, {words:Array(String)})
  AND multiIf(
    {quality:String} = 'bad', badness >= 0.1,
    {quality:String} = 'good', badness < 0.05 AND bad_ratio IS NOT NULL,
    {quality:String} = 'unknown', bad_ratio IS NULL,
    1)
  AND ({live:UInt8} = 0 OR toUnixTimestamp64Milli(last_seen_at) > {now:Int64} - 45000)
ORDER BY badness DESC, started_at DESC, call_id
LIMIT {most:UInt32} OFFSET {offset:UInt32}
SETTINGS join_use_nulls = 0

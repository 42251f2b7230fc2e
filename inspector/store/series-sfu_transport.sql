-- Samples of one participant for the charts: the last of each stream in each step, since counters say what was between.
-- Parameters: tenant, call, participant, producers (empty for all), from, to (epoch ms), step (ms).
-- Returns a row per stream, its columns side by side: `time` (epoch ms) and each number in the same order. `tuple`: an
-- array of values alone would leave out what is NULL.
SELECT
    l.transport_id AS transport_id, l.stat_id AS stat_id, any(l.producer_id) AS producer_id, any(l.direction) AS direction,
    groupArray(tuple(l.time)).1 AS time, groupArray(tuple(l.bwe_available_bitrate)).1 AS bwe_available_bitrate,
    groupArray(tuple(l.available_outgoing_bitrate)).1 AS available_outgoing_bitrate
FROM (
    SELECT
        transport_id, stat_id, producer_id, toUnixTimestamp64Milli(s.time) AS time,
        direction, bwe_available_bitrate, available_outgoing_bitrate
    FROM rtc_stats_sfu_transport AS s
    WHERE s.tenant_id = {tenant:String} AND s.call_id = {call:String} AND s.participant_id = {participant:String}
      AND s.time >= fromUnixTimestamp64Milli({from:Int64}) AND s.time < fromUnixTimestamp64Milli({to:Int64})
    ORDER BY s.transport_id, s.stat_id, s.time DESC
    LIMIT 1 BY s.transport_id, s.stat_id, intDiv(toUnixTimestamp64Milli(s.time), {step:Int64})
) AS l
GROUP BY l.transport_id, l.stat_id

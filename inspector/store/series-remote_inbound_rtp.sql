-- Samples of one participant for the charts: the last of each stream in each step, since counters say what was between.
-- Parameters: tenant, call, participant, producers (empty for all), from, to (epoch ms), step (ms).
-- Returns a row per stream, its columns side by side: `time` (epoch ms) and each number in the same order. `tuple`: an
-- array of values alone would leave out what is NULL.
SELECT
    l.transport_id AS transport_id, l.stat_id AS stat_id, any(l.producer_id) AS producer_id, any(l.kind) AS kind,
    groupArray(tuple(l.time)).1 AS time, groupArray(tuple(l.fraction_lost)).1 AS fraction_lost,
    groupArray(tuple(l.jitter_us)).1 AS jitter_us, groupArray(tuple(l.round_trip_time_us)).1 AS round_trip_time_us
FROM (
    SELECT
        transport_id, stat_id, producer_id, toUnixTimestamp64Milli(s.time) AS time,
        kind, fraction_lost, jitter_us, round_trip_time_us
    FROM rtc_stats_remote_inbound_rtp AS s
    WHERE s.tenant_id = {tenant:String} AND s.call_id = {call:String} AND s.participant_id = {participant:String}
      AND s.time >= fromUnixTimestamp64Milli({from:Int64}) AND s.time < fromUnixTimestamp64Milli({to:Int64})
    ORDER BY s.transport_id, s.stat_id, s.time DESC
    LIMIT 1 BY s.transport_id, s.stat_id, intDiv(toUnixTimestamp64Milli(s.time), {step:Int64})
) AS l
GROUP BY l.transport_id, l.stat_id

-- Samples of one participant for the charts: the last of each stream in each step, since counters say what was between.
-- Parameters: tenant, call, participant, producers (empty for all), from, to (epoch ms), step (ms).
-- Returns a row per stream, its columns side by side: `time` (epoch ms) and each number in the same order. `tuple`: an
-- array of values alone would leave out what is NULL.
SELECT
    l.transport_id AS transport_id, l.stat_id AS stat_id, any(l.producer_id) AS producer_id, any(l.kind) AS kind,
    groupArray(tuple(l.time)).1 AS time, groupArray(tuple(l.packets_received)).1 AS packets_received,
    groupArray(tuple(l.packets_lost)).1 AS packets_lost, groupArray(tuple(l.bytes_received)).1 AS bytes_received,
    groupArray(tuple(l.frames_decoded)).1 AS frames_decoded, groupArray(tuple(l.frame_height)).1 AS frame_height,
    groupArray(tuple(l.jitter_us)).1 AS jitter_us,
    groupArray(tuple(l.total_samples_received)).1 AS total_samples_received,
    groupArray(tuple(l.concealed_samples)).1 AS concealed_samples,
    groupArray(tuple(l.silent_concealed_samples)).1 AS silent_concealed_samples,
    groupArray(tuple(l.jitter_buffer_delay_us)).1 AS jitter_buffer_delay_us,
    groupArray(tuple(l.jitter_buffer_emitted_count)).1 AS jitter_buffer_emitted_count,
    groupArray(tuple(l.total_decode_time_us)).1 AS total_decode_time_us
FROM (
    SELECT
        transport_id, stat_id, producer_id, toUnixTimestamp64Milli(s.time) AS time,
        kind, packets_received, packets_lost, bytes_received, frames_decoded, frame_height, jitter_us,
        total_samples_received, concealed_samples, silent_concealed_samples, jitter_buffer_delay_us,
        jitter_buffer_emitted_count, total_decode_time_us
    FROM rtc_stats_inbound_rtp AS s
    WHERE s.tenant_id = {tenant:String} AND s.call_id = {call:String} AND s.participant_id = {participant:String}
      AND s.time >= fromUnixTimestamp64Milli({from:Int64}) AND s.time < fromUnixTimestamp64Milli({to:Int64})
      AND (empty({producers:Array(String)}) OR s.producer_id IN {producers:Array(String)})
    ORDER BY s.transport_id, s.stat_id, s.time DESC
    LIMIT 1 BY s.transport_id, s.stat_id, intDiv(toUnixTimestamp64Milli(s.time), {step:Int64})
) AS l
GROUP BY l.transport_id, l.stat_id

-- Samples of one participant for the charts: the last of each stream in each step, since counters say what was between.
-- Parameters: tenant, call, participant, producers (empty for all), from, to (epoch ms), step (ms).
SELECT
    transport_id, stat_id, producer_id, toUnixTimestamp64Milli(s.time) AS time,
    kind, bytes_sent, frames_per_second, frame_height, quality_limitation_durations_cpu_us,
    quality_limitation_durations_bandwidth_us
FROM rtc_stats_outbound_rtp AS s
WHERE s.tenant_id = {tenant:String} AND s.call_id = {call:String} AND s.participant_id = {participant:String}
  AND s.time >= fromUnixTimestamp64Milli({from:Int64}) AND s.time < fromUnixTimestamp64Milli({to:Int64})
ORDER BY s.transport_id, s.stat_id, s.time DESC
LIMIT 1 BY s.transport_id, s.stat_id, intDiv(toUnixTimestamp64Milli(s.time), {step:Int64})

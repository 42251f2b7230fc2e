-- Samples of one participant for the charts: the last of each stream in each step, since counters say what was between.
-- Parameters: tenant, call, participant, producers (empty for all), from, to (epoch ms), step (ms).
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

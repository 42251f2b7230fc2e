-- Samples of some calls within [from, to), of quality/samples.ts `remote_inbound_rtp`.
-- Parameters: tenants, calls (ids), from, to (epoch ms). Returns one row per sample, time in epoch ms.
SELECT
    tenant_id, call_id, participant_id, session_id, sfu_node_id, transport_id, producer_id, consumer_id,
    stat_id,
    toUnixTimestamp64Milli(s.time) AS time,
    ssrc, packets_lost, packets_received, fraction_lost, jitter_us, round_trip_time_us, kind, local_id,
    total_round_trip_time_us, round_trip_time_measurements
FROM rtc_stats_remote_inbound_rtp AS s
WHERE s.tenant_id IN {tenants:Array(String)}
  AND s.call_id IN {calls:Array(String)}
  AND s.time >= fromUnixTimestamp64Milli({from:Int64})
  AND s.time < fromUnixTimestamp64Milli({to:Int64})

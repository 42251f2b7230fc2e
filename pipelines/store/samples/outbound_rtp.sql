-- Samples of some calls within [from, to), of quality/samples.ts `outbound_rtp`.
-- Parameters: tenants, calls (ids), from, to (epoch ms). Returns one row per sample, time in epoch ms.
SELECT
    tenant_id, call_id, participant_id, session_id, sfu_node_id, transport_id, producer_id, consumer_id,
    stat_id,
    toUnixTimestamp64Milli(s.time) AS time,
    ssrc, packets_sent, bytes_sent, retransmitted_packets_sent, frames_encoded, frames_sent, nack_count,
    qp_sum, frame_width, frame_height, frames_per_second, target_bitrate, total_encode_time_us,
    quality_limitation_durations_bandwidth_us, quality_limitation_durations_cpu_us, kind, rid,
    media_source_id, quality_limitation_reason, active,
    total_packet_send_delay_us
FROM rtc_stats_outbound_rtp AS s
WHERE s.tenant_id IN {tenants:Array(String)}
  AND s.call_id IN {calls:Array(String)}
  AND s.time >= fromUnixTimestamp64Milli({from:Int64})
  AND s.time < fromUnixTimestamp64Milli({to:Int64})

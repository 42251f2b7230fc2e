-- Samples of some calls within [from, to), of quality/samples.ts `inbound_rtp`.
-- Parameters: tenants, calls (ids), from, to (epoch ms). Returns one row per sample, time in epoch ms.
SELECT
    tenant_id, call_id, participant_id, session_id, sfu_node_id, transport_id, producer_id, consumer_id,
    stat_id,
    toUnixTimestamp64Milli(s.time) AS time,
    ssrc, packets_received, packets_lost, bytes_received, retransmitted_packets_received, nack_count,
    pli_count, frames_received, frames_decoded, frames_dropped, qp_sum, frame_width, frame_height,
    frames_per_second, total_inter_frame_delay_us, total_squared_inter_frame_delay, total_samples_received,
    concealed_samples, silent_concealed_samples, inserted_samples_for_deceleration,
    removed_samples_for_acceleration, jitter_us, jitter_buffer_delay_us, jitter_buffer_emitted_count,
    total_decode_time_us, kind,
    concealment_events, freeze_count, total_freezes_duration_us, pause_count, total_pauses_duration_us
FROM rtc_stats_inbound_rtp AS s
WHERE s.tenant_id IN {tenants:Array(String)}
  AND s.call_id IN {calls:Array(String)}
  AND s.time >= fromUnixTimestamp64Milli({from:Int64})
  AND s.time < fromUnixTimestamp64Milli({to:Int64})

-- Samples of some calls within [from, to), of quality/samples.ts `sfu_transport`.
-- Parameters: tenants, calls (ids), from, to (epoch ms). Returns one row per sample, time in epoch ms.
SELECT
    tenant_id, call_id, participant_id, session_id, sfu_node_id, transport_id, producer_id, consumer_id,
    stat_id,
    toUnixTimestamp64Milli(s.time) AS time,
    bytes_received, bytes_sent, rtp_bytes_sent, rtx_bytes_sent, probation_bytes_sent,
    available_outgoing_bitrate, rtp_packet_loss_received, rtp_packet_loss_sent, bwe_available_bitrate,
    bwe_available_bitrate_min, bwe_desired_bitrate, worker_answer_ms, direction, ice_state, dtls_state, protocol, uses_relay
FROM rtc_stats_sfu_transport AS s
WHERE s.tenant_id IN {tenants:Array(String)}
  AND s.call_id IN {calls:Array(String)}
  AND s.time >= fromUnixTimestamp64Milli({from:Int64})
  AND s.time < fromUnixTimestamp64Milli({to:Int64})

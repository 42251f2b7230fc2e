-- Samples of some calls within [from, to), of quality/samples.ts `transport`.
-- Parameters: tenants, calls (ids), from, to (epoch ms). Returns one row per sample, time in epoch ms.
SELECT
    tenant_id, call_id, participant_id, session_id, sfu_node_id, transport_id, producer_id, consumer_id,
    stat_id,
    toUnixTimestamp64Milli(s.time) AS time,
    bytes_sent, bytes_received, page_late_ms, ice_state, dtls_state
FROM rtc_stats_transport AS s
WHERE s.tenant_id IN {tenants:Array(String)}
  AND s.call_id IN {calls:Array(String)}
  AND s.time >= fromUnixTimestamp64Milli({from:Int64})
  AND s.time < fromUnixTimestamp64Milli({to:Int64})

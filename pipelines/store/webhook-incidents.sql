-- Incidents of some tenants that were found or ended lately. Parameters: tenants, since (epoch ms). Times in epoch ms.
SELECT
    tenant_id, call_id, incident_id, kind, hop, participant_id, affected, severity, confidence, sentence,
    toUnixTimestamp64Milli(i.started_at) AS started_at, toUnixTimestamp64Milli(i.detected_at) AS detected_at,
    toUnixTimestamp64Milli(i.ended_at) AS ended_at
FROM incident_by_time AS i FINAL
WHERE i.tenant_id IN {tenants:Array(String)}
  AND i.started_at >= fromUnixTimestamp64Milli({since:Int64}) - INTERVAL 1 DAY
  AND (i.detected_at >= fromUnixTimestamp64Milli({since:Int64}) OR i.ended_at >= fromUnixTimestamp64Milli({since:Int64}))

-- Incidents of one call. Parameters: tenant, call. Columns are those of telemetry/rows.ts, times in epoch ms.
SELECT
    tenant_id, call_id, incident_id, kind, detector, hop, participant_id, subject_id, severity, confidence,
    toUnixTimestamp64Milli(i.started_at) AS started_at, toUnixTimestamp64Milli(i.detected_at) AS detected_at,
    toUnixTimestamp64Milli(i.ended_at) AS ended_at,
    evidence, sentence, affected, revision
FROM incident AS i FINAL
WHERE i.tenant_id = {tenant:String} AND i.call_id = {call:String}
ORDER BY i.started_at, incident_id
LIMIT 2000

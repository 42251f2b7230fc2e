-- Incidents of some calls that are open or ended at `endedSince` or later.
-- Parameters: tenants, calls (ids), endedSince (epoch ms). Returns IncidentRow (telemetry/rows.ts).
SELECT
    tenant_id, call_id, incident_id, kind, detector, hop, participant_id, subject_id, severity, confidence,
    toUnixTimestamp64Milli(i.started_at) AS started_at,
    toUnixTimestamp64Milli(i.detected_at) AS detected_at,
    toUnixTimestamp64Milli(i.ended_at) AS ended_at,
    evidence, sentence, affected, revision
FROM incident AS i FINAL
WHERE i.tenant_id IN {tenants:Array(String)}
  AND i.call_id IN {calls:Array(String)}
  AND (i.ended_at IS NULL OR i.ended_at >= fromUnixTimestamp64Milli({endedSince:Int64}))

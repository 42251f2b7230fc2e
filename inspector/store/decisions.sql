-- Decisions of one call. Parameters: tenant, call. Columns are those of telemetry/rows.ts, times in epoch ms.
SELECT
    tenant_id, call_id, decision_id, incident_id, kind, participant_id, sfu_node_id, params, reason, evidence,
    confidence, ttl_ms, toUnixTimestamp64Milli(d.decided_at) AS decided_at,
    toUnixTimestamp64Milli(d.sent_at) AS sent_at, toUnixTimestamp64Milli(d.applied_at) AS applied_at,
    toUnixTimestamp64Milli(d.lifted_at) AS lifted_at, lift_reason, outcome, outcome_evidence, revision
FROM decision AS d FINAL
WHERE d.tenant_id = {tenant:String} AND d.call_id = {call:String}
ORDER BY d.decided_at, decision_id
LIMIT 2000

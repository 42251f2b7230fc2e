-- Decisions of some calls: those in force, and those decided at `since` or later.
-- Parameters: tenants, calls (ids), since (epoch ms). Returns DecisionRow (telemetry/rows.ts).
SELECT
    tenant_id, call_id, decision_id, incident_id, kind, participant_id, sfu_node_id, params, reason, evidence,
    confidence, ttl_ms,
    toUnixTimestamp64Milli(d.decided_at) AS decided_at,
    toUnixTimestamp64Milli(d.sent_at) AS sent_at,
    toUnixTimestamp64Milli(d.applied_at) AS applied_at,
    toUnixTimestamp64Milli(d.lifted_at) AS lifted_at,
    lift_reason, outcome, outcome_evidence, revision
FROM decision AS d FINAL
WHERE d.tenant_id IN {tenants:Array(String)}
  AND d.call_id IN {calls:Array(String)}
  AND (d.lifted_at IS NULL OR d.decided_at >= fromUnixTimestamp64Milli({since:Int64}))
ORDER BY d.decided_at

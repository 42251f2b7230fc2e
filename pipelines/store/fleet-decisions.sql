-- Decisions on the TURN fleet of one region that ordered something and whose outcome is not known yet.
-- Reads fleet_decision. Parameters: region, before and since (epoch ms, when they were decided). Returns whole rows.
SELECT region, decision_id, toUnixTimestamp64Milli(decided_at) AS decided_at, action, wanted, start, resume, drain, remove,
  reason, evidence, driver, told, outcome, outcome_evidence, revision
FROM fleet_decision FINAL
WHERE region = {region:String} AND told = 'queued' AND outcome = ''
  AND fleet_decision.decided_at <= fromUnixTimestamp64Milli({before:Int64})
  AND fleet_decision.decided_at >= fromUnixTimestamp64Milli({since:Int64})

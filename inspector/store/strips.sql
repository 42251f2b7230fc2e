-- The worst score of what each received, in equal steps; as stripsOf of calls/windows.ts.
-- Parameters: tenant, call, from (epoch ms), step (ms), steps. Returns one row per receiver, kind and step that has one.
SELECT
    receiver_id AS participantId, kind,
    intDiv(toUnixTimestamp64Milli(window_start) - {from:Int64}, {step:Int64}) AS step,
    min(s.mos) AS worst
FROM stream_score AS s FINAL
WHERE tenant_id = {tenant:String} AND call_id = {call:String} AND point = 'receiver' AND s.mos IS NOT NULL
  AND toUnixTimestamp64Milli(window_start) >= {from:Int64}
GROUP BY participantId, kind, step
HAVING step < {steps:Int64}

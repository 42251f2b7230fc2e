-- The worst score of what each received, in equal steps; as stripsOf of calls/windows.ts.
-- Parameters: tenant, call, from (epoch ms), step (ms), steps.
-- Returns one row per receiver and kind, with those steps that have a score, and the worst in each.
SELECT participantId, kind, groupArray(s.step) AS steps, groupArray(s.worst) AS worst
FROM (
    SELECT
        receiver_id AS participantId, kind,
        intDiv(toUnixTimestamp(m.minute) * 1000 + offset_ms - {from:Int64}, {step:Int64}) AS step, min(mos) AS worst
    FROM receiver_minute AS m FINAL
    ARRAY JOIN m.offsets_ms AS offset_ms, m.worst_mos AS mos
    WHERE tenant_id = {tenant:String} AND call_id = {call:String}
      AND toUnixTimestamp(m.minute) * 1000 + offset_ms >= {from:Int64}
    GROUP BY receiver_id, kind, step
    HAVING step < {steps:Int64}
) AS s
GROUP BY participantId, kind

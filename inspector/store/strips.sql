-- The worst score of what each received, in equal steps; as stripsOf of calls/windows.ts.
-- Parameters: tenant, call, from (epoch ms), step (ms), steps.
-- Returns one row per receiver and kind, with those steps that have a score, and the worst in each.
WITH steps AS (
    SELECT
        receiver_id, kind, intDiv(toUnixTimestamp(m.minute) * 1000 + offset_ms - {from:Int64}, {step:Int64}) AS step,
        min(mos) AS worst
    FROM stream_minute AS m FINAL
    ARRAY JOIN m.windows.offset_ms AS offset_ms, m.windows.mos AS mos
    WHERE tenant_id = {tenant:String} AND call_id = {call:String} AND point = 'receiver' AND mos IS NOT NULL
      AND toUnixTimestamp(m.minute) * 1000 + offset_ms >= {from:Int64}
    GROUP BY receiver_id, kind, step
    HAVING step < {steps:Int64}
)
SELECT receiver_id AS participantId, kind, groupArray(s.step) AS steps, groupArray(s.worst) AS worst
FROM steps AS s
GROUP BY receiver_id, kind

-- The worst score of what each received, in equal steps; as stripsOf of calls/windows.ts.
-- Parameters: tenant, call, from (epoch ms), step (ms), steps.
-- Returns one row per receiver and kind, with those steps that have a score, and the worst in each.
-- Streams are taken together minute by minute first, those with the same windows as they lie: far fewer to sort into steps.
WITH
    minutes AS (
        SELECT
            receiver_id, kind, toUnixTimestamp(m.minute) * 1000 AS start, m.windows.offset_ms AS offsets,
            minForEach(m.windows.mos) AS scores
        FROM stream_minute AS m FINAL
        WHERE tenant_id = {tenant:String} AND call_id = {call:String} AND point = 'receiver'
        GROUP BY receiver_id, kind, m.minute, offsets
    ),
    steps AS (
        SELECT receiver_id, kind, intDiv(start + offset_ms - {from:Int64}, {step:Int64}) AS step, min(mos) AS worst
        FROM minutes
        ARRAY JOIN offsets AS offset_ms, scores AS mos
        WHERE mos IS NOT NULL AND start + offset_ms >= {from:Int64}
        GROUP BY receiver_id, kind, step
        HAVING step < {steps:Int64}
    )
SELECT receiver_id AS participantId, kind, groupArray(s.step) AS steps, groupArray(s.worst) AS worst
FROM steps AS s
GROUP BY receiver_id, kind

-- Scores of what one participant received, in equal steps; as scoreStepsOf of calls/recorded-call.ts.
-- Parameters: tenant, call, participant, sender ('' for all), from, to (epoch ms), step (ms).
WITH minutes AS (
    SELECT kind, window_ms, toUnixTimestamp(m.minute) * 1000 AS start, m.windows AS windows
    FROM stream_minute AS m FINAL
    WHERE tenant_id = {tenant:String} AND call_id = {call:String} AND point = 'receiver'
      AND receiver_id = {participant:String} AND ({sender:String} = '' OR sender_id = {sender:String})
      AND m.minute >= toStartOfMinute(fromUnixTimestamp64Milli({from:Int64}))
      AND m.minute < fromUnixTimestamp64Milli({to:Int64})
)
SELECT
    intDiv(start + w.offset_ms - {from:Int64}, {step:Int64}) AS step,
    minIf(w.mos, kind = 'audio') AS heard, minIf(w.mos, kind = 'video') AS seen,
    maxIf(w.frozen_ms / window_ms, kind = 'video') AS frozen,
    minIf(w.spatial_layer, kind = 'video') AS layerLow, maxIf(w.spatial_layer, kind = 'video') AS layerHigh
FROM minutes
ARRAY JOIN windows AS w
WHERE start + w.offset_ms >= {from:Int64} AND start + w.offset_ms < {to:Int64}
GROUP BY step
ORDER BY step

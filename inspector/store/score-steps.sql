-- Scores of what one participant received, in equal steps; as scoreStepsOf of calls/recorded-call.ts.
-- Parameters: tenant, call, participant, sender ('' for all), from, to (epoch ms), step (ms).
SELECT
    intDiv(toUnixTimestamp(m.minute) * 1000 + w.offset_ms - {from:Int64}, {step:Int64}) AS step,
    minIf(w.mos, kind = 'audio') AS heard, minIf(w.mos, kind = 'video') AS seen,
    maxIf(w.frozen_ms / window_ms, kind = 'video') AS frozen,
    minIf(w.spatial_layer, kind = 'video') AS layerLow, maxIf(w.spatial_layer, kind = 'video') AS layerHigh
FROM stream_minute AS m FINAL
ARRAY JOIN m.windows AS w
WHERE tenant_id = {tenant:String} AND call_id = {call:String} AND point = 'receiver'
  AND receiver_id = {participant:String} AND ({sender:String} = '' OR sender_id = {sender:String})
  AND minute >= toStartOfMinute(fromUnixTimestamp64Milli({from:Int64})) AND minute < fromUnixTimestamp64Milli({to:Int64})
  AND toUnixTimestamp(m.minute) * 1000 + w.offset_ms BETWEEN {from:Int64} AND {to:Int64} - 1
GROUP BY step
ORDER BY step

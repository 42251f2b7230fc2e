-- Scores of what one participant received, in equal steps; as scoreStepsOf of calls/recorded-call.ts.
-- Parameters: tenant, call, participant, sender ('' for all), from, to (epoch ms), step (ms).
SELECT
    intDiv(toUnixTimestamp64Milli(window_start) - {from:Int64}, {step:Int64}) AS step,
    minIf(s.mos, kind = 'audio') AS heard, minIf(s.mos, kind = 'video') AS seen,
    maxIf(frozen_ms / window_ms, kind = 'video') AS frozen,
    minIf(spatial_layer, kind = 'video') AS layerLow, maxIf(spatial_layer, kind = 'video') AS layerHigh
FROM stream_score AS s FINAL
WHERE tenant_id = {tenant:String} AND call_id = {call:String} AND point = 'receiver'
  AND receiver_id = {participant:String} AND ({sender:String} = '' OR sender_id = {sender:String})
  AND window_start >= fromUnixTimestamp64Milli({from:Int64}) AND window_start < fromUnixTimestamp64Milli({to:Int64})
GROUP BY step
ORDER BY step

-- Who received whom how well in one call; the same sums as cellsOf of calls/windows.ts.
-- Parameters: tenant, call. Returns one row per sender, receiver, kind and source. `reasons`: windows without a score.
WITH sumMap(m.unscored) AS reasons
SELECT
    sender_id AS senderId, receiver_id AS receiverId, kind, source,
    arraySort(groupUniqArray(producer_id)) AS producerIds,
    if(sum(m.scored) = 0, NULL, sum(m.mos_sum) / sum(m.scored)) AS meanMos,
    min(m.mos_min) AS worst,
    sum(m.bad * m.window_ms) AS badMs,
    sum(m.scored * m.window_ms) AS scoredMs,
    sum(arraySum(mapValues(m.unscored)) * m.window_ms) AS unscoredMs,
    arrayReverseSort((reason, windows) -> windows, mapKeys(reasons), mapValues(reasons))[1] AS whyNot,
    if(sum(m.loss_known) = 0, NULL, sum(m.loss_sum) / sum(m.loss_known)) AS lossRatio,
    if(sum(m.delay_known) = 0, NULL, sum(m.delay_sum) / sum(m.delay_known)) AS delayMs
FROM stream_minute AS m FINAL
WHERE tenant_id = {tenant:String} AND call_id = {call:String} AND point = 'receiver'
GROUP BY sender_id, receiver_id, kind, source

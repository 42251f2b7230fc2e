-- Who received whom how well in one call; the same sums as cellsOf of calls/windows.ts.
-- Parameters: tenant, call. Returns one row per sender, receiver, kind and source.
SELECT
    sender_id AS senderId, receiver_id AS receiverId, kind, source,
    arraySort(groupUniqArray(producer_id)) AS producerIds,
    if(countIf(mos IS NOT NULL) = 0, NULL, avg(s.mos)) AS meanMos,
    min(s.mos) AS worst,
    sumIf(window_ms, s.mos < 3.1) AS badMs,
    sumIf(window_ms, s.mos IS NOT NULL) AS scoredMs,
    sumIf(window_ms, s.mos IS NULL) AS unscoredMs,
    topKIf(1)(unclassified, s.mos IS NULL)[1] AS whyNot,
    avg(loss_ratio) AS lossRatio,
    avg(delay_ms) AS delayMs
FROM stream_score AS s FINAL
WHERE tenant_id = {tenant:String} AND call_id = {call:String} AND point = 'receiver'
GROUP BY sender_id, receiver_id, kind, source

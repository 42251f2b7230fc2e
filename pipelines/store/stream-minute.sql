-- Writes the scores of what was received in some calls by the minute, from the scores that stand. Parameters: tenants,
-- calls (ids), from, to (epoch ms, whole minutes). The other points are asked for by nobody who needs a whole call.
INSERT INTO stream_minute
SELECT
    tenant_id, call_id, toStartOfMinute(s.window_start) AS minute, point, kind, producer_id, consumer_id,
    argMax(s.source, s.window_start) AS source, argMax(s.scale, s.window_start) AS scale,
    argMax(s.sender_id, s.window_start) AS sender_id, argMax(s.receiver_id, s.window_start) AS receiver_id,
    max(s.window_ms) AS window_ms,
    countIf(s.mos IS NOT NULL) AS scored, countIf(s.mos < 3.1) AS bad,
    sumMapIf(map(s.unclassified, toUInt16(1)), s.mos IS NULL) AS unscored,
    sum(ifNull(s.mos, 0)) AS mos_sum, min(s.mos) AS mos_min,
    sum(ifNull(s.loss_ratio, 0)) AS loss_sum, countIf(s.loss_ratio IS NOT NULL) AS loss_known,
    sum(ifNull(s.delay_ms, 0)) AS delay_sum, countIf(s.delay_ms IS NOT NULL) AS delay_known,
    arraySort(w -> w.1, groupArray((
        toUInt16(toUnixTimestamp64Milli(s.window_start) % 60000), s.mos, s.concealed_ratio, s.delay_ms, s.frozen_ms,
        s.frames_per_second, s.frame_height, s.spatial_layer
    ))) AS windows,
    toUInt64(toUnixTimestamp64Milli(now64(3))) AS revision
FROM stream_score AS s FINAL
WHERE tenant_id IN {tenants:Array(String)} AND call_id IN {calls:Array(String)}
  AND point = 'receiver'
  AND window_start >= fromUnixTimestamp64Milli({from:Int64}) AND window_start < fromUnixTimestamp64Milli({to:Int64})
GROUP BY tenant_id, call_id, minute, point, kind, producer_id, consumer_id

-- Writes the worst score that each received in each window of some minutes, and the bad windows, from the minutes of the streams that stand.
-- Parameters: tenants, calls (ids), from, to (epoch ms, whole minutes).
INSERT INTO receiver_minute
WITH arraySort(groupArrayIf((offset_ms, assumeNotNull(worst)), worst IS NOT NULL)) AS scored
SELECT
    tenant_id, call_id, minute, kind, receiver_id, tupleElement(scored, 1) AS offsets_ms, tupleElement(scored, 2) AS worst_mos,
    arraySort(b -> (b.2, b.1), arrayFlatten(groupArray(torn))) AS bad,
    toUInt64(toUnixTimestamp64Milli(now64(3))) AS revision
FROM (
    SELECT
        tenant_id, call_id, m.minute AS minute, kind, receiver_id, w.offset_ms AS offset_ms, min(w.mos) AS worst,
        groupArrayIf(
            (
                producer_id, w.offset_ms, window_ms, w.mos, w.concealed_ratio, w.frozen_ms, w.frames_per_second, w.frame_height,
                w.delay_ms
            ),
            ifNull(w.mos < 3.1, 0)
        ) AS torn
    FROM stream_minute AS m FINAL
    ARRAY JOIN m.windows AS w
    WHERE tenant_id IN {tenants:Array(String)} AND call_id IN {calls:Array(String)}
      AND m.minute >= fromUnixTimestamp64Milli({from:Int64}) AND m.minute < fromUnixTimestamp64Milli({to:Int64})
      AND point = 'receiver'
    GROUP BY tenant_id, call_id, minute, kind, receiver_id, offset_ms
)
GROUP BY tenant_id, call_id, minute, kind, receiver_id

-- What each received, minute by minute: the worst score of each window, and the windows that were bad; stripsOf and
-- badWindowsOf of calls/windows.ts work out the same. Parameters: tenant, call, most (rows).
-- Returns a row per minute, receiver and kind, in order of time.
SELECT
    toUnixTimestamp(m.minute) * 1000 AS minute, receiver_id AS receiverId, kind,
    m.offsets_ms AS offsetsMs, arrayMap(mos -> round(mos, 4), m.worst_mos) AS worst, m.revision AS revision,
    arrayMap(
        w -> (
            w.producer_id, w.offset_ms, w.window_ms, w.mos, w.concealed_ratio, w.frozen_ms, w.frames_per_second,
            w.frame_height, w.delay_ms
        ),
        m.bad
    ) AS bad
FROM receiver_minute AS m FINAL
WHERE tenant_id = {tenant:String} AND call_id = {call:String}
ORDER BY m.minute, kind, receiver_id
LIMIT {most:UInt32}

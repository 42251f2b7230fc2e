-- Every window in which somebody received something badly; as badWindowsOf of calls/windows.ts.
-- Parameters: tenant, call, most (rows). Returns a row per stream and minute that has such windows, in order of time.
-- The minutes are looked for first: windows need not be read of those that are good.
SELECT
    toUnixTimestamp(m.minute) * 1000 AS minute, window_ms AS windowMs, receiver_id AS receiverId, sender_id AS senderId,
    kind,
    arrayMap(
        w -> (w.offset_ms, w.mos, w.concealed_ratio, w.frozen_ms, w.frames_per_second, w.frame_height, w.delay_ms),
        arrayFilter(w -> ifNull(w.mos < 3.1, 0), m.windows)
    ) AS windows
FROM stream_minute AS m FINAL
WHERE tenant_id = {tenant:String} AND call_id = {call:String} AND point = 'receiver' AND bad > 0
  AND m.minute IN (
      SELECT b.minute FROM stream_minute AS b
      WHERE b.tenant_id = {tenant:String} AND b.call_id = {call:String} AND b.point = 'receiver' AND b.bad > 0
  )
ORDER BY m.minute, producer_id, consumer_id
LIMIT {most:UInt32}

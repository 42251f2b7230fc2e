-- Every window in which somebody received something badly; as badWindowsOf of calls/windows.ts.
-- Parameters: tenant, call, most. Times in epoch ms.
SELECT
    toUnixTimestamp64Milli(window_start) AS start, window_ms AS windowMs, receiver_id AS receiverId,
    sender_id AS senderId, kind, mos, concealed_ratio AS concealedRatio, frozen_ms AS frozenMs,
    frames_per_second AS framesPerSecond, frame_height AS frameHeight, delay_ms AS delayMs
FROM stream_score FINAL
WHERE tenant_id = {tenant:String} AND call_id = {call:String} AND point = 'receiver' AND mos < 3.1
ORDER BY window_start, producer_id, consumer_id
LIMIT {most:UInt32}

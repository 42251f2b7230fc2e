-- Calls of some tenants that have ended lately: seen last before `until`, and after `since`. Parameters: tenants, since,
-- until (epoch ms). Times in epoch ms. A call of more than a week is not told of.
SELECT
    tenant_id, call_id, room_id, toUnixTimestamp64Milli(c.started_at) AS started_at,
    toUnixTimestamp64Milli(c.last_seen_at) AS last_seen_at, participants, audio_mos_worst_minute, video_mos_worst_minute,
    bad_window_ratio, incidents, decisions
FROM call_by_time AS c
WHERE c.tenant_id IN {tenants:Array(String)}
  AND c.started_at >= fromUnixTimestamp64Milli({since:Int64}) - INTERVAL 7 DAY
ORDER BY revision DESC
LIMIT 1 BY tenant_id, call_id

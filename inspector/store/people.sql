-- Who took part in one call, and what they heard and saw. Parameters: tenant, call. One row per participant.
SELECT
    participant_id, display_name,
    toUnixTimestamp64Milli(first_seen_at) AS first_seen_at, toUnixTimestamp64Milli(last_seen_at) AS last_seen_at,
    audio_mos_mean, audio_mos_worst_minute, video_mos_mean, video_mos_worst_minute, bad_window_ratio
FROM participant_summary FINAL
WHERE tenant_id = {tenant:String} AND call_id = {call:String}

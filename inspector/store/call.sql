-- One call as the summaries have it. Parameters: tenant, call. Returns no row, or one; times in epoch ms.
SELECT
    room_id, toUnixTimestamp64Milli(started_at) AS started_at, toUnixTimestamp64Milli(last_seen_at) AS last_seen_at,
    revision
FROM call_summary FINAL
WHERE tenant_id = {tenant:String} AND call_id = {call:String}

-- All scores of a call, for an export. Parameters: tenant, call. Times in epoch ms.
SELECT * REPLACE (toUnixTimestamp64Milli(s.window_start) AS window_start, toUnixTimestamp64Milli(s.scored_at) AS scored_at)
FROM stream_score AS s FINAL
WHERE s.tenant_id = {tenant:String} AND s.call_id = {call:String}
ORDER BY s.window_start

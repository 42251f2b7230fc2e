-- The summary of a call, for an export. Parameters: tenant, call. Times in epoch ms.
SELECT * REPLACE (toUnixTimestamp64Milli(c.started_at) AS started_at, toUnixTimestamp64Milli(c.last_seen_at) AS last_seen_at)
FROM call_summary AS c FINAL
WHERE c.tenant_id = {tenant:String} AND c.call_id = {call:String}

-- Summaries of a call's participants, for an export. Parameters: tenant, call. Times in epoch ms.
SELECT * REPLACE (toUnixTimestamp64Milli(p.first_seen_at) AS first_seen_at, toUnixTimestamp64Milli(p.last_seen_at) AS last_seen_at)
FROM participant_summary AS p FINAL
WHERE p.tenant_id = {tenant:String} AND p.call_id = {call:String}

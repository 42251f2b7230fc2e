-- What one hook has not taken yet, in the order in which it was made. Parameters: hook, since (epoch ms): what is older is
-- given up. Times in epoch ms.
SELECT
    tenant_id, hook_id, notice_id, call_id, toUnixTimestamp64Milli(n.made_at) AS made_at, body,
    toUnixTimestamp64Milli(n.sent_at) AS sent_at, attempts, last_error, revision
FROM webhook_notice AS n FINAL
WHERE hook_id = {hook:String} AND isNull(n.sent_at) AND n.made_at >= fromUnixTimestamp64Milli({since:Int64})
ORDER BY n.made_at, notice_id
LIMIT 100

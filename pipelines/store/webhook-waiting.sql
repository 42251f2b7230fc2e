-- Hooks that have not taken everything yet. Parameters: since (epoch ms): what is older is given up.
SELECT DISTINCT hook_id
FROM webhook_notice AS n FINAL
WHERE isNull(n.sent_at) AND n.made_at >= fromUnixTimestamp64Milli({since:Int64})

-- What hooks have been told or are to be told, of things since a moment. Parameters: hooks (ids), since (epoch ms).
SELECT hook_id, notice_id
FROM webhook_notice FINAL
WHERE hook_id IN {hooks:Array(String)} AND made_at >= fromUnixTimestamp64Milli({since:Int64})

-- How far one shard was judged. Parameters: shard, shards. Returns through (epoch ms), 0 when never.
SELECT toUnixTimestamp64Milli(max(d.through)) AS through, count() AS found
FROM detect_run AS d
WHERE d.shard = {shard:UInt16} AND d.shards = {shards:UInt16}

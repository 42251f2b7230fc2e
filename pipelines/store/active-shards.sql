-- Shards with calls that had samples at `from` (epoch ms) or later. Parameters: from, shards.
SELECT DISTINCT toUInt16(cityHash64(a.call_id) % {shards:UInt16}) AS shard
FROM window_arrival AS a
WHERE a.window_start >= fromUnixTimestamp64Milli({from:Int64})

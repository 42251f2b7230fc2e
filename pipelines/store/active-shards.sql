-- Shards with calls that had samples at `from` (epoch ms) or later. Parameters: from, shards.
-- Returns shard, newest_sfu (time of the newest SFU sample of any of its calls, epoch ms; 0 without one).
SELECT
    toUInt16(cityHash64(a.call_id) % {shards:UInt16}) AS shard,
    toUnixTimestamp64Milli(max(a.newest_sfu)) AS newest_sfu
FROM window_arrival AS a
WHERE a.window_start >= fromUnixTimestamp64Milli({from:Int64})
GROUP BY shard

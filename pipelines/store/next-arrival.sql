-- The first window at `from` or later in which one shard has samples. Parameters: from (epoch ms), shard, shards.
-- Returns next_window (epoch ms), 0 when there is none.
SELECT toUnixTimestamp64Milli(min(a.window_start)) AS next_window, count() AS found
FROM window_arrival AS a
WHERE a.window_start >= fromUnixTimestamp64Milli({from:Int64})
  AND cityHash64(a.call_id) % {shards:UInt16} = {shard:UInt16}

-- The last scoring of one window and shard. Parameters: windowStart (epoch ms), shard, shards.
-- Returns rows (raw rows then), revision; both 0 when it was never scored.
SELECT max(r.rows) AS rows, max(r.revision) AS revision
FROM window_run AS r
WHERE r.window_start = fromUnixTimestamp64Milli({windowStart:Int64})
  AND r.shard = {shard:UInt16}
  AND r.shards = {shards:UInt16}

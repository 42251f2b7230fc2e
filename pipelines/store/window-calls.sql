-- The calls of one shard with rows in one window, and how many.
-- Parameters: windowStart (epoch ms), shard, shards. Returns tenant_id, call_id, rows.
SELECT tenant_id, call_id, sum(a.rows) AS rows
FROM window_arrival AS a
WHERE a.window_start = fromUnixTimestamp64Milli({windowStart:Int64})
  AND cityHash64(a.call_id) % {shards:UInt16} = {shard:UInt16}
GROUP BY tenant_id, call_id

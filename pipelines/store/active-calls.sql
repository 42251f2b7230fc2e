-- Calls of one shard with samples in windows from `from` to `to` (epoch ms). Parameters: from, to, shard, shards.
-- Returns tenant_id, call_id, last_window (start of the newest window with samples), newest_sfu (time of the newest
-- SFU sample, 0 without one), both epoch ms.
SELECT tenant_id, call_id, toUnixTimestamp64Milli(max(a.window_start)) AS last_window,
    toUnixTimestamp64Milli(max(a.newest_sfu)) AS newest_sfu
FROM window_arrival AS a
WHERE a.window_start >= fromUnixTimestamp64Milli({from:Int64})
  AND a.window_start <= fromUnixTimestamp64Milli({to:Int64})
  AND cityHash64(a.call_id) % {shards:UInt16} = {shard:UInt16}
GROUP BY tenant_id, call_id

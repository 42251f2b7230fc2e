-- The work list: (window, shard) with more raw rows than were there when it was scored.
-- Parameters: from, settledThrough (epoch ms, bounds of window_start), shards, now (epoch ms), quietMs (late data are
-- waited for this long before a scored window is opened again), limit. Newest first.
-- Returns window_start (epoch ms), shard, rows, scored_rows (0: never scored).
SELECT
    toUnixTimestamp64Milli(arrived.window_start) AS window_start,
    arrived.shard AS shard,
    arrived.rows AS rows,
    scored.rows AS scored_rows
FROM (
    SELECT
        a.window_start AS window_start,
        toUInt16(cityHash64(a.call_id) % {shards:UInt16}) AS shard,
        sum(a.rows) AS rows,
        max(a.last_received_at) AS last_received_at
    FROM window_arrival AS a
    WHERE a.window_start >= fromUnixTimestamp64Milli({from:Int64})
      AND a.window_start <= fromUnixTimestamp64Milli({settledThrough:Int64})
    GROUP BY window_start, shard
) AS arrived
LEFT JOIN (
    SELECT r.window_start AS window_start, r.shard AS shard, max(r.rows) AS rows, max(r.scored_at) AS scored_at
    FROM window_run AS r
    WHERE r.shards = {shards:UInt16}
      AND r.window_start >= fromUnixTimestamp64Milli({from:Int64})
    GROUP BY window_start, shard
) AS scored ON scored.window_start = arrived.window_start AND scored.shard = arrived.shard
WHERE arrived.rows > scored.rows
  AND (
    scored.rows = 0
    OR greatest(arrived.last_received_at, scored.scored_at)
        < fromUnixTimestamp64Milli({now:Int64}) - toIntervalMillisecond({quietMs:UInt32})
  )
ORDER BY window_start DESC, shard
LIMIT {limit:UInt32}

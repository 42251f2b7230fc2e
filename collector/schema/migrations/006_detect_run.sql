-- How far the detectors have judged each shard. Written by pipelines every few seconds while a shard has calls, read
-- by them at start, so that what was missed meanwhile is judged then. Read with max(through).
CREATE TABLE IF NOT EXISTS {database:Identifier}.detect_run (
    shard   UInt16               CODEC(ZSTD(1)),
    shards  UInt16               CODEC(ZSTD(1)),
    through DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    -- Epoch ms of `through`: the latest counts.
    revision UInt64              CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
ORDER BY (shards, shard)
TTL toDateTime(through) + INTERVAL 30 DAY;

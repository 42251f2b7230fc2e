-- Makes the bookkeeping of windows: which calls have how many stream samples in which window, and what was scored.
-- window_arrival is written by views on the four tables of streams, the points of observation that are scored; not
-- on the tables that come along with these, since a view costs as much as another small insert.
-- window_run is written by pipelines. Both are read by pipelines (what to score, what late data re-opened) and by
-- dashboards (lag). A window is 5 s of corrected `time`.

-- Read with sum(rows), max(last_received_at) GROUP BY: rows of one key merge in the background.
CREATE TABLE IF NOT EXISTS {database:Identifier}.window_arrival (
    window_start     DateTime64(3, 'UTC')                               CODEC(Delta, ZSTD(1)),
    tenant_id        String                                             CODEC(ZSTD(1)),
    call_id          String                                             CODEC(ZSTD(1)),
    rows             SimpleAggregateFunction(sum, UInt64)               CODEC(T64, ZSTD(1)),
    last_received_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toDate(window_start)
ORDER BY (window_start, tenant_id, call_id)
TTL toDateTime(window_start) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- One row per window and shard scored; a later revision replaces it when late data made it be scored again.
-- `rows` is what window_arrival said then: once it says more, the window is open again.
CREATE TABLE IF NOT EXISTS {database:Identifier}.window_run (
    window_start DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    shard        UInt16               CODEC(ZSTD(1)),
    shards       UInt16               CODEC(ZSTD(1)),
    rows         UInt64               CODEC(T64, ZSTD(1)),
    scored_at    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    revision     UInt64               CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY toDate(window_start)
ORDER BY (window_start, shards, shard)
TTL toDateTime(window_start) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.window_arrival_of_rtc_stats_inbound_rtp
TO {database:Identifier}.window_arrival AS
SELECT
    toDateTime64(toStartOfInterval(time, INTERVAL 5 SECOND), 3, 'UTC') AS window_start,
    tenant_id,
    call_id,
    count() AS rows,
    max(received_at) AS last_received_at
FROM {database:Identifier}.rtc_stats_inbound_rtp
GROUP BY window_start, tenant_id, call_id;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.window_arrival_of_rtc_stats_outbound_rtp
TO {database:Identifier}.window_arrival AS
SELECT
    toDateTime64(toStartOfInterval(time, INTERVAL 5 SECOND), 3, 'UTC') AS window_start,
    tenant_id,
    call_id,
    count() AS rows,
    max(received_at) AS last_received_at
FROM {database:Identifier}.rtc_stats_outbound_rtp
GROUP BY window_start, tenant_id, call_id;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.window_arrival_of_rtc_stats_sfu_producer
TO {database:Identifier}.window_arrival AS
SELECT
    toDateTime64(toStartOfInterval(time, INTERVAL 5 SECOND), 3, 'UTC') AS window_start,
    tenant_id,
    call_id,
    count() AS rows,
    max(received_at) AS last_received_at
FROM {database:Identifier}.rtc_stats_sfu_producer
GROUP BY window_start, tenant_id, call_id;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.window_arrival_of_rtc_stats_sfu_consumer
TO {database:Identifier}.window_arrival AS
SELECT
    toDateTime64(toStartOfInterval(time, INTERVAL 5 SECOND), 3, 'UTC') AS window_start,
    tenant_id,
    call_id,
    count() AS rows,
    max(received_at) AS last_received_at
FROM {database:Identifier}.rtc_stats_sfu_consumer
GROUP BY window_start, tenant_id, call_id;

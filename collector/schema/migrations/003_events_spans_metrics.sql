-- Makes the tables of everything that is not a statistics sample: events, spans of traces, process metrics.
-- Written by the collector. Read by pipelines (ICE and decision events), inspector (a call's story) and dashboards.

-- State changes and happenings (telemetry/events.ts), and any event whose name has no table of its own.
-- Keys of `attributes` are without the `rtc.` prefix; a text body stands under `body`.
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_event (
    tenant_id      String                              CODEC(ZSTD(1)),
    call_id        String                              CODEC(ZSTD(1)),
    room_id        String                              CODEC(ZSTD(1)),
    participant_id String                              CODEC(ZSTD(1)),
    session_id     String                              CODEC(ZSTD(1)),
    sfu_node_id    String                              CODEC(ZSTD(1)),
    transport_id   String                              CODEC(ZSTD(1)),
    producer_id    String                              CODEC(ZSTD(1)),
    consumer_id    String                              CODEC(ZSTD(1)),
    stat_id        String                              CODEC(ZSTD(1)),
    name           LowCardinality(String)              CODEC(ZSTD(1)),
    source         LowCardinality(String)              CODEC(ZSTD(1)),
    time           DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time    DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at    DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    attributes     Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- Spans: the join trace of clients and the SFU's side of it (telemetry/events.ts). `time` is the start.
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_span (
    tenant_id      String                              CODEC(ZSTD(1)),
    call_id        String                              CODEC(ZSTD(1)),
    room_id        String                              CODEC(ZSTD(1)),
    participant_id String                              CODEC(ZSTD(1)),
    session_id     String                              CODEC(ZSTD(1)),
    sfu_node_id    String                              CODEC(ZSTD(1)),
    transport_id   String                              CODEC(ZSTD(1)),
    producer_id    String                              CODEC(ZSTD(1)),
    consumer_id    String                              CODEC(ZSTD(1)),
    stat_id        String                              CODEC(ZSTD(1)),
    service_name   LowCardinality(String)              CODEC(ZSTD(1)),
    source         LowCardinality(String)              CODEC(ZSTD(1)),
    trace_id       String                              CODEC(ZSTD(1)),
    span_id        String                              CODEC(ZSTD(1)),
    parent_span_id String                              CODEC(ZSTD(1)),
    name           LowCardinality(String)              CODEC(ZSTD(1)),
    kind           LowCardinality(String)              CODEC(ZSTD(1)),
    time           DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time    DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at    DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    duration_us    UInt64                              CODEC(T64, ZSTD(1)),
    status_code    LowCardinality(String)              CODEC(ZSTD(1)),
    status_message String                              CODEC(ZSTD(1)),
    attributes     Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    INDEX trace_id_filter trace_id TYPE bloom_filter(0.01) GRANULARITY 4
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- Process and node health (never labelled by participant). `type`: gauge, sum, histogram or exponential_histogram
-- (brought to explicit bounds). `value` is the number of a gauge or sum and the mean of a histogram.
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_metric (
    service_name        LowCardinality(String)              CODEC(ZSTD(1)),
    service_instance_id String                              CODEC(ZSTD(1)),
    sfu_node_id         LowCardinality(String)              CODEC(ZSTD(1)),
    name                LowCardinality(String)              CODEC(ZSTD(1)),
    unit                LowCardinality(String)              CODEC(ZSTD(1)),
    type                LowCardinality(String)              CODEC(ZSTD(1)),
    temporality         LowCardinality(String)              CODEC(ZSTD(1)),
    start_time          DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    time                DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at         DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    value               Float64                             CODEC(ZSTD(1)),
    count               UInt64                              CODEC(Delta, ZSTD(1)),
    sum                 Float64                             CODEC(ZSTD(1)),
    bounds              Array(Float64)                      CODEC(ZSTD(1)),
    bucket_counts       Array(UInt64)                       CODEC(ZSTD(1)),
    attributes          Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (service_name, name, sfu_node_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

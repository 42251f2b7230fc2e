-- Makes what alerts need: minutes that only a promise counts, and the history of alerts. ClickHouse holds all state of
-- alerting; wiped queues lose nothing.
-- slo_minute is written by views; the others by the pipelines and by `npm run alerts`. Read by the pipelines,
-- dashboards and the inspector. All but slo_minute replace by key: read them with FINAL.

-- Good and all events of one promise, a minute each: read with sum(good), sum(total).
CREATE TABLE IF NOT EXISTS {database:Identifier}.slo_minute (
    minute    DateTime('UTC')                      CODEC(Delta, ZSTD(1)),
    slo       LowCardinality(String)               CODEC(ZSTD(1)),
    tenant_id LowCardinality(String)               CODEC(ZSTD(1)),
    good      SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    total     SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (slo, minute, tenant_id)
TTL minute + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000;

-- Samples of streams that had arrived 30 s after their window of 5 s ended.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.slo_minute_of_window_arrival
TO {database:Identifier}.slo_minute AS
SELECT
    toDateTime(toStartOfMinute(window_start), 'UTC') AS minute,
    'ingest-freshness' AS slo,
    tenant_id,
    sumIf(a.rows, a.last_received_at <= a.window_start + INTERVAL 35 SECOND) AS good,
    sum(a.rows) AS total
FROM {database:Identifier}.window_arrival AS a
GROUP BY minute, slo, tenant_id;

-- Pieces of text that came within five minutes.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.slo_minute_of_rtc_event
TO {database:Identifier}.slo_minute AS
SELECT
    toDateTime(toStartOfMinute(time), 'UTC') AS minute,
    'transcription' AS slo,
    tenant_id,
    countIf(toFloat64OrZero(attributes['latency_ms']) <= 300000) AS good,
    count() AS total
FROM {database:Identifier}.rtc_event
WHERE name = 'rtc.transcription.segment' AND attributes['latency_ms'] != ''
GROUP BY minute, slo, tenant_id;

-- One alert from its first sign to its end. Columns are those of telemetry/alerts.ts.
CREATE TABLE IF NOT EXISTS {database:Identifier}.alert (
    alert_id    String                         CODEC(ZSTD(1)),
    slo         LowCardinality(String)         CODEC(ZSTD(1)),
    kind        LowCardinality(String)         CODEC(ZSTD(1)),
    severity    LowCardinality(String)         CODEC(ZSTD(1)),
    status      LowCardinality(String)         CODEC(ZSTD(1)),
    group_id    String                         CODEC(ZSTD(1)),
    began_at    DateTime64(3, 'UTC')           CODEC(Delta, ZSTD(1)),
    since_at    DateTime64(3, 'UTC')           CODEC(Delta, ZSTD(1)),
    fired_at    Nullable(DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)),
    calm_at     Nullable(DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)),
    ended_at    Nullable(DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)),
    told        Bool                           CODEC(ZSTD(1)),
    burn_window LowCardinality(String)         CODEC(ZSTD(1)),
    burn        Nullable(Float64)              CODEC(ZSTD(1)),
    bad         Nullable(Float64)              CODEC(ZSTD(1)),
    total       Nullable(Float64)              CODEC(ZSTD(1)),
    factor      String                         CODEC(ZSTD(1)),
    headline    String                         CODEC(ZSTD(1)),
    explanation String                         CODEC(ZSTD(1)),
    revision    UInt64                         CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
ORDER BY alert_id
TTL toDateTime(began_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000;

-- What is to be told to whom, and whether it has been. A row with `sent_at` is done.
CREATE TABLE IF NOT EXISTS {database:Identifier}.alert_notice (
    receiver   LowCardinality(String)         CODEC(ZSTD(1)),
    notice_id  String                         CODEC(ZSTD(1)),
    alert_id   String                         CODEC(ZSTD(1)),
    kind       LowCardinality(String)         CODEC(ZSTD(1)),
    made_at    DateTime64(3, 'UTC')           CODEC(Delta, ZSTD(1)),
    message    String                         CODEC(ZSTD(1)),
    sent_at    Nullable(DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)),
    attempts   UInt32                         CODEC(ZSTD(1)),
    last_error String                         CODEC(ZSTD(1)),
    revision   UInt64                         CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
ORDER BY (receiver, notice_id)
TTL toDateTime(made_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000;

-- Times in which alerts are kept but told to nobody. `slo` empty: all of them.
CREATE TABLE IF NOT EXISTS {database:Identifier}.alert_maintenance (
    maintenance_id String                 CODEC(ZSTD(1)),
    slo            LowCardinality(String) CODEC(ZSTD(1)),
    from_at        DateTime64(3, 'UTC')   CODEC(ZSTD(1)),
    to_at          DateTime64(3, 'UTC')   CODEC(ZSTD(1)),
    reason         String                 CODEC(ZSTD(1)),
    revision       UInt64                 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
ORDER BY maintenance_id
TTL toDateTime(to_at) + INTERVAL 400 DAY;

-- Up to which minute alerts have been evaluated. Read with max(through).
CREATE TABLE IF NOT EXISTS {database:Identifier}.alert_run (
    through DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    took_ms UInt32               CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
ORDER BY through
TTL toDateTime(through) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000;

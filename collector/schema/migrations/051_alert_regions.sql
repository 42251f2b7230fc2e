-- Makes what alerts about one region need: the minutes of promises by region, and whom an alert is about.
-- slo_region_minute is written by the pipelines (a person's country may be known later than what happened to them, so
-- that no view can do it). Read by the pipelines and dashboards with FINAL; `region` is a country, '' where not known.

CREATE TABLE IF NOT EXISTS {database:Identifier}.slo_region_minute (
    minute   DateTime('UTC')        CODEC(Delta, ZSTD(1)),
    slo      LowCardinality(String) CODEC(ZSTD(1)),
    region   LowCardinality(String) CODEC(ZSTD(1)),
    good     UInt64                 CODEC(T64, ZSTD(1)),
    total    UInt64                 CODEC(T64, ZSTD(1)),
    -- When it was counted: a minute is counted again while late data may change it.
    revision UInt64                 CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, slo, region)
TTL minute + INTERVAL 400 DAY;

ALTER TABLE {database:Identifier}.alert ADD COLUMN IF NOT EXISTS scope LowCardinality(String) CODEC(ZSTD(1)) AFTER severity;

-- The last minutes of these tables are read every minute, whatever the calls: without it, all of the day is.
ALTER TABLE {database:Identifier}.stream_score ADD INDEX IF NOT EXISTS window_start_range window_start TYPE minmax GRANULARITY 1;

ALTER TABLE {database:Identifier}.rtc_span ADD INDEX IF NOT EXISTS time_range time TYPE minmax GRANULARITY 1;

-- Makes stream_minute: the scores of one stream at one point of observation over a minute, so that a page about a long
-- call, and the call's summaries, read a twelfth of the rows and need not look for what replaced what.
-- Written by pipelines with every window that is scored, late ones too: the whole minute anew, from stream_score.
-- Read by the inspector and by pipelines, with FINAL: the highest revision counts.

CREATE TABLE IF NOT EXISTS {database:Identifier}.stream_minute (
    tenant_id   String                 CODEC(ZSTD(1)),
    call_id     String                 CODEC(ZSTD(1)),
    minute      DateTime('UTC')        CODEC(Delta, ZSTD(1)),
    point       LowCardinality(String) CODEC(ZSTD(1)),
    kind        LowCardinality(String) CODEC(ZSTD(1)),
    producer_id String                 CODEC(ZSTD(1)),
    consumer_id String                 CODEC(ZSTD(1)),
    -- As the last window of the minute has them: who sends is not known in the first windows of a call.
    source      LowCardinality(String) CODEC(ZSTD(1)),
    scale       LowCardinality(String) CODEC(ZSTD(1)),
    sender_id   String                 CODEC(ZSTD(1)),
    receiver_id String                 CODEC(ZSTD(1)),
    window_ms   UInt32                 CODEC(ZSTD(1)),
    -- Windows that have a score; and that have a bad one (MOS under 3.1, G.109).
    scored      UInt16                 CODEC(T64, ZSTD(1)),
    bad         UInt16                 CODEC(T64, ZSTD(1)),
    -- Windows without a score, by reason.
    unscored    Map(LowCardinality(String), UInt16) CODEC(ZSTD(1)),
    mos_sum     Float64                CODEC(ZSTD(1)),
    mos_min     Nullable(Float64)      CODEC(ZSTD(1)),
    -- Sums over the windows in which the value is known, and how many these are.
    loss_sum    Float64                CODEC(ZSTD(1)),
    loss_known  UInt16                 CODEC(T64, ZSTD(1)),
    delay_sum   Float64                CODEC(ZSTD(1)),
    delay_known UInt16                 CODEC(T64, ZSTD(1)),
    -- The minute's windows in order of time.
    windows     Array(Tuple(
        offset_ms         UInt16,
        mos               Nullable(Float64),
        concealed_ratio   Nullable(Float64),
        delay_ms          Nullable(Float64),
        frozen_ms         Nullable(Float64),
        frames_per_second Nullable(Float64),
        frame_height      Nullable(UInt32),
        spatial_layer     Nullable(Int8)
    ))                                 CODEC(ZSTD(1)),
    revision    UInt64                 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY toDate(minute)
ORDER BY (tenant_id, call_id, minute, point, kind, producer_id, consumer_id)
TTL minute + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- What was scored before. In the order that the scores lie in, so that it takes little memory.
INSERT INTO {database:Identifier}.stream_minute
SELECT
    tenant_id, call_id, toStartOfMinute(s.window_start) AS minute, point, kind, producer_id, consumer_id,
    argMax(s.source, s.window_start) AS source, argMax(s.scale, s.window_start) AS scale,
    argMax(s.sender_id, s.window_start) AS sender_id, argMax(s.receiver_id, s.window_start) AS receiver_id,
    max(s.window_ms) AS window_ms,
    countIf(s.mos IS NOT NULL) AS scored, countIf(s.mos < 3.1) AS bad,
    sumMapIf(map(s.unclassified, toUInt16(1)), s.mos IS NULL) AS unscored,
    sum(ifNull(s.mos, 0)) AS mos_sum, min(s.mos) AS mos_min,
    sum(ifNull(s.loss_ratio, 0)) AS loss_sum, countIf(s.loss_ratio IS NOT NULL) AS loss_known,
    sum(ifNull(s.delay_ms, 0)) AS delay_sum, countIf(s.delay_ms IS NOT NULL) AS delay_known,
    arraySort(w -> w.1, groupArray((
        toUInt16(toUnixTimestamp64Milli(s.window_start) % 60000), s.mos, s.concealed_ratio, s.delay_ms, s.frozen_ms,
        s.frames_per_second, s.frame_height, s.spatial_layer
    ))) AS windows,
    1 AS revision
FROM {database:Identifier}.stream_score AS s FINAL
GROUP BY tenant_id, call_id, minute, point, kind, producer_id, consumer_id
SETTINGS optimize_aggregation_in_order = 1;

-- Makes receiver_minute: the worst score of what one participant received, window by window, over a minute, and the windows
-- that were bad. Strips and verdict of the inspector's page need nothing else, and a row where stream_minute has one for
-- every stream.
-- Written by pipelines right after stream_minute, from it. Read by the inspector, with FINAL: the highest revision counts.

CREATE TABLE IF NOT EXISTS {database:Identifier}.receiver_minute (
    tenant_id   String                 CODEC(ZSTD(1)),
    call_id     String                 CODEC(ZSTD(1)),
    minute      DateTime('UTC')        CODEC(Delta, ZSTD(1)),
    kind        LowCardinality(String) CODEC(ZSTD(1)),
    receiver_id String                 CODEC(ZSTD(1)),
    -- Windows that have a score, in order of time, ms after the minute began; and the worst score in each.
    offsets_ms  Array(UInt16)          CODEC(ZSTD(1)),
    worst_mos   Array(Float64)         CODEC(ZSTD(1)),
    -- Windows of streams with a bad score (MOS under 3.1, G.109), in order of time. Whose stream it is stands in stream_minute.
    bad         Array(Tuple(
        producer_id       String,
        offset_ms         UInt16,
        window_ms         UInt32,
        mos               Nullable(Float64),
        concealed_ratio   Nullable(Float64),
        frozen_ms         Nullable(Float64),
        frames_per_second Nullable(Float64),
        frame_height      Nullable(UInt32),
        delay_ms          Nullable(Float64)
    ))                                 CODEC(ZSTD(1)),
    revision    UInt64                 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY toDate(minute)
ORDER BY (tenant_id, call_id, minute, kind, receiver_id)
TTL minute + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- What was scored before.
INSERT INTO {database:Identifier}.receiver_minute
WITH arraySort(groupArrayIf((offset_ms, assumeNotNull(worst)), worst IS NOT NULL)) AS scored
SELECT
    tenant_id, call_id, minute, kind, receiver_id, tupleElement(scored, 1) AS offsets_ms, tupleElement(scored, 2) AS worst_mos,
    arraySort(b -> (b.2, b.1), arrayFlatten(groupArray(torn))) AS bad,
    1 AS revision
FROM (
    SELECT
        tenant_id, call_id, m.minute AS minute, kind, receiver_id, w.offset_ms AS offset_ms, min(w.mos) AS worst,
        groupArrayIf(
            (
                producer_id, w.offset_ms, window_ms, w.mos, w.concealed_ratio, w.frozen_ms, w.frames_per_second, w.frame_height,
                w.delay_ms
            ),
            ifNull(w.mos < 3.1, 0)
        ) AS torn
    FROM {database:Identifier}.stream_minute AS m FINAL
    ARRAY JOIN m.windows AS w
    WHERE point = 'receiver'
    GROUP BY tenant_id, call_id, minute, kind, receiver_id, offset_ms
)
GROUP BY tenant_id, call_id, minute, kind, receiver_id;

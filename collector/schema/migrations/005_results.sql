-- Makes the tables of results: scores, summaries, incidents, decisions. Columns are those of telemetry/rows.ts
-- (a test compares them), whose comments say what each means. Times travel as epoch milliseconds in JSON.
-- Written by pipelines. Read by inspector, dashboards, alerts and by pipelines themselves.
-- All replace by key: the highest `revision` counts, so read them with FINAL.

CREATE TABLE IF NOT EXISTS {database:Identifier}.stream_score (
    tenant_id         String                        CODEC(ZSTD(1)),
    call_id           String                        CODEC(ZSTD(1)),
    window_start      DateTime64(3, 'UTC')          CODEC(Delta, ZSTD(1)),
    window_ms         UInt32                        CODEC(ZSTD(1)),
    point             LowCardinality(String)        CODEC(ZSTD(1)),
    kind              LowCardinality(String)        CODEC(ZSTD(1)),
    source            LowCardinality(String)        CODEC(ZSTD(1)),
    sender_id         String                        CODEC(ZSTD(1)),
    receiver_id       String                        CODEC(ZSTD(1)),
    producer_id       String                        CODEC(ZSTD(1)),
    consumer_id       String                        CODEC(ZSTD(1)),
    sfu_node_id       LowCardinality(String)        CODEC(ZSTD(1)),
    mos               Nullable(Float64)             CODEC(ZSTD(1)),
    scale             LowCardinality(String)        CODEC(ZSTD(1)),
    model             LowCardinality(String)        CODEC(ZSTD(1)),
    confidence        Float64                       CODEC(ZSTD(1)),
    unclassified      LowCardinality(String)        CODEC(ZSTD(1)),
    inputs            String                        CODEC(ZSTD(1)),
    missing           Array(LowCardinality(String)) CODEC(ZSTD(1)),
    bitrate_bps       Nullable(Float64)             CODEC(ZSTD(1)),
    loss_ratio        Nullable(Float64)             CODEC(ZSTD(1)),
    concealed_ratio   Nullable(Float64)             CODEC(ZSTD(1)),
    jitter_ms         Nullable(Float64)             CODEC(ZSTD(1)),
    round_trip_ms     Nullable(Float64)             CODEC(ZSTD(1)),
    delay_ms          Nullable(Float64)             CODEC(ZSTD(1)),
    frames_per_second Nullable(Float64)             CODEC(ZSTD(1)),
    frame_width       Nullable(UInt32)              CODEC(ZSTD(1)),
    frame_height      Nullable(UInt32)              CODEC(ZSTD(1)),
    frozen_ms         Nullable(Float64)             CODEC(ZSTD(1)),
    spatial_layer     Nullable(Int8)                CODEC(ZSTD(1)),
    revision          UInt64                        CODEC(ZSTD(1)),
    scored_at         DateTime64(3, 'UTC')          CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
PARTITION BY toDate(window_start)
ORDER BY (tenant_id, call_id, window_start, point, kind, producer_id, consumer_id)
TTL toDateTime(window_start) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS {database:Identifier}.participant_summary (
    tenant_id              String               CODEC(ZSTD(1)),
    call_id                String               CODEC(ZSTD(1)),
    room_id                String               CODEC(ZSTD(1)),
    participant_id         String               CODEC(ZSTD(1)),
    display_name           String               CODEC(ZSTD(1)),
    first_seen_at          DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    last_seen_at           DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    audio_mos_mean         Nullable(Float64)    CODEC(ZSTD(1)),
    audio_mos_worst_minute Nullable(Float64)    CODEC(ZSTD(1)),
    video_mos_mean         Nullable(Float64)    CODEC(ZSTD(1)),
    video_mos_worst_minute Nullable(Float64)    CODEC(ZSTD(1)),
    bad_window_ratio       Nullable(Float64)    CODEC(ZSTD(1)),
    incidents              UInt32               CODEC(ZSTD(1)),
    decisions              UInt32               CODEC(ZSTD(1)),
    revision               UInt64               CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
ORDER BY (tenant_id, call_id, participant_id)
TTL toDateTime(last_seen_at) + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS {database:Identifier}.call_summary (
    tenant_id              String               CODEC(ZSTD(1)),
    call_id                String               CODEC(ZSTD(1)),
    room_id                String               CODEC(ZSTD(1)),
    started_at             DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    last_seen_at           DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    participants           UInt32               CODEC(ZSTD(1)),
    audio_mos_mean         Nullable(Float64)    CODEC(ZSTD(1)),
    audio_mos_worst_minute Nullable(Float64)    CODEC(ZSTD(1)),
    video_mos_mean         Nullable(Float64)    CODEC(ZSTD(1)),
    video_mos_worst_minute Nullable(Float64)    CODEC(ZSTD(1)),
    bad_window_ratio       Nullable(Float64)    CODEC(ZSTD(1)),
    incidents              UInt32               CODEC(ZSTD(1)),
    decisions              UInt32               CODEC(ZSTD(1)),
    revision               UInt64               CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
ORDER BY (tenant_id, call_id)
TTL toDateTime(last_seen_at) + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS {database:Identifier}.incident (
    tenant_id      String                         CODEC(ZSTD(1)),
    call_id        String                         CODEC(ZSTD(1)),
    incident_id    String                         CODEC(ZSTD(1)),
    kind           LowCardinality(String)         CODEC(ZSTD(1)),
    detector       LowCardinality(String)         CODEC(ZSTD(1)),
    hop            LowCardinality(String)         CODEC(ZSTD(1)),
    participant_id String                         CODEC(ZSTD(1)),
    subject_id     String                         CODEC(ZSTD(1)),
    severity       LowCardinality(String)         CODEC(ZSTD(1)),
    confidence     Float64                        CODEC(ZSTD(1)),
    started_at     DateTime64(3, 'UTC')           CODEC(Delta, ZSTD(1)),
    detected_at    DateTime64(3, 'UTC')           CODEC(Delta, ZSTD(1)),
    ended_at       Nullable(DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)),
    evidence       String                         CODEC(ZSTD(1)),
    sentence       String                         CODEC(ZSTD(1)),
    affected       Array(String)                  CODEC(ZSTD(1)),
    revision       UInt64                         CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
ORDER BY (tenant_id, call_id, incident_id)
TTL toDateTime(started_at) + INTERVAL 400 DAY;

CREATE TABLE IF NOT EXISTS {database:Identifier}.decision (
    tenant_id        String                         CODEC(ZSTD(1)),
    call_id          String                         CODEC(ZSTD(1)),
    decision_id      String                         CODEC(ZSTD(1)),
    incident_id      String                         CODEC(ZSTD(1)),
    kind             LowCardinality(String)         CODEC(ZSTD(1)),
    participant_id   String                         CODEC(ZSTD(1)),
    sfu_node_id      LowCardinality(String)         CODEC(ZSTD(1)),
    params           String                         CODEC(ZSTD(1)),
    reason           String                         CODEC(ZSTD(1)),
    evidence         String                         CODEC(ZSTD(1)),
    confidence       Float64                        CODEC(ZSTD(1)),
    ttl_ms           UInt32                         CODEC(ZSTD(1)),
    decided_at       DateTime64(3, 'UTC')           CODEC(Delta, ZSTD(1)),
    sent_at          DateTime64(3, 'UTC')           CODEC(Delta, ZSTD(1)),
    applied_at       Nullable(DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)),
    lifted_at        Nullable(DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)),
    lift_reason      LowCardinality(String)         CODEC(ZSTD(1)),
    outcome          LowCardinality(String)         CODEC(ZSTD(1)),
    outcome_evidence String                         CODEC(ZSTD(1)),
    revision         UInt64                         CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
ORDER BY (tenant_id, call_id, decision_id)
TTL toDateTime(decided_at) + INTERVAL 400 DAY;

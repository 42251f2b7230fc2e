-- Makes what dashboards read, so that a panel costs what its time range holds and not what the store holds: copies of
-- the tables of results ordered by time (the results themselves are ordered by call, for the inspector), minutes of
-- joins, events and quality, and the dimensions of a participant.
-- All are written by views; read by dashboards. Copies replace by key like the results: read them with FINAL.
-- Minutes are sums and quantile states: read them with sum() and quantiles…Merge(). A window that late data made be
-- scored again counts again in its minute; the dashboard "Pipeline health" shows how many are.

-- Every revision of a call_summary; a row whose start moved stands there twice until read with LIMIT 1 BY.
CREATE TABLE IF NOT EXISTS {database:Identifier}.call_by_time (
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
PARTITION BY toYYYYMM(started_at)
ORDER BY (started_at, tenant_id, call_id)
TTL toDateTime(last_seen_at) + INTERVAL 400 DAY;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.call_by_time_of_call_summary
TO {database:Identifier}.call_by_time AS
SELECT
    tenant_id, call_id, room_id, started_at, last_seen_at, participants, audio_mos_mean, audio_mos_worst_minute,
    video_mos_mean, video_mos_worst_minute, bad_window_ratio, incidents, decisions, revision
FROM {database:Identifier}.call_summary;

INSERT INTO {database:Identifier}.call_by_time (
    tenant_id, call_id, room_id, started_at, last_seen_at, participants, audio_mos_mean, audio_mos_worst_minute,
    video_mos_mean, video_mos_worst_minute, bad_window_ratio, incidents, decisions, revision
)
SELECT
    tenant_id, call_id, room_id, started_at, last_seen_at, participants, audio_mos_mean, audio_mos_worst_minute,
    video_mos_mean, video_mos_worst_minute, bad_window_ratio, incidents, decisions, revision
FROM {database:Identifier}.call_summary FINAL;

CREATE TABLE IF NOT EXISTS {database:Identifier}.participant_by_time (
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
PARTITION BY toYYYYMM(first_seen_at)
ORDER BY (first_seen_at, tenant_id, call_id, participant_id)
TTL toDateTime(last_seen_at) + INTERVAL 400 DAY;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.participant_by_time_of_participant_summary
TO {database:Identifier}.participant_by_time AS
SELECT
    tenant_id, call_id, room_id, participant_id, display_name, first_seen_at, last_seen_at, audio_mos_mean,
    audio_mos_worst_minute, video_mos_mean, video_mos_worst_minute, bad_window_ratio, incidents, decisions,
    revision
FROM {database:Identifier}.participant_summary;

INSERT INTO {database:Identifier}.participant_by_time (
    tenant_id, call_id, room_id, participant_id, display_name, first_seen_at, last_seen_at, audio_mos_mean,
    audio_mos_worst_minute, video_mos_mean, video_mos_worst_minute, bad_window_ratio, incidents, decisions,
    revision
)
SELECT
    tenant_id, call_id, room_id, participant_id, display_name, first_seen_at, last_seen_at, audio_mos_mean,
    audio_mos_worst_minute, video_mos_mean, video_mos_worst_minute, bad_window_ratio, incidents, decisions,
    revision
FROM {database:Identifier}.participant_summary FINAL;

CREATE TABLE IF NOT EXISTS {database:Identifier}.incident_by_time (
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
PARTITION BY toYYYYMM(started_at)
ORDER BY (started_at, tenant_id, call_id, incident_id)
TTL toDateTime(started_at) + INTERVAL 400 DAY;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.incident_by_time_of_incident
TO {database:Identifier}.incident_by_time AS
SELECT
    tenant_id, call_id, incident_id, kind, detector, hop, participant_id, subject_id, severity, confidence,
    started_at, detected_at, ended_at, evidence, sentence, affected, revision
FROM {database:Identifier}.incident;

INSERT INTO {database:Identifier}.incident_by_time (
    tenant_id, call_id, incident_id, kind, detector, hop, participant_id, subject_id, severity, confidence,
    started_at, detected_at, ended_at, evidence, sentence, affected, revision
)
SELECT
    tenant_id, call_id, incident_id, kind, detector, hop, participant_id, subject_id, severity, confidence,
    started_at, detected_at, ended_at, evidence, sentence, affected, revision
FROM {database:Identifier}.incident FINAL;

CREATE TABLE IF NOT EXISTS {database:Identifier}.decision_by_time (
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
PARTITION BY toYYYYMM(decided_at)
ORDER BY (decided_at, tenant_id, call_id, decision_id)
TTL toDateTime(decided_at) + INTERVAL 400 DAY;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.decision_by_time_of_decision
TO {database:Identifier}.decision_by_time AS
SELECT
    tenant_id, call_id, decision_id, incident_id, kind, participant_id, sfu_node_id, params, reason, evidence,
    confidence, ttl_ms, decided_at, sent_at, applied_at, lifted_at, lift_reason, outcome, outcome_evidence,
    revision
FROM {database:Identifier}.decision;

INSERT INTO {database:Identifier}.decision_by_time (
    tenant_id, call_id, decision_id, incident_id, kind, participant_id, sfu_node_id, params, reason, evidence,
    confidence, ttl_ms, decided_at, sent_at, applied_at, lifted_at, lift_reason, outcome, outcome_evidence,
    revision
)
SELECT
    tenant_id, call_id, decision_id, incident_id, kind, participant_id, sfu_node_id, params, reason, evidence,
    confidence, ttl_ms, decided_at, sent_at, applied_at, lifted_at, lift_reason, outcome, outcome_evidence,
    revision
FROM {database:Identifier}.decision FINAL;

-- One participant of one call: what to compare by. Text that is not known is ''; of several values the greatest counts.
CREATE TABLE IF NOT EXISTS {database:Identifier}.participant_dimension (
    tenant_id       String                                             CODEC(ZSTD(1)),
    call_id         String                                             CODEC(ZSTD(1)),
    participant_id  String                                             CODEC(ZSTD(1)),
    seen_at         SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)),
    country         SimpleAggregateFunction(max, String)               CODEC(ZSTD(1)),
    operator        SimpleAggregateFunction(max, String)               CODEC(ZSTD(1)),
    browser         SimpleAggregateFunction(max, String)               CODEC(ZSTD(1)),
    browser_version SimpleAggregateFunction(max, String)               CODEC(ZSTD(1)),
    platform        SimpleAggregateFunction(max, String)               CODEC(ZSTD(1)),
    sfu_node_id     SimpleAggregateFunction(max, String)               CODEC(ZSTD(1)),
    candidate_type  SimpleAggregateFunction(max, String)               CODEC(ZSTD(1)),
    protocol        SimpleAggregateFunction(max, String)               CODEC(ZSTD(1)),
    relay_protocol  SimpleAggregateFunction(max, String)               CODEC(ZSTD(1)),
    video_codec     SimpleAggregateFunction(max, String)               CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
ORDER BY (tenant_id, call_id, participant_id)
TTL toDateTime(seen_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000;

-- Browsers without client hints say their name within the long user agent string only.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.participant_dimension_of_rtc_event
TO {database:Identifier}.participant_dimension AS
SELECT
    tenant_id,
    call_id,
    participant_id,
    max(time) AS seen_at,
    max(attributes['geo.country.iso_code']) AS country,
    max(attributes['network.carrier.name']) AS operator,
    max(multiIf(
        attributes['user_agent.name'] != '', attributes['user_agent.name'],
        position(attributes['user_agent.original'], 'Firefox/') > 0, 'Firefox',
        position(attributes['user_agent.original'], 'Safari/') > 0, 'Safari',
        '')) AS browser,
    max(multiIf(
        attributes['user_agent.version'] != '', attributes['user_agent.version'],
        extract(attributes['user_agent.original'], '(?:Firefox|Version)/([0-9]+)'))) AS browser_version,
    max(attributes['browser.platform']) AS platform,
    max(e.sfu_node_id) AS sfu_node_id,
    maxIf(attributes['local_type'], name = 'rtc.ice.pair_changed') AS candidate_type,
    maxIf(attributes['protocol'], name = 'rtc.ice.pair_changed') AS protocol,
    maxIf(attributes['relay_protocol'], name = 'rtc.ice.pair_changed') AS relay_protocol,
    '' AS video_codec
FROM {database:Identifier}.rtc_event AS e
WHERE call_id != '' AND participant_id != ''
GROUP BY tenant_id, call_id, participant_id;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.participant_dimension_of_rtc_stats_codec
TO {database:Identifier}.participant_dimension AS
SELECT
    tenant_id,
    call_id,
    participant_id,
    max(time) AS seen_at,
    max(c.sfu_node_id) AS sfu_node_id,
    maxIf(replaceOne(mime_type, 'video/', ''), match(mime_type, '^video/(?:VP8|VP9|H264|H265|AV1)$')) AS video_codec
FROM {database:Identifier}.rtc_stats_codec AS c
WHERE call_id != '' AND participant_id != ''
GROUP BY tenant_id, call_id, participant_id;

-- Steps of joins as clients told them, a minute each. `cause`: why it failed, numbers taken out; '' when it did not.
CREATE TABLE IF NOT EXISTS {database:Identifier}.join_minute (
    minute    DateTime('UTC')                                        CODEC(Delta, ZSTD(1)),
    tenant_id LowCardinality(String)                                 CODEC(ZSTD(1)),
    step      LowCardinality(String)                                 CODEC(ZSTD(1)),
    cause     LowCardinality(String)                                 CODEC(ZSTD(1)),
    spans     SimpleAggregateFunction(sum, UInt64)                   CODEC(T64, ZSTD(1)),
    failed    SimpleAggregateFunction(sum, UInt64)                   CODEC(T64, ZSTD(1)),
    within_3s SimpleAggregateFunction(sum, UInt64)                   CODEC(T64, ZSTD(1)),
    duration  AggregateFunction(quantilesTDigest(0.5, 0.95), UInt64) CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, tenant_id, step, cause)
TTL minute + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.join_minute_of_rtc_span
TO {database:Identifier}.join_minute AS
SELECT
    toDateTime(toStartOfMinute(time), 'UTC') AS minute,
    tenant_id,
    name AS step,
    if(status_code = 'error', replaceRegexpAll(substringUTF8(status_message, 1, 80), '[0-9]+', '#'), '') AS cause,
    count() AS spans,
    countIf(status_code = 'error') AS failed,
    countIf(status_code != 'error' AND duration_us <= 3000000) AS within_3s,
    quantilesTDigestState(0.5, 0.95)(duration_us) AS duration
FROM {database:Identifier}.rtc_span
WHERE source = 'client' AND (name = 'rtc.join' OR startsWith(name, 'rtc.join.'))
GROUP BY minute, tenant_id, step, cause;

-- How often what happened, a minute each. `detail`: the state, code or reason that the event carries.
-- `took`: its latency or duration, ms, where it carries one.
CREATE TABLE IF NOT EXISTS {database:Identifier}.event_minute (
    minute      DateTime('UTC')                      CODEC(Delta, ZSTD(1)),
    name        LowCardinality(String)               CODEC(ZSTD(1)),
    detail      LowCardinality(String)               CODEC(ZSTD(1)),
    source      LowCardinality(String)               CODEC(ZSTD(1)),
    tenant_id   LowCardinality(String)               CODEC(ZSTD(1)),
    sfu_node_id LowCardinality(String)               CODEC(ZSTD(1)),
    events      SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    took        AggregateFunction(quantilesTDigest(0.5, 0.95), Float32) CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, name, detail, source, tenant_id, sfu_node_id)
TTL minute + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.event_minute_of_rtc_event
TO {database:Identifier}.event_minute AS
SELECT
    toDateTime(toStartOfMinute(time), 'UTC') AS minute,
    name,
    replaceRegexpAll(substringUTF8(multiIf(
        attributes['state'] != '', attributes['state'],
        attributes['code'] != '', attributes['code'],
        attributes['result'] != '', attributes['result'],
        attributes['reason'] != '', attributes['reason'],
        attributes['name']), 1, 64), '[0-9]+', '#') AS detail,
    source,
    tenant_id,
    sfu_node_id,
    count() AS events,
    quantilesTDigestState(0.5, 0.95)(toFloat32(ifNull(toFloat32OrNull(
        if(attributes['latency_ms'] != '', attributes['latency_ms'], attributes['duration_ms'])), nan))) AS took
FROM {database:Identifier}.rtc_event
GROUP BY minute, name, detail, source, tenant_id, sfu_node_id;

-- What was heard and seen (point `receiver`), a minute each. Not a number is not known: digests leave it out.
-- `_good`: windows within the objective (MOS > 4.0, loss < 1 %, jitter < 30 ms, delay < 300 ms) of those `_known`.
CREATE TABLE IF NOT EXISTS {database:Identifier}.quality_minute (
    minute          DateTime('UTC')                                               CODEC(Delta, ZSTD(1)),
    tenant_id       LowCardinality(String)                                        CODEC(ZSTD(1)),
    kind            LowCardinality(String)                                        CODEC(ZSTD(1)),
    sfu_node_id     LowCardinality(String)                                        CODEC(ZSTD(1)),
    windows         SimpleAggregateFunction(sum, UInt64)                          CODEC(T64, ZSTD(1)),
    scored          SimpleAggregateFunction(sum, UInt64)                          CODEC(T64, ZSTD(1)),
    bad             SimpleAggregateFunction(sum, UInt64)                          CODEC(T64, ZSTD(1)),
    frozen_ms       SimpleAggregateFunction(sum, Float64)                         CODEC(ZSTD(1)),
    watched_ms      SimpleAggregateFunction(sum, UInt64)                          CODEC(T64, ZSTD(1)),
    bits            SimpleAggregateFunction(sum, Float64)                         CODEC(ZSTD(1)),
    mos             AggregateFunction(quantilesTDigest(0.05, 0.5), Float32)       CODEC(ZSTD(1)),
    loss_ratio      AggregateFunction(quantilesTDigest(0.5, 0.95), Float32)       CODEC(ZSTD(1)),
    jitter_ms       AggregateFunction(quantilesTDigest(0.5, 0.95), Float32)       CODEC(ZSTD(1)),
    delay_ms        AggregateFunction(quantilesTDigest(0.5, 0.95), Float32)       CODEC(ZSTD(1)),
    mos_good        SimpleAggregateFunction(sum, UInt64)                          CODEC(T64, ZSTD(1)),
    loss_known      SimpleAggregateFunction(sum, UInt64)                          CODEC(T64, ZSTD(1)),
    loss_good       SimpleAggregateFunction(sum, UInt64)                          CODEC(T64, ZSTD(1)),
    jitter_known    SimpleAggregateFunction(sum, UInt64)                          CODEC(T64, ZSTD(1)),
    jitter_good     SimpleAggregateFunction(sum, UInt64)                          CODEC(T64, ZSTD(1)),
    delay_known     SimpleAggregateFunction(sum, UInt64)                          CODEC(T64, ZSTD(1)),
    delay_good      SimpleAggregateFunction(sum, UInt64)                          CODEC(T64, ZSTD(1)),
    calls           AggregateFunction(uniqCombined(12), String)                   CODEC(ZSTD(1)),
    participants    AggregateFunction(uniqCombined(12), String)                   CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, tenant_id, kind, sfu_node_id)
TTL minute + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.quality_minute_of_stream_score
TO {database:Identifier}.quality_minute AS
SELECT
    toDateTime(toStartOfMinute(window_start), 'UTC') AS minute,
    tenant_id,
    kind,
    sfu_node_id,
    count() AS windows,
    countIf(s.mos IS NOT NULL) AS scored,
    countIf(s.mos < 3.1) AS bad,
    sum(ifNull(s.frozen_ms, 0)) AS frozen_ms,
    sumIf(s.window_ms, s.frozen_ms IS NOT NULL) AS watched_ms,
    sum(ifNull(s.bitrate_bps, 0) * s.window_ms / 1000) AS bits,
    quantilesTDigestState(0.05, 0.5)(toFloat32(ifNull(s.mos, nan))) AS mos,
    quantilesTDigestState(0.5, 0.95)(toFloat32(ifNull(s.loss_ratio, nan))) AS loss_ratio,
    quantilesTDigestState(0.5, 0.95)(toFloat32(ifNull(s.jitter_ms, nan))) AS jitter_ms,
    quantilesTDigestState(0.5, 0.95)(toFloat32(ifNull(s.delay_ms, nan))) AS delay_ms,
    countIf(s.mos > 4.0) AS mos_good,
    countIf(s.loss_ratio IS NOT NULL) AS loss_known,
    countIf(s.loss_ratio < 0.01) AS loss_good,
    countIf(s.jitter_ms IS NOT NULL) AS jitter_known,
    countIf(s.jitter_ms < 30) AS jitter_good,
    countIf(s.delay_ms IS NOT NULL) AS delay_known,
    countIf(s.delay_ms < 300) AS delay_good,
    uniqCombinedState(12)(call_id) AS calls,
    uniqCombinedState(12)(concat(call_id, '/', receiver_id)) AS participants
FROM {database:Identifier}.stream_score AS s
WHERE point = 'receiver'
GROUP BY minute, tenant_id, kind, sfu_node_id;

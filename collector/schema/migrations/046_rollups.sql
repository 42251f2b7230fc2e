-- Makes quality comparable by what people ask for. quality_minute gets the receiver's country, operator, browser and its
-- version, the video codec and the relay's protocol beside node and kind, and quality_hour holds the same by the hour for
-- a year. Both are written by views and read by dashboards, alerts and the inspector, with sum() and quantiles…Merge().
-- A dimension that is not known, or not yet, is '': the first windows of a call come before the facts of its people.

ALTER TABLE {database:Identifier}.quality_minute
    ADD COLUMN IF NOT EXISTS country LowCardinality(String) CODEC(ZSTD(1)) AFTER sfu_node_id,
    ADD COLUMN IF NOT EXISTS operator LowCardinality(String) CODEC(ZSTD(1)) AFTER country,
    ADD COLUMN IF NOT EXISTS browser LowCardinality(String) CODEC(ZSTD(1)) AFTER operator,
    ADD COLUMN IF NOT EXISTS browser_version LowCardinality(String) CODEC(ZSTD(1)) AFTER browser,
    ADD COLUMN IF NOT EXISTS codec LowCardinality(String) CODEC(ZSTD(1)) AFTER browser_version,
    ADD COLUMN IF NOT EXISTS relay_protocol LowCardinality(String) CODEC(ZSTD(1)) AFTER codec,
    MODIFY ORDER BY (minute, tenant_id, kind, sfu_node_id, country, operator, browser, browser_version, codec, relay_protocol);

-- The facts of a block's receivers are read once for the block, by the calls that are in it. Where a sender is meant
-- (point `receiver` has both), the receiver's facts count: that is who heard and saw it.
ALTER TABLE {database:Identifier}.quality_minute_of_stream_score MODIFY QUERY
SELECT
    toDateTime(toStartOfMinute(s.window_start), 'UTC') AS minute,
    s.tenant_id AS tenant_id,
    s.kind AS kind,
    s.sfu_node_id AS sfu_node_id,
    d.country AS country,
    d.operator AS operator,
    d.browser AS browser,
    d.browser_version AS browser_version,
    if(s.kind = 'audio', '', d.video_codec) AS codec,
    d.relay_protocol AS relay_protocol,
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
    uniqCombinedState(12)(s.call_id) AS calls,
    uniqCombinedState(12)(concat(s.call_id, '/', s.receiver_id)) AS participants
FROM {database:Identifier}.stream_score AS s
LEFT JOIN (
    SELECT
        tenant_id,
        call_id,
        participant_id,
        substringUTF8(max(p.country), 1, 64) AS country,
        substringUTF8(max(p.operator), 1, 64) AS operator,
        substringUTF8(max(p.browser), 1, 64) AS browser,
        extract(max(p.browser_version), '^[0-9]{1,5}') AS browser_version,
        max(p.video_codec) AS video_codec,
        substringUTF8(max(p.relay_protocol), 1, 16) AS relay_protocol
    FROM {database:Identifier}.participant_dimension AS p
    WHERE (tenant_id, call_id) IN (
        SELECT b.tenant_id, b.call_id FROM {database:Identifier}.stream_score AS b WHERE b.point = 'receiver'
    )
    GROUP BY tenant_id, call_id, participant_id
) AS d ON d.tenant_id = s.tenant_id AND d.call_id = s.call_id AND d.participant_id = s.receiver_id
WHERE s.point = 'receiver'
GROUP BY minute, tenant_id, kind, sfu_node_id, country, operator, browser, browser_version, codec, relay_protocol;

CREATE TABLE IF NOT EXISTS {database:Identifier}.quality_hour (
    hour            DateTime('UTC')                                         CODEC(Delta, ZSTD(1)),
    tenant_id       LowCardinality(String)                                  CODEC(ZSTD(1)),
    kind            LowCardinality(String)                                  CODEC(ZSTD(1)),
    sfu_node_id     LowCardinality(String)                                  CODEC(ZSTD(1)),
    country         LowCardinality(String)                                  CODEC(ZSTD(1)),
    operator        LowCardinality(String)                                  CODEC(ZSTD(1)),
    browser         LowCardinality(String)                                  CODEC(ZSTD(1)),
    browser_version LowCardinality(String)                                  CODEC(ZSTD(1)),
    codec           LowCardinality(String)                                  CODEC(ZSTD(1)),
    relay_protocol  LowCardinality(String)                                  CODEC(ZSTD(1)),
    windows         SimpleAggregateFunction(sum, UInt64)                    CODEC(T64, ZSTD(1)),
    scored          SimpleAggregateFunction(sum, UInt64)                    CODEC(T64, ZSTD(1)),
    bad             SimpleAggregateFunction(sum, UInt64)                    CODEC(T64, ZSTD(1)),
    frozen_ms       SimpleAggregateFunction(sum, Float64)                   CODEC(ZSTD(1)),
    watched_ms      SimpleAggregateFunction(sum, UInt64)                    CODEC(T64, ZSTD(1)),
    bits            SimpleAggregateFunction(sum, Float64)                   CODEC(ZSTD(1)),
    mos             AggregateFunction(quantilesTDigest(0.05, 0.5), Float32) CODEC(ZSTD(1)),
    loss_ratio      AggregateFunction(quantilesTDigest(0.5, 0.95), Float32) CODEC(ZSTD(1)),
    jitter_ms       AggregateFunction(quantilesTDigest(0.5, 0.95), Float32) CODEC(ZSTD(1)),
    delay_ms        AggregateFunction(quantilesTDigest(0.5, 0.95), Float32) CODEC(ZSTD(1)),
    mos_good        SimpleAggregateFunction(sum, UInt64)                    CODEC(T64, ZSTD(1)),
    loss_known      SimpleAggregateFunction(sum, UInt64)                    CODEC(T64, ZSTD(1)),
    loss_good       SimpleAggregateFunction(sum, UInt64)                    CODEC(T64, ZSTD(1)),
    jitter_known    SimpleAggregateFunction(sum, UInt64)                    CODEC(T64, ZSTD(1)),
    jitter_good     SimpleAggregateFunction(sum, UInt64)                    CODEC(T64, ZSTD(1)),
    delay_known     SimpleAggregateFunction(sum, UInt64)                    CODEC(T64, ZSTD(1)),
    delay_good      SimpleAggregateFunction(sum, UInt64)                    CODEC(T64, ZSTD(1)),
    calls           AggregateFunction(uniqCombined(12), String)             CODEC(ZSTD(1)),
    participants    AggregateFunction(uniqCombined(12), String)             CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, tenant_id, kind, sfu_node_id, country, operator, browser, browser_version, codec, relay_protocol)
TTL hour + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.quality_hour_of_quality_minute
TO {database:Identifier}.quality_hour AS
SELECT
    toStartOfHour(m.minute, 'UTC') AS hour,
    tenant_id, kind, sfu_node_id, country, operator, browser, browser_version, codec, relay_protocol,
    sum(m.windows) AS windows,
    sum(m.scored) AS scored,
    sum(m.bad) AS bad,
    sum(m.frozen_ms) AS frozen_ms,
    sum(m.watched_ms) AS watched_ms,
    sum(m.bits) AS bits,
    quantilesTDigestMergeState(0.05, 0.5)(m.mos) AS mos,
    quantilesTDigestMergeState(0.5, 0.95)(m.loss_ratio) AS loss_ratio,
    quantilesTDigestMergeState(0.5, 0.95)(m.jitter_ms) AS jitter_ms,
    quantilesTDigestMergeState(0.5, 0.95)(m.delay_ms) AS delay_ms,
    sum(m.mos_good) AS mos_good,
    sum(m.loss_known) AS loss_known,
    sum(m.loss_good) AS loss_good,
    sum(m.jitter_known) AS jitter_known,
    sum(m.jitter_good) AS jitter_good,
    sum(m.delay_known) AS delay_known,
    sum(m.delay_good) AS delay_good,
    uniqCombinedMergeState(12)(m.calls) AS calls,
    uniqCombinedMergeState(12)(m.participants) AS participants
FROM {database:Identifier}.quality_minute AS m
GROUP BY hour, tenant_id, kind, sfu_node_id, country, operator, browser, browser_version, codec, relay_protocol;

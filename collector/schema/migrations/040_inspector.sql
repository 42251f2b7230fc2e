-- Makes what the inspector needs: devices to find calls by, its keys, and its audit log.
-- participant_device is written by a view on rtc_event; the other two by the inspector. All are read by it.

-- Browser and system of a participant as its client names them, so that calls are found by them.
CREATE TABLE IF NOT EXISTS {database:Identifier}.participant_device (
    tenant_id      String                 CODEC(ZSTD(1)),
    call_id        String                 CODEC(ZSTD(1)),
    participant_id String                 CODEC(ZSTD(1)),
    browser        LowCardinality(String) CODEC(ZSTD(1)),
    version        LowCardinality(String) CODEC(ZSTD(1)),
    platform       LowCardinality(String) CODEC(ZSTD(1)),
    region         LowCardinality(String) CODEC(ZSTD(1)),
    time           DateTime64(3, 'UTC')   CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree(time)
ORDER BY (tenant_id, call_id, participant_id)
TTL toDateTime(time) + INTERVAL 400 DAY;

-- Once a connection: its states are told by every client, and are few.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.participant_device_of_rtc_event
TO {database:Identifier}.participant_device AS
SELECT
    tenant_id, call_id, participant_id,
    if(attributes['user_agent.name'] != '', attributes['user_agent.name'], substring(attributes['user_agent.original'], 1, 200)) AS browser,
    attributes['user_agent.version'] AS version,
    attributes['browser.platform'] AS platform,
    attributes['geo.country.iso_code'] AS region,
    time
FROM {database:Identifier}.rtc_event
WHERE source = 'client' AND name = 'rtc.connection.state' AND browser != '';

-- Keys for programs, by the hash of their secret. A revoked key stays, so that the audit log can name it.
CREATE TABLE IF NOT EXISTS {database:Identifier}.inspector_key (
    key_id      String,
    tenant_id   String,
    name        String,
    role        LowCardinality(String),
    -- SHA-256 of the secret, hex.
    secret_hash String,
    created_at  DateTime64(3, 'UTC'),
    created_by  String,
    revoked_at  Nullable(DateTime64(3, 'UTC')),
    revision    UInt64
) ENGINE = ReplacingMergeTree(revision)
ORDER BY key_id;

-- Who did what with whose calls. Holds ids and never content; erasing a call leaves it.
CREATE TABLE IF NOT EXISTS {database:Identifier}.inspector_audit (
    tenant_id String                 CODEC(ZSTD(1)),
    time      DateTime64(3, 'UTC')   CODEC(Delta, ZSTD(1)),
    actor     String                 CODEC(ZSTD(1)),
    role      LowCardinality(String) CODEC(ZSTD(1)),
    action    LowCardinality(String) CODEC(ZSTD(1)),
    -- A call, a key or a sign-in link, by its id.
    subject   String                 CODEC(ZSTD(1)),
    detail    String                 CODEC(ZSTD(1))
) ENGINE = MergeTree
ORDER BY (tenant_id, time)
TTL toDateTime(time) + INTERVAL 400 DAY;

-- Makes the webhooks of tenants: who wants to be told of what, and what is to be told. webhook is written by the inspector,
-- webhook_notice by pipelines; both are read by both, with FINAL.

-- The secret that signs is made of the deployment's and the id (telemetry/webhooks.ts), and stands nowhere.
CREATE TABLE IF NOT EXISTS {database:Identifier}.webhook (
    tenant_id  String                        CODEC(ZSTD(1)),
    hook_id    String                        CODEC(ZSTD(1)),
    url        String                        CODEC(ZSTD(1)),
    events     Array(LowCardinality(String)) CODEC(ZSTD(1)),
    created_at DateTime64(3, 'UTC')          CODEC(ZSTD(1)),
    created_by String                        CODEC(ZSTD(1)),
    removed_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    revision   UInt64                        CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
ORDER BY (tenant_id, hook_id);

-- One thing that one hook is told. A row with `sent_at` is done.
CREATE TABLE IF NOT EXISTS {database:Identifier}.webhook_notice (
    tenant_id  String                         CODEC(ZSTD(1)),
    hook_id    String                         CODEC(ZSTD(1)),
    -- The event and what it is about: the same thing is told once.
    notice_id  String                         CODEC(ZSTD(1)),
    call_id    String                         CODEC(ZSTD(1)),
    made_at    DateTime64(3, 'UTC')           CODEC(Delta, ZSTD(1)),
    body       String                         CODEC(ZSTD(1)),
    sent_at    Nullable(DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1)),
    attempts   UInt32                         CODEC(ZSTD(1)),
    last_error String                         CODEC(ZSTD(1)),
    revision   UInt64                         CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
ORDER BY (tenant_id, hook_id, notice_id)
TTL toDateTime(made_at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000;

-- Makes the table of decisions on the TURN fleet: what the scaler decided, why, who was told, and what came of it.
-- Columns are those of telemetry/rows.ts (FleetDecisionRow). Written by the pipelines. Read by dashboards and people.
-- Replaces by key: the highest `revision` counts, so read it with FINAL.

CREATE TABLE IF NOT EXISTS {database:Identifier}.fleet_decision (
    region           LowCardinality(String)           CODEC(ZSTD(1)),
    decision_id      String                           CODEC(ZSTD(1)),
    decided_at       DateTime64(3, 'UTC')             CODEC(Delta, ZSTD(1)),
    action           LowCardinality(String)           CODEC(ZSTD(1)),
    wanted           UInt32                           CODEC(ZSTD(1)),
    start            UInt32                           CODEC(ZSTD(1)),
    resume           Array(String)                    CODEC(ZSTD(1)),
    drain            Array(String)                    CODEC(ZSTD(1)),
    remove           Array(String)                    CODEC(ZSTD(1)),
    reason           String                           CODEC(ZSTD(1)),
    evidence         String                           CODEC(ZSTD(1)),
    driver           LowCardinality(String)           CODEC(ZSTD(1)),
    told             LowCardinality(String)           CODEC(ZSTD(1)),
    outcome          LowCardinality(String)           CODEC(ZSTD(1)),
    outcome_evidence String                           CODEC(ZSTD(1)),
    revision         UInt64                           CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(revision)
ORDER BY (region, decision_id)
TTL toDateTime(decided_at) + INTERVAL 400 DAY;

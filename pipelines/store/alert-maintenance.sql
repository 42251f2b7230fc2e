-- Times of maintenance that are in force at `at` (epoch ms). Parameter: at.
SELECT
    maintenance_id, slo,
    toUnixTimestamp64Milli(m.from_at) AS from_at,
    toUnixTimestamp64Milli(m.to_at) AS to_at,
    reason, revision
FROM alert_maintenance AS m FINAL
WHERE m.from_at <= fromUnixTimestamp64Milli({at:Int64}) AND m.to_at > fromUnixTimestamp64Milli({at:Int64})

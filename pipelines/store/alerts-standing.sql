-- Alerts that are open at `from` (epoch ms) or ended after it. Parameter: from.
SELECT
    alert_id, slo, kind, severity, scope, status, group_id,
    toUnixTimestamp64Milli(a.began_at) AS began_at,
    toUnixTimestamp64Milli(a.since_at) AS since_at,
    toUnixTimestamp64Milli(a.fired_at) AS fired_at,
    toUnixTimestamp64Milli(a.calm_at) AS calm_at,
    toUnixTimestamp64Milli(a.ended_at) AS ended_at,
    told, burn_window, burn, bad, total, factor, headline, explanation, revision
FROM alert AS a FINAL
WHERE isNull(a.ended_at) OR a.ended_at >= fromUnixTimestamp64Milli({from:Int64})
ORDER BY a.began_at, alert_id

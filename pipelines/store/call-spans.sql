-- First and last window with samples of some calls. Parameters: tenants, calls (ids), before (epoch ms).
-- Returns tenant_id, call_id, first_window, last_window (epoch ms). Scores stand for the first, arrivals for the last.
SELECT
    tenant_id, call_id,
    toUnixTimestamp64Milli(min(w.window_start)) AS first_window,
    toUnixTimestamp64Milli(max(w.window_start)) AS last_window
FROM (
    SELECT tenant_id, call_id, s.window_start AS window_start
    FROM stream_score AS s
    WHERE s.tenant_id IN {tenants:Array(String)} AND s.call_id IN {calls:Array(String)}
    UNION ALL
    SELECT tenant_id, call_id, a.window_start AS window_start
    FROM window_arrival AS a
    WHERE a.window_start >= fromUnixTimestamp64Milli({before:Int64}) - INTERVAL 90 SECOND
      AND a.window_start < fromUnixTimestamp64Milli({before:Int64})
      AND a.tenant_id IN {tenants:Array(String)} AND a.call_id IN {calls:Array(String)}
) AS w
GROUP BY tenant_id, call_id

-- Scores that stand for one window of some calls. Parameters: tenants, calls (ids), windowStart (epoch ms).
-- Returns the key of each row, and what decides whether a new score differs.
SELECT tenant_id, call_id, point, kind, producer_id, consumer_id, mos, unclassified, revision
FROM stream_score AS s FINAL
WHERE s.tenant_id IN {tenants:Array(String)}
  AND s.call_id IN {calls:Array(String)}
  AND s.window_start = fromUnixTimestamp64Milli({windowStart:Int64})

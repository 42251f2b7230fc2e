-- Writes the summary of some calls from their participants' summaries: means over participants, the worst of the worst.
-- Parameters: tenants, calls (ids).
INSERT INTO call_summary
WITH spans AS (
    SELECT tenant_id, call_id, avg(mos < 3.1) AS bad_ratio
    FROM stream_score FINAL
    WHERE tenant_id IN {tenants:Array(String)} AND call_id IN {calls:Array(String)}
      AND point = 'receiver' AND mos IS NOT NULL
    GROUP BY tenant_id, call_id
)
SELECT
    p.tenant_id AS tenant_id, p.call_id AS call_id, max(p.room_id) AS room_id,
    min(p.first_seen_at) AS started_at, max(p.last_seen_at) AS last_seen_at, toUInt32(count()) AS participants,
    avg(p.audio_mos_mean) AS audio_mos_mean, min(p.audio_mos_worst_minute) AS audio_mos_worst_minute,
    avg(p.video_mos_mean) AS video_mos_mean, min(p.video_mos_worst_minute) AS video_mos_worst_minute,
    any(s.bad_ratio) AS bad_window_ratio,
    toUInt32(sum(p.incidents)) AS incidents, toUInt32(sum(p.decisions)) AS decisions,
    toUInt64(toUnixTimestamp64Milli(now64(3))) AS revision
FROM participant_summary AS p FINAL
LEFT JOIN spans AS s USING (tenant_id, call_id)
WHERE p.tenant_id IN {tenants:Array(String)} AND p.call_id IN {calls:Array(String)}
GROUP BY tenant_id, call_id

-- Writes the summary of every participant of some calls, from the scores that stand and the join events.
-- Parameters: tenants, calls (ids). `worst_minute`: the lowest mean of one stream over a minute of which at least half
-- was scored; a call shorter than that is its own minute. Bad: MOS under 3.1 (G.109: many users dissatisfied).
-- Scales are never mixed: audio counts on the fullband scale, video on the video scale.
INSERT INTO participant_summary
WITH
    scores AS (
        SELECT * FROM stream_score FINAL
        WHERE tenant_id IN {tenants:Array(String)} AND call_id IN {calls:Array(String)}
    ),
    people AS (
        SELECT
            tenant_id, call_id, arrayJoin([sender_id, receiver_id]) AS participant_id,
            min(window_start) AS first_window,
            max(window_start + toIntervalMillisecond(window_ms)) AS last_window
        FROM scores GROUP BY tenant_id, call_id, participant_id
        HAVING participant_id != ''
    ),
    heard AS (
        SELECT
            tenant_id, call_id, receiver_id AS participant_id,
            avgIf(mos, kind = 'audio') AS audio_mean,
            avgIf(mos, kind = 'video') AS video_mean,
            avg(mos < 3.1) AS bad_ratio
        FROM scores WHERE point = 'receiver' AND mos IS NOT NULL AND scale IN ('fullband', 'video')
        GROUP BY tenant_id, call_id, participant_id
    ),
    minutes AS (
        SELECT
            tenant_id, call_id, receiver_id AS participant_id, kind, consumer_id,
            toStartOfMinute(window_start) AS minute,
            avg(mos) AS mos_mean, sum(window_ms) AS scored_ms
        FROM scores WHERE point = 'receiver' AND mos IS NOT NULL AND scale IN ('fullband', 'video')
        GROUP BY tenant_id, call_id, participant_id, kind, consumer_id, minute
    ),
    worst AS (
        SELECT
            tenant_id, call_id, participant_id,
            minIf(mos_mean, kind = 'audio' AND scored_ms >= 30000) AS audio_full,
            minIf(mos_mean, kind = 'video' AND scored_ms >= 30000) AS video_full,
            minIf(mos_mean, kind = 'audio') AS audio_any,
            minIf(mos_mean, kind = 'video') AS video_any,
            countIf(kind = 'audio' AND scored_ms >= 30000) AS audio_minutes,
            countIf(kind = 'video' AND scored_ms >= 30000) AS video_minutes
        FROM minutes GROUP BY tenant_id, call_id, participant_id
    ),
    joined AS (
        SELECT
            tenant_id, call_id, participant_id,
            argMax(attributes['display_name'], time) AS display_name, any(room_id) AS room_id
        FROM rtc_event
        WHERE tenant_id IN {tenants:Array(String)} AND call_id IN {calls:Array(String)}
          AND name = 'rtc.participant.joined'
        GROUP BY tenant_id, call_id, participant_id
    ),
    troubles AS (
        SELECT tenant_id, call_id, participant_id, count() AS incidents
        FROM incident FINAL
        WHERE tenant_id IN {tenants:Array(String)} AND call_id IN {calls:Array(String)}
        GROUP BY tenant_id, call_id, participant_id
    ),
    steered AS (
        SELECT tenant_id, call_id, participant_id, count() AS decisions
        FROM decision FINAL
        WHERE tenant_id IN {tenants:Array(String)} AND call_id IN {calls:Array(String)}
        GROUP BY tenant_id, call_id, participant_id
    )
SELECT
    p.tenant_id AS tenant_id, p.call_id AS call_id, j.room_id AS room_id, p.participant_id AS participant_id,
    j.display_name AS display_name, p.first_window AS first_seen_at, p.last_window AS last_seen_at,
    if(isNaN(h.audio_mean), NULL, h.audio_mean) AS audio_mos_mean,
    multiIf(w.audio_minutes > 0, w.audio_full, w.audio_any > 0, w.audio_any, NULL) AS audio_mos_worst_minute,
    if(isNaN(h.video_mean), NULL, h.video_mean) AS video_mos_mean,
    multiIf(w.video_minutes > 0, w.video_full, w.video_any > 0, w.video_any, NULL) AS video_mos_worst_minute,
    h.bad_ratio AS bad_window_ratio,
    t.incidents AS incidents, s.decisions AS decisions,
    toUInt64(toUnixTimestamp64Milli(now64(3))) AS revision
FROM people AS p
LEFT JOIN heard AS h USING (tenant_id, call_id, participant_id)
LEFT JOIN worst AS w USING (tenant_id, call_id, participant_id)
LEFT JOIN joined AS j USING (tenant_id, call_id, participant_id)
LEFT JOIN troubles AS t USING (tenant_id, call_id, participant_id)
LEFT JOIN steered AS s USING (tenant_id, call_id, participant_id)
SETTINGS join_use_nulls = 0

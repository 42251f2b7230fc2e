-- The calls of one participant. Parameters: tenant, participant, call ('' for all). Returns call_id, last_seen_at
-- (epoch ms) and the names the participant went by there.
SELECT
    call_id,
    toUnixTimestamp64Milli(max(seen)) AS last_seen_at,
    groupUniqArrayIf(name, name != '') AS names
FROM (
    SELECT call_id, seen_at AS seen, '' AS name
    FROM participant_dimension
    WHERE tenant_id = {tenant:String} AND participant_id = {participant:String}
    UNION ALL
    SELECT call_id, last_seen_at AS seen, display_name AS name
    FROM participant_summary
    WHERE tenant_id = {tenant:String} AND participant_id = {participant:String}
    UNION ALL
    SELECT call_id, time AS seen, attributes['display_name'] AS name
    FROM rtc_event
    WHERE tenant_id = {tenant:String} AND participant_id = {participant:String} AND name = 'rtc.participant.joined'
)
WHERE call_id != '' AND ({call:String} = '' OR call_id = {call:String})
GROUP BY call_id
ORDER BY call_id

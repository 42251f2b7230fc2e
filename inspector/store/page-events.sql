-- Events that a call's page shows, in order of time. Parameters: tenant, call, names, most. Times in epoch ms.
SELECT
    toUnixTimestamp64Milli(e.time) AS time, name, participant_id AS participantId, transport_id AS transportId,
    attributes
FROM rtc_event AS e
WHERE e.tenant_id = {tenant:String} AND e.call_id = {call:String} AND e.name IN {names:Array(String)}
ORDER BY e.time
LIMIT {most:UInt32}

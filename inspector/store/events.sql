-- All events of a call, or of one participant in it, a page of them. Times in epoch ms.
-- Parameters: tenant, call, participant ('' for all), offset, most.
SELECT
    toUnixTimestamp64Milli(e.time) AS time, name, participant_id AS participantId, transport_id AS transportId,
    attributes
FROM rtc_event AS e
WHERE e.tenant_id = {tenant:String} AND e.call_id = {call:String}
  AND ({participant:String} = '' OR e.participant_id = {participant:String})
ORDER BY e.time, e.name
LIMIT {most:UInt32} OFFSET {offset:UInt32}

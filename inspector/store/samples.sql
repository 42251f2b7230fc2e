-- Raw samples of one kind of one participant, in order of time, a page of them. Times in epoch ms.
-- Parameters: table, tenant, call, participant, from, to (epoch ms), offset, most.
SELECT
    * EXCEPT (tenant_id, call_id, room_id, participant_id, client_time, received_at, attributes)
    REPLACE (toUnixTimestamp64Milli(s.time) AS time)
FROM {table:Identifier} AS s
WHERE s.tenant_id = {tenant:String} AND s.call_id = {call:String} AND s.participant_id = {participant:String}
  AND s.time >= fromUnixTimestamp64Milli({from:Int64}) AND s.time < fromUnixTimestamp64Milli({to:Int64})
ORDER BY s.time, s.transport_id, s.stat_id
LIMIT {most:UInt32} OFFSET {offset:UInt32}

-- Events of some calls that judgement needs: who came and went, what the SFU did with decisions, and what clients say of
-- themselves. Each side has its own names: what a client says under the SFU's is not the SFU's word. The participant
-- of a client's event is that of its token.
-- Parameters: tenants, calls (ids), sfuEventNames, clientEventNames, to (epoch ms). Returns one row per event in order of time.
SELECT
    tenant_id, call_id, participant_id, transport_id, producer_id, consumer_id, name,
    toUnixTimestamp64Milli(e.time) AS time,
    attributes
FROM rtc_event AS e
WHERE e.tenant_id IN {tenants:Array(String)}
  AND e.call_id IN {calls:Array(String)}
  AND (
    (e.source = 'sfu' AND e.name IN {sfuEventNames:Array(String)})
    OR (e.source = 'client' AND e.name IN {clientEventNames:Array(String)})
  )
  AND e.time < fromUnixTimestamp64Milli({to:Int64})
ORDER BY e.time

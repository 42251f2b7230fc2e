-- Events of some calls that judgement needs: who came and went, and what the SFU did with decisions. What a client
-- says under these names is not the SFU's word.
-- Parameters: tenants, calls (ids), names, to (epoch ms). Returns one row per event in order of time.
SELECT
    tenant_id, call_id, participant_id, transport_id, producer_id, consumer_id, name,
    toUnixTimestamp64Milli(e.time) AS time,
    attributes
FROM rtc_event AS e
WHERE e.tenant_id IN {tenants:Array(String)}
  AND e.call_id IN {calls:Array(String)}
  AND e.name IN {names:Array(String)}
  AND e.source = 'sfu'
  AND e.time < fromUnixTimestamp64Milli({to:Int64})
ORDER BY e.time

-- All events of a call, for an export. Parameters: tenant, call. Times in epoch ms.
SELECT * EXCEPT (client_time, received_at, stat_id) REPLACE (toUnixTimestamp64Milli(e.time) AS time)
FROM rtc_event AS e
WHERE e.tenant_id = {tenant:String} AND e.call_id = {call:String}
ORDER BY e.time

-- Spans of the joins of one call: the clients' own, and the SFU's side of their requests. Parameters: tenant, call.
-- A span of the SFU names no participant where the request came before the join; its trace does.
SELECT
    participant_id, source, trace_id, span_id, parent_span_id, name, toUnixTimestamp64Milli(s.time) AS time,
    duration_us, status_code, status_message, attributes
FROM rtc_span AS s
WHERE s.tenant_id = {tenant:String} AND s.call_id = {call:String}
ORDER BY s.time
LIMIT 3000

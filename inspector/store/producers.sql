-- Producers of one sender in a call. Parameters: tenant, call, sender.
SELECT DISTINCT producer_id
FROM stream_minute
WHERE tenant_id = {tenant:String} AND call_id = {call:String} AND sender_id = {sender:String}

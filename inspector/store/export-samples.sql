-- All samples of one kind of a call, for an export. Parameters: table, tenant, call. Times in epoch ms.
SELECT * EXCEPT (client_time, received_at, attributes) REPLACE (toUnixTimestamp64Milli(time) AS time)
FROM {table:Identifier}
WHERE tenant_id = {tenant:String} AND call_id = {call:String}

-- Up to which minute (epoch ms) alerts have been evaluated; no row when never.
SELECT toUnixTimestamp64Milli(max(through)) AS through
FROM alert_run
HAVING count() > 0

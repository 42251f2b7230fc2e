-- What one receiver has not taken yet, in the order in which it happened. Parameter: receiver.
SELECT
    receiver, notice_id, alert_id, kind,
    toUnixTimestamp64Milli(n.made_at) AS made_at,
    message,
    toUnixTimestamp64Milli(n.sent_at) AS sent_at,
    attempts, last_error, revision
FROM alert_notice AS n FINAL
WHERE receiver = {receiver:String} AND isNull(n.sent_at)
ORDER BY n.made_at, kind, notice_id
LIMIT 100

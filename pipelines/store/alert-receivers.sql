-- Receivers that have not taken everything yet.
SELECT DISTINCT receiver
FROM alert_notice FINAL
WHERE isNull(sent_at)

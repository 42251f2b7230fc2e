-- Counts the readings that say somebody is forwarded media, as witnesses for promises about what people receive: 'forwarding-audio'
-- and 'forwarding-video' of slo_minute. A reading is of no tenant.
-- Read by the pipelines and `npm run alerts`.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.slo_minute_of_rtc_metric
TO {database:Identifier}.slo_minute AS
SELECT
    toDateTime(toStartOfMinute(time), 'UTC') AS minute,
    concat('forwarding-', attributes['kind']) AS slo,
    '' AS tenant_id,
    count() AS good,
    count() AS total
FROM {database:Identifier}.rtc_metric
WHERE name = 'rtc.sfu.receivers' AND service_name = 'callscope-sfu' AND value > 0
GROUP BY minute, slo, tenant_id;

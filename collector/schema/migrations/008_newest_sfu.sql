-- Time of the newest sample that the SFU took of a call, so that the detectors look right after it came in. Consumers'
-- samples alone: they come along with all others of the same moment, and a view costs as much as another small insert.
ALTER TABLE {database:Identifier}.window_arrival
    ADD COLUMN IF NOT EXISTS newest_sfu SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta, ZSTD(1));

ALTER TABLE {database:Identifier}.window_arrival_of_rtc_stats_sfu_consumer MODIFY QUERY
SELECT
    toDateTime64(toStartOfInterval(time, INTERVAL 5 SECOND), 3, 'UTC') AS window_start,
    tenant_id,
    call_id,
    count() AS rows,
    max(received_at) AS last_received_at,
    max(time) AS newest_sfu
FROM {database:Identifier}.rtc_stats_sfu_consumer
GROUP BY window_start, tenant_id, call_id;

-- Adds how late the two ends get their turn: the media worker's answers at the SFU, the page's timers at the client.
-- Written by the collector. Read by pipelines: a worker or a device that is too busy shows it there before all else.
-- Milliseconds; null in rows from before, and where the source does not tell.
ALTER TABLE {database:Identifier}.rtc_stats_sfu_transport
    ADD COLUMN IF NOT EXISTS worker_answer_ms Nullable(Float64) CODEC(ZSTD(1));
ALTER TABLE {database:Identifier}.rtc_stats_transport
    ADD COLUMN IF NOT EXISTS page_late_ms Nullable(Float64) CODEC(ZSTD(1));

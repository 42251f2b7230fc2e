-- Bytes come in steps of 16 (collector/columns/quantise.ts): GCD takes the steps out, and what is left of a second of audio
-- is one byte. Only what is written or merged from now on is changed (docs/decisions/store-codecs.md).

ALTER TABLE {database:Identifier}.rtc_stats_inbound_rtp
    MODIFY COLUMN bytes_received CODEC(GCD, Delta, ZSTD(3)),
    MODIFY COLUMN header_bytes_received CODEC(GCD, Delta, ZSTD(3));

ALTER TABLE {database:Identifier}.rtc_stats_outbound_rtp
    MODIFY COLUMN bytes_sent CODEC(GCD, Delta, ZSTD(3)),
    MODIFY COLUMN header_bytes_sent CODEC(GCD, Delta, ZSTD(3));

ALTER TABLE {database:Identifier}.rtc_stats_remote_outbound_rtp
    MODIFY COLUMN bytes_sent CODEC(GCD, Delta, ZSTD(3));

ALTER TABLE {database:Identifier}.rtc_stats_sfu_consumer
    MODIFY COLUMN byte_count CODEC(GCD, Delta, ZSTD(3));

ALTER TABLE {database:Identifier}.rtc_stats_sfu_transport
    MODIFY COLUMN rtp_bytes_received CODEC(GCD, Delta, ZSTD(3));

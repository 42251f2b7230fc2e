-- For opening one call (`npm run bench -- query`). Only what is written or merged from now on is changed.
--
-- Which calls are in a granule: every part of a day whose range of ids holds the call was read for a granule, whether it has the
-- call or not.

ALTER TABLE {database:Identifier}.rtc_stats_inbound_rtp ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {database:Identifier}.rtc_stats_outbound_rtp ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {database:Identifier}.rtc_stats_remote_inbound_rtp ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {database:Identifier}.rtc_stats_remote_outbound_rtp ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {database:Identifier}.rtc_stats_media_source ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {database:Identifier}.rtc_stats_media_playout ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {database:Identifier}.rtc_stats_candidate_pair ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {database:Identifier}.rtc_stats_transport ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {database:Identifier}.rtc_stats_sfu_transport ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {database:Identifier}.rtc_stats_sfu_producer ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {database:Identifier}.rtc_stats_sfu_consumer ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {database:Identifier}.rtc_event ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {database:Identifier}.rtc_span ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE {database:Identifier}.stream_score ADD INDEX IF NOT EXISTS call_filter call_id TYPE bloom_filter(0.01) GRANULARITY 1;

-- Blocks of two granules instead of four: to read one of them, all of its block is unpacked.

ALTER TABLE {database:Identifier}.rtc_stats_inbound_rtp MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_outbound_rtp MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_remote_inbound_rtp MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_remote_outbound_rtp MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_media_source MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_media_playout MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_candidate_pair MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_transport MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_codec MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_candidate MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_certificate MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_data_channel MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_peer_connection MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_sfu_transport MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_sfu_producer MODIFY SETTING min_compress_block_size = 131072;

ALTER TABLE {database:Identifier}.rtc_stats_sfu_consumer MODIFY SETTING min_compress_block_size = 131072;

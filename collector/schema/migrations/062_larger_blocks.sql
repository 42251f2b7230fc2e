-- Blocks of four granules in the raw tables: what compresses a column finds more that repeats, and the many columns that
-- hold nothing for a kind of stream cost a fourth. One call is read from one or two blocks of each column either way
-- (docs/decisions/store-codecs.md). Only what is written or merged from now on is changed.

ALTER TABLE {database:Identifier}.rtc_stats_inbound_rtp MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_outbound_rtp MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_remote_inbound_rtp MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_remote_outbound_rtp MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_media_source MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_media_playout MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_candidate_pair MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_transport MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_codec MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_candidate MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_certificate MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_data_channel MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_peer_connection MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_sfu_transport MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_sfu_producer MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE {database:Identifier}.rtc_stats_sfu_consumer MODIFY SETTING min_compress_block_size = 262144;

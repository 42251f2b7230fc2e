-- Makes one table per kind of W3C statistics object: one row per object and sample, as the browser counted it.
-- Written by the collector. Read by pipelines (scoring, detectors), inspector and dashboards.
-- Columns follow telemetry/stats.ts and telemetry/identity.ts; a test compares them.
-- Nullable: absent from the sample, which is not zero. Counters are stored as counted: readers take differences
-- and know about resets. `_us`: microseconds. Text that is absent is ''. `attributes` holds what has no column.
-- `time` is the client's time on the server's clock; `client_time` as the client said; `received_at` the collector's.
-- Sorted so that one stream of one participant of one call lies together in time order.

-- One stream that the client receives (W3C RTCInboundRtpStreamStats).
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_inbound_rtp (
    tenant_id                         String                              CODEC(ZSTD(1)),
    call_id                           String                              CODEC(ZSTD(1)),
    room_id                           String                              CODEC(ZSTD(1)),
    participant_id                    String                              CODEC(ZSTD(1)),
    session_id                        String                              CODEC(ZSTD(1)),
    sfu_node_id                       String                              CODEC(ZSTD(1)),
    transport_id                      String                              CODEC(ZSTD(1)),
    producer_id                       String                              CODEC(ZSTD(1)),
    consumer_id                       String                              CODEC(ZSTD(1)),
    stat_id                           String                              CODEC(ZSTD(1)),
    time                              DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time                       DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at                       DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    kind                              LowCardinality(String)              CODEC(ZSTD(1)),
    mid                               LowCardinality(String)              CODEC(ZSTD(1)),
    decoder_implementation            LowCardinality(String)              CODEC(ZSTD(1)),
    track_identifier                  String                              CODEC(ZSTD(1)),
    codec_id                          String                              CODEC(ZSTD(1)),
    remote_id                         String                              CODEC(ZSTD(1)),
    power_efficient_decoder           Nullable(Bool)                      CODEC(ZSTD(1)),
    ssrc                              Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_received                  Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_discarded                 Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    bytes_received                    Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    header_bytes_received             Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    retransmitted_packets_received    Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    retransmitted_bytes_received      Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    fec_packets_received              Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    fec_packets_discarded             Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    nack_count                        Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    pli_count                         Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    fir_count                         Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    frames_received                   Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    frames_decoded                    Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    key_frames_decoded                Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    frames_rendered                   Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    frames_dropped                    Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    freeze_count                      Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    pause_count                       Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    qp_sum                            Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_samples_received            Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    concealed_samples                 Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    silent_concealed_samples          Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    concealment_events                Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    inserted_samples_for_deceleration Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    removed_samples_for_acceleration  Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    jitter_buffer_emitted_count       Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    frame_width                       Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    frame_height                      Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_lost                      Nullable(Int64)                     CODEC(Delta, ZSTD(1)),
    jitter_us                         Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    jitter_buffer_delay_us            Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    jitter_buffer_target_delay_us     Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    jitter_buffer_minimum_delay_us    Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_decode_time_us              Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_inter_frame_delay_us        Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_processing_delay_us         Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_assembly_time_us            Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_freezes_duration_us         Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_pauses_duration_us          Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_samples_duration_us         Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    frames_per_second                 Nullable(Float64)                   CODEC(ZSTD(1)),
    audio_level                       Nullable(Float64)                   CODEC(ZSTD(1)),
    total_audio_energy                Nullable(Float64)                   CODEC(ZSTD(1)),
    total_squared_inter_frame_delay   Nullable(Float64)                   CODEC(ZSTD(1)),
    last_packet_received_timestamp    Nullable(Float64)                   CODEC(ZSTD(1)),
    attributes                        Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, stat_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- One stream or simulcast layer that the client sends (W3C RTCOutboundRtpStreamStats).
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_outbound_rtp (
    tenant_id                                 String                              CODEC(ZSTD(1)),
    call_id                                   String                              CODEC(ZSTD(1)),
    room_id                                   String                              CODEC(ZSTD(1)),
    participant_id                            String                              CODEC(ZSTD(1)),
    session_id                                String                              CODEC(ZSTD(1)),
    sfu_node_id                               String                              CODEC(ZSTD(1)),
    transport_id                              String                              CODEC(ZSTD(1)),
    producer_id                               String                              CODEC(ZSTD(1)),
    consumer_id                               String                              CODEC(ZSTD(1)),
    stat_id                                   String                              CODEC(ZSTD(1)),
    time                                      DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time                               DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at                               DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    kind                                      LowCardinality(String)              CODEC(ZSTD(1)),
    mid                                       LowCardinality(String)              CODEC(ZSTD(1)),
    rid                                       LowCardinality(String)              CODEC(ZSTD(1)),
    encoder_implementation                    LowCardinality(String)              CODEC(ZSTD(1)),
    scalability_mode                          LowCardinality(String)              CODEC(ZSTD(1)),
    quality_limitation_reason                 LowCardinality(String)              CODEC(ZSTD(1)),
    media_source_id                           String                              CODEC(ZSTD(1)),
    codec_id                                  String                              CODEC(ZSTD(1)),
    remote_id                                 String                              CODEC(ZSTD(1)),
    active                                    Nullable(Bool)                      CODEC(ZSTD(1)),
    power_efficient_encoder                   Nullable(Bool)                      CODEC(ZSTD(1)),
    ssrc                                      Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_sent                              Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    bytes_sent                                Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    header_bytes_sent                         Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    retransmitted_packets_sent                Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    retransmitted_bytes_sent                  Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    frames_encoded                            Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    frames_sent                               Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    key_frames_encoded                        Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    huge_frames_sent                          Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    nack_count                                Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    pli_count                                 Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    fir_count                                 Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    qp_sum                                    Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_encoded_bytes_target                Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    quality_limitation_resolution_changes     Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    frame_width                               Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    frame_height                              Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    encoding_index                            Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_encode_time_us                      Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_packet_send_delay_us                Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    quality_limitation_durations_none_us      Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    quality_limitation_durations_cpu_us       Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    quality_limitation_durations_bandwidth_us Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    quality_limitation_durations_other_us     Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    target_bitrate                            Nullable(Float64)                   CODEC(ZSTD(1)),
    frames_per_second                         Nullable(Float64)                   CODEC(ZSTD(1)),
    attributes                                Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, stat_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- What the SFU reported back about a stream the client sends (W3C RTCRemoteInboundRtpStreamStats).
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_remote_inbound_rtp (
    tenant_id                    String                              CODEC(ZSTD(1)),
    call_id                      String                              CODEC(ZSTD(1)),
    room_id                      String                              CODEC(ZSTD(1)),
    participant_id               String                              CODEC(ZSTD(1)),
    session_id                   String                              CODEC(ZSTD(1)),
    sfu_node_id                  String                              CODEC(ZSTD(1)),
    transport_id                 String                              CODEC(ZSTD(1)),
    producer_id                  String                              CODEC(ZSTD(1)),
    consumer_id                  String                              CODEC(ZSTD(1)),
    stat_id                      String                              CODEC(ZSTD(1)),
    time                         DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time                  DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at                  DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    kind                         LowCardinality(String)              CODEC(ZSTD(1)),
    local_id                     String                              CODEC(ZSTD(1)),
    codec_id                     String                              CODEC(ZSTD(1)),
    ssrc                         Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_received             Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    round_trip_time_measurements Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_lost                 Nullable(Int64)                     CODEC(Delta, ZSTD(1)),
    jitter_us                    Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    round_trip_time_us           Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_round_trip_time_us     Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    fraction_lost                Nullable(Float64)                   CODEC(ZSTD(1)),
    attributes                   Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, stat_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- What the SFU reported about a stream the client receives (W3C RTCRemoteOutboundRtpStreamStats).
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_remote_outbound_rtp (
    tenant_id                    String                              CODEC(ZSTD(1)),
    call_id                      String                              CODEC(ZSTD(1)),
    room_id                      String                              CODEC(ZSTD(1)),
    participant_id               String                              CODEC(ZSTD(1)),
    session_id                   String                              CODEC(ZSTD(1)),
    sfu_node_id                  String                              CODEC(ZSTD(1)),
    transport_id                 String                              CODEC(ZSTD(1)),
    producer_id                  String                              CODEC(ZSTD(1)),
    consumer_id                  String                              CODEC(ZSTD(1)),
    stat_id                      String                              CODEC(ZSTD(1)),
    time                         DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time                  DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at                  DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    kind                         LowCardinality(String)              CODEC(ZSTD(1)),
    local_id                     String                              CODEC(ZSTD(1)),
    codec_id                     String                              CODEC(ZSTD(1)),
    ssrc                         Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_sent                 Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    bytes_sent                   Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    reports_sent                 Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    round_trip_time_measurements Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    round_trip_time_us           Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_round_trip_time_us     Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    remote_timestamp             Nullable(Float64)                   CODEC(ZSTD(1)),
    attributes                   Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, stat_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- A microphone, camera or screen before encoding (W3C RTCAudioSourceStats, RTCVideoSourceStats).
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_media_source (
    tenant_id                    String                              CODEC(ZSTD(1)),
    call_id                      String                              CODEC(ZSTD(1)),
    room_id                      String                              CODEC(ZSTD(1)),
    participant_id               String                              CODEC(ZSTD(1)),
    session_id                   String                              CODEC(ZSTD(1)),
    sfu_node_id                  String                              CODEC(ZSTD(1)),
    transport_id                 String                              CODEC(ZSTD(1)),
    producer_id                  String                              CODEC(ZSTD(1)),
    consumer_id                  String                              CODEC(ZSTD(1)),
    stat_id                      String                              CODEC(ZSTD(1)),
    time                         DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time                  DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at                  DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    kind                         LowCardinality(String)              CODEC(ZSTD(1)),
    track_identifier             String                              CODEC(ZSTD(1)),
    frames                       Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    width                        Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    height                       Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_samples_duration_us    Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    frames_per_second            Nullable(Float64)                   CODEC(ZSTD(1)),
    audio_level                  Nullable(Float64)                   CODEC(ZSTD(1)),
    total_audio_energy           Nullable(Float64)                   CODEC(ZSTD(1)),
    echo_return_loss             Nullable(Float64)                   CODEC(ZSTD(1)),
    echo_return_loss_enhancement Nullable(Float64)                   CODEC(ZSTD(1)),
    attributes                   Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, stat_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- The audio output device (W3C RTCAudioPlayoutStats).
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_media_playout (
    tenant_id                       String                              CODEC(ZSTD(1)),
    call_id                         String                              CODEC(ZSTD(1)),
    room_id                         String                              CODEC(ZSTD(1)),
    participant_id                  String                              CODEC(ZSTD(1)),
    session_id                      String                              CODEC(ZSTD(1)),
    sfu_node_id                     String                              CODEC(ZSTD(1)),
    transport_id                    String                              CODEC(ZSTD(1)),
    producer_id                     String                              CODEC(ZSTD(1)),
    consumer_id                     String                              CODEC(ZSTD(1)),
    stat_id                         String                              CODEC(ZSTD(1)),
    time                            DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time                     DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at                     DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    kind                            LowCardinality(String)              CODEC(ZSTD(1)),
    synthesized_samples_events      Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_samples_count             Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    synthesized_samples_duration_us Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_samples_duration_us       Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_playout_delay_us          Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    attributes                      Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, stat_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- A pair of ICE candidates that carries or may carry media (W3C RTCIceCandidatePairStats).
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_candidate_pair (
    tenant_id                  String                              CODEC(ZSTD(1)),
    call_id                    String                              CODEC(ZSTD(1)),
    room_id                    String                              CODEC(ZSTD(1)),
    participant_id             String                              CODEC(ZSTD(1)),
    session_id                 String                              CODEC(ZSTD(1)),
    sfu_node_id                String                              CODEC(ZSTD(1)),
    transport_id               String                              CODEC(ZSTD(1)),
    producer_id                String                              CODEC(ZSTD(1)),
    consumer_id                String                              CODEC(ZSTD(1)),
    stat_id                    String                              CODEC(ZSTD(1)),
    time                       DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time                DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at                DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    state                      LowCardinality(String)              CODEC(ZSTD(1)),
    local_candidate_id         String                              CODEC(ZSTD(1)),
    remote_candidate_id        String                              CODEC(ZSTD(1)),
    nominated                  Nullable(Bool)                      CODEC(ZSTD(1)),
    packets_sent               Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_received           Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    bytes_sent                 Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    bytes_received             Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    requests_sent              Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    requests_received          Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    responses_sent             Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    responses_received         Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    consent_requests_sent      Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_discarded_on_send  Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    bytes_discarded_on_send    Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    current_round_trip_time_us Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    total_round_trip_time_us   Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    available_outgoing_bitrate Nullable(Float64)                   CODEC(ZSTD(1)),
    available_incoming_bitrate Nullable(Float64)                   CODEC(ZSTD(1)),
    attributes                 Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, stat_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- The client's side of a transport: ICE and DTLS (W3C RTCTransportStats).
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_transport (
    tenant_id                       String                              CODEC(ZSTD(1)),
    call_id                         String                              CODEC(ZSTD(1)),
    room_id                         String                              CODEC(ZSTD(1)),
    participant_id                  String                              CODEC(ZSTD(1)),
    session_id                      String                              CODEC(ZSTD(1)),
    sfu_node_id                     String                              CODEC(ZSTD(1)),
    transport_id                    String                              CODEC(ZSTD(1)),
    producer_id                     String                              CODEC(ZSTD(1)),
    consumer_id                     String                              CODEC(ZSTD(1)),
    stat_id                         String                              CODEC(ZSTD(1)),
    time                            DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time                     DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at                     DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    ice_role                        LowCardinality(String)              CODEC(ZSTD(1)),
    ice_state                       LowCardinality(String)              CODEC(ZSTD(1)),
    dtls_state                      LowCardinality(String)              CODEC(ZSTD(1)),
    dtls_role                       LowCardinality(String)              CODEC(ZSTD(1)),
    tls_version                     LowCardinality(String)              CODEC(ZSTD(1)),
    dtls_cipher                     LowCardinality(String)              CODEC(ZSTD(1)),
    srtp_cipher                     LowCardinality(String)              CODEC(ZSTD(1)),
    selected_candidate_pair_id      String                              CODEC(ZSTD(1)),
    local_certificate_id            String                              CODEC(ZSTD(1)),
    remote_certificate_id           String                              CODEC(ZSTD(1)),
    packets_sent                    Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_received                Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    bytes_sent                      Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    bytes_received                  Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    selected_candidate_pair_changes Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    attributes                      Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, stat_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- A codec in use (W3C RTCCodecStats).
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_codec (
    tenant_id      String                              CODEC(ZSTD(1)),
    call_id        String                              CODEC(ZSTD(1)),
    room_id        String                              CODEC(ZSTD(1)),
    participant_id String                              CODEC(ZSTD(1)),
    session_id     String                              CODEC(ZSTD(1)),
    sfu_node_id    String                              CODEC(ZSTD(1)),
    transport_id   String                              CODEC(ZSTD(1)),
    producer_id    String                              CODEC(ZSTD(1)),
    consumer_id    String                              CODEC(ZSTD(1)),
    stat_id        String                              CODEC(ZSTD(1)),
    time           DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time    DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at    DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    mime_type      LowCardinality(String)              CODEC(ZSTD(1)),
    sdp_fmtp_line  LowCardinality(String)              CODEC(ZSTD(1)),
    payload_type   Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    clock_rate     Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    channels       Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    attributes     Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, stat_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- An ICE candidate, local or remote by `is_remote`; its address is truncated (W3C RTCIceCandidateStats).
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_candidate (
    tenant_id      String                              CODEC(ZSTD(1)),
    call_id        String                              CODEC(ZSTD(1)),
    room_id        String                              CODEC(ZSTD(1)),
    participant_id String                              CODEC(ZSTD(1)),
    session_id     String                              CODEC(ZSTD(1)),
    sfu_node_id    String                              CODEC(ZSTD(1)),
    transport_id   String                              CODEC(ZSTD(1)),
    producer_id    String                              CODEC(ZSTD(1)),
    consumer_id    String                              CODEC(ZSTD(1)),
    stat_id        String                              CODEC(ZSTD(1)),
    time           DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time    DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at    DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    candidate_type LowCardinality(String)              CODEC(ZSTD(1)),
    protocol       LowCardinality(String)              CODEC(ZSTD(1)),
    relay_protocol LowCardinality(String)              CODEC(ZSTD(1)),
    tcp_type       LowCardinality(String)              CODEC(ZSTD(1)),
    network_type   LowCardinality(String)              CODEC(ZSTD(1)),
    address        String                              CODEC(ZSTD(1)),
    url            String                              CODEC(ZSTD(1)),
    foundation     String                              CODEC(ZSTD(1)),
    is_remote      Nullable(Bool)                      CODEC(ZSTD(1)),
    port           Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    priority       Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    attributes     Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, stat_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- A DTLS certificate (W3C RTCCertificateStats).
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_certificate (
    tenant_id             String                              CODEC(ZSTD(1)),
    call_id               String                              CODEC(ZSTD(1)),
    room_id               String                              CODEC(ZSTD(1)),
    participant_id        String                              CODEC(ZSTD(1)),
    session_id            String                              CODEC(ZSTD(1)),
    sfu_node_id           String                              CODEC(ZSTD(1)),
    transport_id          String                              CODEC(ZSTD(1)),
    producer_id           String                              CODEC(ZSTD(1)),
    consumer_id           String                              CODEC(ZSTD(1)),
    stat_id               String                              CODEC(ZSTD(1)),
    time                  DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time           DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at           DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    fingerprint_algorithm LowCardinality(String)              CODEC(ZSTD(1)),
    fingerprint           String                              CODEC(ZSTD(1)),
    issuer_certificate_id String                              CODEC(ZSTD(1)),
    attributes            Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, stat_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- A data channel (W3C RTCDataChannelStats).
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_data_channel (
    tenant_id               String                              CODEC(ZSTD(1)),
    call_id                 String                              CODEC(ZSTD(1)),
    room_id                 String                              CODEC(ZSTD(1)),
    participant_id          String                              CODEC(ZSTD(1)),
    session_id              String                              CODEC(ZSTD(1)),
    sfu_node_id             String                              CODEC(ZSTD(1)),
    transport_id            String                              CODEC(ZSTD(1)),
    producer_id             String                              CODEC(ZSTD(1)),
    consumer_id             String                              CODEC(ZSTD(1)),
    stat_id                 String                              CODEC(ZSTD(1)),
    time                    DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time             DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at             DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    label                   LowCardinality(String)              CODEC(ZSTD(1)),
    protocol                LowCardinality(String)              CODEC(ZSTD(1)),
    state                   LowCardinality(String)              CODEC(ZSTD(1)),
    data_channel_identifier Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    messages_sent           Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    messages_received       Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    bytes_sent              Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    bytes_received          Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    attributes              Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, stat_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- A peer connection as a whole (W3C RTCPeerConnectionStats).
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_peer_connection (
    tenant_id            String                              CODEC(ZSTD(1)),
    call_id              String                              CODEC(ZSTD(1)),
    room_id              String                              CODEC(ZSTD(1)),
    participant_id       String                              CODEC(ZSTD(1)),
    session_id           String                              CODEC(ZSTD(1)),
    sfu_node_id          String                              CODEC(ZSTD(1)),
    transport_id         String                              CODEC(ZSTD(1)),
    producer_id          String                              CODEC(ZSTD(1)),
    consumer_id          String                              CODEC(ZSTD(1)),
    stat_id              String                              CODEC(ZSTD(1)),
    time                 DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time          DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at          DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    data_channels_opened Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    data_channels_closed Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    attributes           Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, stat_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- Makes one table per kind of mediasoup statistics: one row per object and sample (every second), as the SFU saw it.
-- Written by the collector. Read by pipelines (scoring, detectors, decisions), inspector and dashboards.
-- Columns follow telemetry/stats.ts; bit rates in bit/s, `jitter` and `round_trip_time` in mediasoup's units.
-- Nullable: absent from the sample, which is not zero. Counters are stored as counted: readers take differences
-- and know about resets. `_us`: microseconds. Text that is absent is ''. `attributes` holds what has no column.
-- `time` is the client's time on the server's clock; `client_time` as the client said; `received_at` the collector's.
-- `participant_id` is the owner of the transport: the sender of a producer, the receiver of a consumer.

-- A WebRtcTransport: traffic, loss and the bandwidth estimated from transport-wide feedback.
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_sfu_transport (
    tenant_id                     String                              CODEC(ZSTD(1)),
    call_id                       String                              CODEC(ZSTD(1)),
    room_id                       String                              CODEC(ZSTD(1)),
    participant_id                String                              CODEC(ZSTD(1)),
    session_id                    String                              CODEC(ZSTD(1)),
    sfu_node_id                   String                              CODEC(ZSTD(1)),
    transport_id                  String                              CODEC(ZSTD(1)),
    producer_id                   String                              CODEC(ZSTD(1)),
    consumer_id                   String                              CODEC(ZSTD(1)),
    stat_id                       String                              CODEC(ZSTD(1)),
    time                          DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time                   DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at                   DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    direction                     LowCardinality(String)              CODEC(ZSTD(1)),
    ice_state                     LowCardinality(String)              CODEC(ZSTD(1)),
    dtls_state                    LowCardinality(String)              CODEC(ZSTD(1)),
    protocol                      LowCardinality(String)              CODEC(ZSTD(1)),
    bwe_type                      LowCardinality(String)              CODEC(ZSTD(1)),
    uses_relay                    Nullable(Bool)                      CODEC(ZSTD(1)),
    bytes_received                Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    bytes_sent                    Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    rtp_bytes_received            Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    rtp_bytes_sent                Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    rtx_bytes_received            Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    rtx_bytes_sent                Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    probation_bytes_sent          Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    recv_bitrate                  Nullable(Float64)                   CODEC(ZSTD(1)),
    send_bitrate                  Nullable(Float64)                   CODEC(ZSTD(1)),
    rtp_recv_bitrate              Nullable(Float64)                   CODEC(ZSTD(1)),
    rtp_send_bitrate              Nullable(Float64)                   CODEC(ZSTD(1)),
    rtx_recv_bitrate              Nullable(Float64)                   CODEC(ZSTD(1)),
    rtx_send_bitrate              Nullable(Float64)                   CODEC(ZSTD(1)),
    probation_send_bitrate        Nullable(Float64)                   CODEC(ZSTD(1)),
    available_outgoing_bitrate    Nullable(Float64)                   CODEC(ZSTD(1)),
    available_incoming_bitrate    Nullable(Float64)                   CODEC(ZSTD(1)),
    max_incoming_bitrate          Nullable(Float64)                   CODEC(ZSTD(1)),
    rtp_packet_loss_received      Nullable(Float64)                   CODEC(ZSTD(1)),
    rtp_packet_loss_sent          Nullable(Float64)                   CODEC(ZSTD(1)),
    bwe_available_bitrate         Nullable(Float64)                   CODEC(ZSTD(1)),
    bwe_available_bitrate_min     Nullable(Float64)                   CODEC(ZSTD(1)),
    bwe_desired_bitrate           Nullable(Float64)                   CODEC(ZSTD(1)),
    bwe_effective_desired_bitrate Nullable(Float64)                   CODEC(ZSTD(1)),
    attributes                    Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, transport_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- One stream (simulcast layer) of a producer, as it arrives at the SFU.
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_sfu_producer (
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
    kind                  LowCardinality(String)              CODEC(ZSTD(1)),
    source                LowCardinality(String)              CODEC(ZSTD(1)),
    rid                   LowCardinality(String)              CODEC(ZSTD(1)),
    mime_type             LowCardinality(String)              CODEC(ZSTD(1)),
    type                  LowCardinality(String)              CODEC(ZSTD(1)),
    paused                Nullable(Bool)                      CODEC(ZSTD(1)),
    ssrc                  Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packet_count          Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    byte_count            Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_discarded     Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_retransmitted Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_repaired      Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    nack_count            Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    nack_packet_count     Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    pli_count             Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    fir_count             Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    spatial_layer         Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_lost          Nullable(Int64)                     CODEC(Delta, ZSTD(1)),
    bitrate               Nullable(Float64)                   CODEC(ZSTD(1)),
    fraction_lost         Nullable(Float64)                   CODEC(ZSTD(1)),
    jitter                Nullable(Float64)                   CODEC(ZSTD(1)),
    score                 Nullable(Float64)                   CODEC(ZSTD(1)),
    round_trip_time       Nullable(Float64)                   CODEC(ZSTD(1)),
    rtx_packets_discarded Nullable(Float64)                   CODEC(ZSTD(1)),
    attributes            Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, producer_id, rid, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

-- One consumer, as the SFU sends it, and the layers it chose.
CREATE TABLE IF NOT EXISTS {database:Identifier}.rtc_stats_sfu_consumer (
    tenant_id                String                              CODEC(ZSTD(1)),
    call_id                  String                              CODEC(ZSTD(1)),
    room_id                  String                              CODEC(ZSTD(1)),
    participant_id           String                              CODEC(ZSTD(1)),
    session_id               String                              CODEC(ZSTD(1)),
    sfu_node_id              String                              CODEC(ZSTD(1)),
    transport_id             String                              CODEC(ZSTD(1)),
    producer_id              String                              CODEC(ZSTD(1)),
    consumer_id              String                              CODEC(ZSTD(1)),
    stat_id                  String                              CODEC(ZSTD(1)),
    time                     DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    client_time              DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    received_at              DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    kind                     LowCardinality(String)              CODEC(ZSTD(1)),
    source                   LowCardinality(String)              CODEC(ZSTD(1)),
    mime_type                LowCardinality(String)              CODEC(ZSTD(1)),
    type                     LowCardinality(String)              CODEC(ZSTD(1)),
    paused                   Nullable(Bool)                      CODEC(ZSTD(1)),
    producer_paused          Nullable(Bool)                      CODEC(ZSTD(1)),
    ssrc                     Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packet_count             Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    byte_count               Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_discarded        Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_retransmitted    Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_repaired         Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    nack_count               Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    nack_packet_count        Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    pli_count                Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    fir_count                Nullable(UInt64)                    CODEC(Delta, ZSTD(1)),
    packets_lost             Nullable(Int64)                     CODEC(Delta, ZSTD(1)),
    current_spatial_layer    Nullable(Int64)                     CODEC(Delta, ZSTD(1)),
    current_temporal_layer   Nullable(Int64)                     CODEC(Delta, ZSTD(1)),
    preferred_spatial_layer  Nullable(Int64)                     CODEC(Delta, ZSTD(1)),
    preferred_temporal_layer Nullable(Int64)                     CODEC(Delta, ZSTD(1)),
    bitrate                  Nullable(Float64)                   CODEC(ZSTD(1)),
    fraction_lost            Nullable(Float64)                   CODEC(ZSTD(1)),
    jitter                   Nullable(Float64)                   CODEC(ZSTD(1)),
    score                    Nullable(Float64)                   CODEC(ZSTD(1)),
    producer_score           Nullable(Float64)                   CODEC(ZSTD(1)),
    round_trip_time          Nullable(Float64)                   CODEC(ZSTD(1)),
    attributes               Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant_id, call_id, participant_id, consumer_id, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, min_bytes_for_wide_part = 200000000;

/**
 * The stats vocabulary: every kind of sample that Callscope carries, and each member of it.
 *
 * One list feeds four readers: the browser SDK and the SFU (what to send), the collector (which column an
 * attribute goes to), the table definitions (a test compares them), and the docs. Member names are those of
 * W3C webrtc-stats, or mediasoup's own for the SFU kinds; on the wire and in ClickHouse a member is its
 * snake_case name, with a unit where the scale changes (`totalDecodeTime`, seconds -> `total_decode_time_us`).
 *
 * Written as word lists because this file is part of the browser bundle: names cost bytes there.
 */

/**
 * How a member is carried and stored.
 * - `count`   monotonic integer counter                      OTLP int, UInt64
 * - `signed`  integer that may fall or be negative           OTLP int, Int64 (W3C packetsLost)
 * - `seconds` duration or time span in seconds               OTLP int in microseconds, UInt64, suffix `_us`
 * - `gauge`   number of any kind                             OTLP double (int where whole), Float64
 * - `flag`    boolean                                        OTLP bool, Bool
 * - `word`    short text of few values (state, codec, rid)   OTLP string, LowCardinality(String)
 * - `id`      text of many values (ids, fingerprints)        OTLP string, String
 */
export type MemberType = 'count' | 'signed' | 'seconds' | 'gauge' | 'flag' | 'word' | 'id';

export interface Member {
  /** The source's own name: W3C dictionary member or mediasoup stat; dotted where it is nested. */
  readonly member: string;
  /** Column name; the OTLP attribute is `rtc.` + this. */
  readonly column: string;
  readonly type: MemberType;
}

export interface StatsKind {
  /** OTLP event name of the log record, also the ClickHouse table once dots become underscores. */
  readonly event: string;
  readonly table: string;
  readonly members: readonly Member[];
}

type MemberLists = Partial<Record<MemberType, string>>;

/** `totalRoundTripTime` -> `total_round_trip_time`; `qualityLimitationDurations.cpu` -> `quality_limitation_durations_cpu`. */
export function snakeCase(member: string): string {
  return member.replace(/\./g, '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function statsKind(name: string, lists: MemberLists): StatsKind {
  const members: Member[] = [];
  for (const [type, words] of Object.entries(lists) as [MemberType, string][]) {
    for (const member of words.split(' ')) {
      members.push({ member, column: snakeCase(member) + (type === 'seconds' ? '_us' : ''), type });
    }
  }
  return { event: `rtc.stats.${name}`, table: `rtc_stats_${name}`, members };
}

/** W3C RTCStatsType -> our kind. Local and remote candidates share one kind, told apart by `is_remote`. */
export const clientStats = {
  'inbound-rtp': statsKind('inbound_rtp', {
    word: 'kind mid decoderImplementation',
    id: 'trackIdentifier codecId remoteId',
    flag: 'powerEfficientDecoder',
    count:
      'ssrc packetsReceived packetsDiscarded bytesReceived headerBytesReceived retransmittedPacketsReceived ' +
      'retransmittedBytesReceived fecPacketsReceived fecPacketsDiscarded nackCount pliCount firCount ' +
      'framesReceived framesDecoded keyFramesDecoded framesRendered framesDropped freezeCount pauseCount qpSum ' +
      'totalSamplesReceived concealedSamples silentConcealedSamples concealmentEvents ' +
      'insertedSamplesForDeceleration removedSamplesForAcceleration jitterBufferEmittedCount frameWidth frameHeight',
    signed: 'packetsLost',
    seconds:
      'jitter jitterBufferDelay jitterBufferTargetDelay jitterBufferMinimumDelay totalDecodeTime ' +
      'totalInterFrameDelay totalProcessingDelay totalAssemblyTime totalFreezesDuration totalPausesDuration ' +
      'totalSamplesDuration',
    gauge:
      'framesPerSecond audioLevel totalAudioEnergy totalSquaredInterFrameDelay lastPacketReceivedTimestamp',
  }),
  'outbound-rtp': statsKind('outbound_rtp', {
    word: 'kind mid rid encoderImplementation scalabilityMode qualityLimitationReason',
    id: 'mediaSourceId codecId remoteId',
    flag: 'active powerEfficientEncoder',
    count:
      'ssrc packetsSent bytesSent headerBytesSent retransmittedPacketsSent retransmittedBytesSent framesEncoded ' +
      'framesSent keyFramesEncoded hugeFramesSent nackCount pliCount firCount qpSum totalEncodedBytesTarget ' +
      'qualityLimitationResolutionChanges frameWidth frameHeight encodingIndex',
    seconds:
      'totalEncodeTime totalPacketSendDelay qualityLimitationDurations.none qualityLimitationDurations.cpu ' +
      'qualityLimitationDurations.bandwidth qualityLimitationDurations.other',
    gauge: 'targetBitrate framesPerSecond',
  }),
  'remote-inbound-rtp': statsKind('remote_inbound_rtp', {
    word: 'kind',
    id: 'localId codecId',
    count: 'ssrc packetsReceived roundTripTimeMeasurements',
    signed: 'packetsLost',
    seconds: 'jitter roundTripTime totalRoundTripTime',
    gauge: 'fractionLost',
  }),
  'remote-outbound-rtp': statsKind('remote_outbound_rtp', {
    word: 'kind',
    id: 'localId codecId',
    count: 'ssrc packetsSent bytesSent reportsSent roundTripTimeMeasurements',
    seconds: 'roundTripTime totalRoundTripTime',
    gauge: 'remoteTimestamp',
  }),
  'media-source': statsKind('media_source', {
    word: 'kind',
    id: 'trackIdentifier',
    count: 'frames width height',
    seconds: 'totalSamplesDuration',
    gauge: 'framesPerSecond audioLevel totalAudioEnergy echoReturnLoss echoReturnLossEnhancement',
  }),
  'media-playout': statsKind('media_playout', {
    word: 'kind',
    count: 'synthesizedSamplesEvents totalSamplesCount',
    seconds: 'synthesizedSamplesDuration totalSamplesDuration totalPlayoutDelay',
  }),
  // A W3C transportId is left out here and below: identity's transport_id says the same and joins with the SFU.
  'candidate-pair': statsKind('candidate_pair', {
    word: 'state',
    id: 'localCandidateId remoteCandidateId',
    flag: 'nominated',
    count:
      'packetsSent packetsReceived bytesSent bytesReceived requestsSent requestsReceived responsesSent ' +
      'responsesReceived consentRequestsSent packetsDiscardedOnSend bytesDiscardedOnSend',
    seconds: 'currentRoundTripTime totalRoundTripTime',
    gauge: 'availableOutgoingBitrate availableIncomingBitrate',
  }),
  transport: statsKind('transport', {
    word: 'iceRole iceState dtlsState dtlsRole tlsVersion dtlsCipher srtpCipher',
    id: 'selectedCandidatePairId localCertificateId remoteCertificateId',
    count: 'packetsSent packetsReceived bytesSent bytesReceived selectedCandidatePairChanges',
    // Ours: the latest that a timer of the page fired since the sample before. See client/sdk/lateness.ts.
    gauge: 'pageLateMs',
  }),
  codec: statsKind('codec', {
    word: 'mimeType sdpFmtpLine',
    count: 'payloadType clockRate channels',
  }),
  'local-candidate': candidateKind(),
  'remote-candidate': candidateKind(),
  certificate: statsKind('certificate', {
    word: 'fingerprintAlgorithm',
    id: 'fingerprint issuerCertificateId',
  }),
  'data-channel': statsKind('data_channel', {
    word: 'label protocol state',
    count: 'dataChannelIdentifier messagesSent messagesReceived bytesSent bytesReceived',
  }),
  'peer-connection': statsKind('peer_connection', { count: 'dataChannelsOpened dataChannelsClosed' }),
} as const satisfies Record<string, StatsKind>;

function candidateKind(): StatsKind {
  return statsKind('candidate', {
    word: 'candidateType protocol relayProtocol tcpType networkType',
    id: 'address url foundation',
    flag: 'isRemote',
    count: 'port priority',
  });
}

export type ClientStatsType = keyof typeof clientStats;

/** mediasoup's statistics, sampled at the SFU; member names are mediasoup's (`bitrate` in bit/s, times in ms). */
export const sfuStats = {
  /** One WebRtcTransport. `direction` is the client's: `send` carries its producers, `recv` its consumers. */
  transport: statsKind('sfu_transport', {
    word: 'direction iceState dtlsState protocol bweType',
    flag: 'usesRelay',
    count:
      'bytesReceived bytesSent rtpBytesReceived rtpBytesSent rtxBytesReceived rtxBytesSent probationBytesSent',
    gauge:
      'recvBitrate sendBitrate rtpRecvBitrate rtpSendBitrate rtxRecvBitrate rtxSendBitrate ' +
      'probationSendBitrate availableOutgoingBitrate availableIncomingBitrate maxIncomingBitrate ' +
      'rtpPacketLossReceived rtpPacketLossSent ' +
      // From the `bwe` trace (TWCC), last value and lowest of the sampling interval.
      'bweAvailableBitrate bweAvailableBitrateMin bweDesiredBitrate bweEffectiveDesiredBitrate ' +
      // The longest that the media worker took to answer in the last second: see sfu/WorkerPulse.ts.
      'workerAnswerMs',
  }),
  /** One RTP stream (simulcast layer) of a producer as the SFU receives it. */
  producer: statsKind('sfu_producer', {
    word: 'kind source rid mimeType type',
    flag: 'paused',
    count:
      'ssrc packetCount byteCount packetsDiscarded packetsRetransmitted packetsRepaired nackCount ' +
      'nackPacketCount pliCount firCount spatialLayer',
    signed: 'packetsLost',
    gauge: 'bitrate fractionLost jitter score roundTripTime rtxPacketsDiscarded',
  }),
  /** One consumer's RTP stream as the SFU sends it, and what the SFU chose to send. Layer -1: none. */
  consumer: statsKind('sfu_consumer', {
    word: 'kind source mimeType type',
    flag: 'paused producerPaused',
    count:
      'ssrc packetCount byteCount packetsDiscarded packetsRetransmitted packetsRepaired nackCount ' +
      'nackPacketCount pliCount firCount',
    signed:
      'packetsLost currentSpatialLayer currentTemporalLayer preferredSpatialLayer preferredTemporalLayer',
    gauge: 'bitrate fractionLost jitter score producerScore roundTripTime',
  }),
} as const satisfies Record<string, StatsKind>;

/** Every kind once, by event name. */
export const statsKindsByEvent: ReadonlyMap<string, StatsKind> = new Map(
  [...Object.values(clientStats), ...Object.values(sfuStats)].map((kind) => [kind.event, kind]),
);

/**
 * The numbers of rtcstats file format 3: what methods, object types and members are abbreviated to. They are part
 * of the format and never change their meaning; new ones are added at the end.
 */

/** Words in order of their numbers from `first` on; `.` for a number that is not used. */
const numbered = (first: number, words: string): [string, string][] =>
  words
    .trim()
    .split(/\s+/)
    .map((word, index): [string, string] => [String(first + index), word])
    .filter(([, word]) => word !== '.');

const media = 'navigator.mediaDevices.';
const track = 'MediaStreamTrack.';

const methods = new Map<string, string>([
  ['g', 'getStats'],
  ...numbered(
    2,
    `createOffer createOfferOnSuccess createAnswer createAnswerOnSuccess setLocalDescription
     setLocalDescriptionOnSuccess setRemoteDescription setRemoteDescriptionOnSuccess addIceCandidate
     addIceCandidateOnSuccess createOfferOnFailure createAnswerOnFailure setLocalDescriptionOnFailure
     setRemoteDescriptionOnFailure addIceCandidateOnFailure`,
  ),
  ...numbered(
    20,
    `onicecandidate onicecandidateerror ontrack onsignalingstatechange oniceconnectionstatechange
     onconnectionstatechange onicegatheringstatechange onnegotiationneeded ondatachannel . addTrack
     addTrackOnSuccess addTransceiver addTransceiverOnSuccess removeTrack createDataChannel close restartIce
     setConfiguration create constraints`,
  ),
  ...numbered(
    60,
    `${media}getUserMedia ${media}getUserMediaOnSuccess ${media}getUserMediaOnFailure ${media}getDisplayMedia
     ${media}getDisplayMediaOnSuccess ${media}getDisplayMediaOnFailure ${media}enumerateDevices
     ${media}ondevicechange . . ${track}stop ${track}applyConstraints ${track}onended ${track}onmute
     ${track}onunmute`,
  ),
]);

const types = new Map<string, string>(
  numbered(
    1,
    `inbound-rtp outbound-rtp remote-inbound-rtp remote-outbound-rtp transport candidate-pair local-candidate
     remote-candidate data-channel peer-connection certificate media-source media-playout codec`,
  ),
);

const members = new Map<string, string>([
  ['t', 'timestamp'],
  ...numbered(
    4,
    `payloadType transportId mimeType clockRate channels sdpFmtpLine ssrc kind codecId mediaType packetsReceived
     packetsLost jitter trackIdentifier mid remoteId framesDecoded keyFramesDecoded framesDropped frameWidth
     frameHeight framesPerSecond qpSum totalDecodeTime totalInterFrameDelay totalSquaredInterFrameDelay pauseCount
     totalPausesDuration freezeCount totalFreezesDuration lastPacketReceivedTimestamp headerBytesReceived
     packetsDiscarded fecPacketsReceived fecPacketsDiscarded fecBytesReceived fecSsrc bytesReceived nackCount
     firCount pliCount totalProcessingDelay estimatedPlayoutTimestamp jitterBufferDelay jitterBufferTargetDelay
     jitterBufferEmittedCount jitterBufferMinimumDelay totalSamplesReceived concealedSamples
     silentConcealedSamples concealmentEvents insertedSamplesForDeceleration removedSamplesForAcceleration
     audioLevel totalAudioEnergy totalSamplesDuration framesReceived decoderImplementation playoutId
     powerEfficientDecoder framesAssembledFromMultiplePackets totalAssemblyTime contentType googTimingFrameInfo
     retransmittedPacketsReceived retransmittedBytesReceived rtxSsrc totalCorruptionProbability
     totalSquaredCorruptionProbability corruptionMeasurements localId roundTripTime totalRoundTripTime fractionLost
     roundTripTimeMeasurements packetsSent bytesSent mediaSourceId rid encodingIndex headerBytesSent
     retransmittedPacketsSent retransmittedBytesSent targetBitrate totalEncodedBytesTarget framesSent hugeFramesSent
     framesEncoded keyFramesEncoded totalEncodeTime totalPacketSendDelay qualityLimitationReason
     qualityLimitationDurations qualityLimitationResolutionChanges encoderImplementation powerEfficientEncoder
     active scalabilityMode remoteTimestamp reportsSent echoReturnLoss echoReturnLossEnhancement width height frames
     synthesizedSamplesDuration synthesizedSamplesEvents totalPlayoutDelay totalSamplesCount dataChannelsOpened
     dataChannelsClosed label protocol dataChannelIdentifier state messagesSent messagesReceived iceRole
     iceLocalUsernameFragment dtlsState iceState selectedCandidatePairId localCertificateId remoteCertificateId
     tlsVersion dtlsCipher dtlsRole srtpCipher selectedCandidatePairChanges rtcpTransportStatsId address port
     candidateType priority url relayProtocol foundation relatedAddress relatedPort usernameFragment tcpType
     networkType . . localCandidateId remoteCandidateId nominated lastPacketSentTimestamp currentRoundTripTime
     availableOutgoingBitrate availableIncomingBitrate requestsReceived requestsSent responsesReceived responsesSent
     consentRequestsSent packetsDiscardedOnSend bytesDiscardedOnSend . fingerprint fingerprintAlgorithm
     base64Certificate issuerCertificateId`,
  ),
]);

/** What is no abbreviation is its own name. */
export const methodName = (key: unknown): string => methods.get(String(key)) ?? String(key);
export const typeName = (key: unknown): unknown => types.get(String(key)) ?? key;
export const memberName = (key: string): string => members.get(key) ?? key;

/**
 * State changes and happenings, as OTLP log records with an event name. All go to the table `rtc_event`
 * (identity columns, `name`, `time`, `attributes`); an event that is not listed here is stored all the same.
 */
export const events = {
  /** ICE connection state of a peer connection. state: W3C RTCIceConnectionState. */
  iceState: 'rtc.ice.state',
  iceGatheringState: 'rtc.ice.gathering_state',
  /** A local candidate was gathered. candidate_type, protocol, address (truncated). */
  iceCandidate: 'rtc.ice.candidate',
  /** W3C RTCPeerConnectionIceErrorEvent. error_code, error_text, url. */
  iceCandidateError: 'rtc.ice.candidate_error',
  /** The selected pair changed. local_type, remote_type, protocol, relay_protocol. */
  icePairChanged: 'rtc.ice.pair_changed',
  dtlsState: 'rtc.dtls.state',
  connectionState: 'rtc.connection.state',
  /** The signaling socket: state connected | reconnecting | closed, code. */
  signalingState: 'rtc.signaling.state',
  /** The SFU lost a client's socket, without a farewell. code (RFC 6455). */
  signalingLost: 'rtc.signaling.lost',
  /** The client went on over another socket, its media untouched. away_ms. */
  signalingResumed: 'rtc.signaling.resumed',
  /** getUserMedia or getDisplayMedia failed. name (DOMException), constraint. */
  mediaError: 'rtc.media.error',
  deviceChange: 'rtc.media.device_change',
  /** A track was muted, unmuted or ended by the browser. track_kind, state. */
  trackState: 'rtc.track.state',
  /** The user switched a microphone, camera or screen on or off. source, enabled. */
  sourceToggled: 'rtc.source.toggled',
  /** Page visibility: state visible | hidden. */
  visibility: 'rtc.page.visibility',
  /** The page asked its uplink what it holds, as its estimate stood below what is wanted. probe_bps, estimate_bps. */
  uplinkProbed: 'rtc.uplink.probed',
  /** The page sends less than the browser would at the least, or as usual again. thin, estimate_bps. */
  uplinkThinned: 'rtc.uplink.thinned',
  /** What the user thought, 1 to 5. rating, comment. */
  rating: 'rtc.user.rating',
  /** The SDK had to drop data (memory bound, refusals). records, reason. */
  sdkDropped: 'rtc.sdk.dropped',

  participantJoined: 'rtc.participant.joined',
  participantLeft: 'rtc.participant.left',
  producerOpened: 'rtc.producer.opened',
  producerClosed: 'rtc.producer.closed',
  consumerOpened: 'rtc.consumer.opened',
  consumerClosed: 'rtc.consumer.closed',
  /** mediasoup `layerschange`. spatial_layer, temporal_layer (-1: none). */
  layersChanged: 'rtc.sfu.layers_changed',
  /** mediasoup `score`. score, producer_score. */
  scoreChanged: 'rtc.sfu.score_changed',
  dominantSpeaker: 'rtc.sfu.dominant_speaker',
  sfuIceState: 'rtc.sfu.ice_state',
  sfuDtlsState: 'rtc.sfu.dtls_state',
  workerDied: 'rtc.sfu.worker_died',
  /**
   * A media node ended without having said so. Told by those that notice: lost_node_id, why gone (nothing listens there) |
   * unheard | restarted (told by the process that came after it).
   */
  nodeLost: 'rtc.sfu.node_lost',
  /** The call of a lost node goes on at another. lost_node_id, new_node_id. */
  callTakenOver: 'rtc.sfu.call_taken_over',
  /** A part of a call is linked to its home, and sees and hears everybody; told by the part. home_node_id. */
  partLinked: 'rtc.sfu.part_linked',
  /**
   * The link between two parts of a call broke while people were there: none of the other node's is seen or heard until
   * it is made anew, or they have joined again. Told by both, where both live. other_node_id, participants.
   */
  partLost: 'rtc.sfu.part_lost',
  /** A request was refused. code, method. */
  signalingRefused: 'rtc.signaling.refused',
  /** The SFU decided by itself. incident, decision (JSON of the rows, see telemetry/reflex.ts), decision_id, mode. */
  decisionTaken: 'rtc.decision.taken',
  /** The SFU took a decision up, refused it, or let it go. decision_id, action, result, reason. */
  decisionApplied: 'rtc.decision.applied',
  decisionRefused: 'rtc.decision.refused',
  decisionLifted: 'rtc.decision.lifted',
  /** The SFU told its clients that TURN relays are lost, or some of them to leave a full one. relay_ids, why, participants. */
  relaysLost: 'rtc.turn.relays_lost',
  /** A client moved its paths off a lost or full relay. relay_urls, paths. */
  relayLeft: 'rtc.turn.relay_left',
  /** TURN credentials were asked for without the right to. code. */
  credentialsRefused: 'rtc.turn.credentials_refused',

  /**
   * A recording began, and ended; it is on the recorder's own disk then. recording_id, recorder_id; reason call_over |
   * stopped | node_stopping | tap_lost | recorder_stopping | recorder_died. Source: recorder.
   */
  recordingStarted: 'rtc.recording.started',
  recordingStopped: 'rtc.recording.stopped',
  /** Once per recording. recording_id, result stored (uploaded and verified) | failed, reason, duration_ms. */
  recordingFinished: 'rtc.recording.finished',
  /** Speech of a call is being written down, once a piece of it. Source: transcriber. */
  transcriptionStarted: 'rtc.transcription.started',
  /**
   * A piece of text is there. latency_ms: from the end of the speech to the text; words, engine, recording_id. The text
   * itself is content and stands beside the recording only.
   */
  transcriptionSegment: 'rtc.transcription.segment',
} as const;

/** Spans of the join trace; context travels in the signaling messages (`traceparent`, W3C Trace Context). */
export const spans = {
  /** Click to first remote frame (or to connected, when alone). The parent of all below. */
  join: 'rtc.join',
  getUserMedia: 'rtc.join.get_user_media',
  /** Asking the application for tokens. */
  admission: 'rtc.join.admission',
  /** Socket open and join request answered. */
  signaling: 'rtc.join.signaling',
  /** Transports created on the SFU and set up locally. */
  transport: 'rtc.join.transport',
  ice: 'rtc.join.ice',
  dtls: 'rtc.join.dtls',
  firstPacket: 'rtc.join.first_packet',
  firstFrame: 'rtc.join.first_frame',
  /** The SFU's side of a signaling request; child of the client's span. */
  sfuRequest: 'rtc.sfu.request',
} as const;

/** Process and node health, as OTLP metrics, never labelled by participant. */
export const metrics = {
  workerCpuRatio: 'rtc.sfu.worker.cpu_ratio',
  workerMemoryBytes: 'rtc.sfu.worker.memory_bytes',
  rooms: 'rtc.sfu.rooms',
  participants: 'rtc.sfu.participants',
  transports: 'rtc.sfu.transports',
  /** Participants to whom somebody's media is forwarded, by kind: audio, video. */
  receivers: 'rtc.sfu.receivers',
  /** Other nodes that are lost, and neither back nor replaced nor given up, as each node knows. */
  nodesMissed: 'rtc.sfu.nodes_missed',
  /** Counter. Rows that ClickHouse acknowledged, by table. */
  collectorRows: 'rtc.collector.rows',
  /** Counter. Requests that were refused, by reason. */
  collectorRefusals: 'rtc.collector.refusals',
  /** What waits for ClickHouse: requests on disk, blocks in memory. */
  collectorSpoolBytes: 'rtc.collector.spool_bytes',
  collectorBufferedBytes: 'rtc.collector.buffered_bytes',
  queueDepth: 'rtc.pipelines.queue_depth',
  queueOldestMs: 'rtc.pipelines.queue_oldest_ms',
  jobDurationMs: 'rtc.pipelines.job_duration_ms',
  windowLagMs: 'rtc.pipelines.window_lag_ms',
  /** Recordings under way on a recorder. */
  recordings: 'rtc.recorder.recordings',
  /** On a recorder's disk and not yet stored: bytes, and age of the oldest recording that has ended. */
  recorderBufferedBytes: 'rtc.recorder.buffered_bytes',
  recorderOldestPendingSeconds: 'rtc.recorder.oldest_pending_seconds',
  /** Counter. Packets that came and could not be written. */
  recorderDroppedPackets: 'rtc.recorder.dropped_packets',
  /** 1 when the disk has refused packets since the reading before, or has too little room for another recording. */
  recorderDiskRefuses: 'rtc.recorder.disk_refuses',
  turnAllocations: 'rtc.turn.allocations',
  /** By transport of the client: udp, tcp, tls, dtls. */
  turnSessions: 'rtc.turn.sessions',
  /** By direction, as the client sees it: up, down. */
  turnBytes: 'rtc.turn.bytes',
  turnPackets: 'rtc.turn.packets',
  /** By reason: expired, forged, quota. */
  turnRefusals: 'rtc.turn.refusals',
  turnSaturation: 'rtc.turn.saturation_ratio',
  turnCpuRatio: 'rtc.turn.cpu_ratio',
  /** Orders to the fleet that were not carried out. By reason: malformed, forged, expired, replayed. */
  turnOrdersRefused: 'rtc.turn.orders_refused',
} as const;

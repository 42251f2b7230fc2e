/**
 * A call made of numbers instead of packets: what SFU and clients would have sampled, second by second, under
 * given conditions. The numbers are those of real runs (three VP8 layers of 90, 220 and 600 kbit/s, Opus 32 k,
 * round trip 42 ms; SFU samples every second, clients every two).
 */
import {
  type CallSamples,
  type EventSample,
  type Sample,
  type SampleTable,
  sampleColumns,
} from '../../../quality/samples.ts';

/** What one participant's network and devices do in one second; what is left out is well. */
export interface Conditions {
  /** Transport-wide loss on the way down, 0 to 1; what the receiver sees too. */
  downLoss?: number;
  /** Transport-wide loss that the receiver does not see: feedback sent before the packets were read. */
  feedbackLoss?: number;
  /** The SFU's estimate of the downlink, bit/s. */
  estimateBps?: number;
  downRttMs?: number;
  /** By receiver reports alone. @default downRttMs */
  reportRttMs?: number;
  rtxBps?: number;
  concealed?: number;
  /** A full queue: audio comes with holes, of video nothing, and no feedback tells of it. */
  videoDrowned?: boolean;
  /** Nothing arrives at the client, though the SFU sends. */
  downCut?: boolean;
  upLoss?: number;
  upRttMs?: number;
  /** Part of the usual traffic that the sender sends, 0 to 1. */
  upShare?: number;
  limitedByBandwidth?: boolean;
  senderEstimateBps?: number;
  /** Nothing of the client arrives at the SFU. */
  upCut?: boolean;
  iceState?: string;
  cameraPaused?: boolean;
  microphoneMuted?: boolean;
  /** The camera gives no frames though nobody paused it. */
  cameraDead?: boolean;
  /** The receiver's video does not move: frames of all that it sees. */
  decoderDead?: boolean;
  /** The SFU pauses this receiver's video consumers. */
  videoPaused?: boolean;
  /** Highest layer that this receiver is sent. */
  layer?: 0 | 1 | 2;
  /** The camera's pictures are all the same. */
  cameraBlack?: boolean;
  /** The microphone is open and gives nothing. */
  microphoneSilent?: boolean;
  /** The camera is sent in one layer. */
  singleLayer?: boolean;
  /** Part of the camera's frames that the encoder makes, 0 to 1; time it takes for each. */
  encodedShare?: number;
  encodeMsPerFrame?: number;
  /** Part of the time that the browser holds back for CPU. */
  cpuLimited?: number;
  /** Part of the frames received that are decoded; time that each takes. */
  decodedShare?: number;
  decodeMsPerFrame?: number;
  /** Key frames that this receiver asks for, per second and video. */
  plisPerSecond?: number;
  /** Jitter of what this participant's microphone sends when it arrives at the SFU, and of all that it receives. */
  upJitterMs?: number;
  downJitterMs?: number;
  /** What sound and pictures wait at this receiver, and part of the sound that is stretched. */
  audioBufferMs?: number;
  videoBufferMs?: number;
  stretched?: number;
  /** Sound of this sender that all receivers have to make up, 0 to 1. */
  soundTorn?: number;
  /** The SFU takes this participant's tracks and hands out none of them. */
  notForwarded?: boolean;
  /** Nobody consumes this participant's tracks. */
  unconsumed?: boolean;
  /** What the client told the SFU of its paths. */
  usesRelay?: boolean;
  /** What the SFU says the transports run over. */
  protocol?: 'udp' | 'tcp';
  /** The longest that the node's media worker takes to answer; how late timers of this participant's page are. */
  workerAnswerMs?: number;
  pageLateMs?: number;
  /** The client's telemetry does not come. */
  clientSilent?: boolean;
  /** The SFU's telemetry does not come. */
  sfuSilent?: boolean;
}

export type Script = (participantId: string, second: number) => Conditions;

export const startMs = 1_700_000_000_000;
export const tenantId = 'tenant';
export const callId = 'call';

const layerBps = [90_000, 220_000, 600_000] as const;
const audioBps = 32_000;
const packetBytes = 1_000;
const audioPacketBytes = 80;
const cleanEstimateBps = 1_800_000;
const baseRttMs = 42;

const identity = { tenant_id: tenantId, call_id: callId, session_id: 's', sfu_node_id: 'sfu-1' };

/** A sample with every column unknown but these. */
export function sample<T extends SampleTable>(table: T, values: Partial<Sample<T>>): Sample<T> {
  const { number, text, flag } = sampleColumns[table];
  const blank = Object.fromEntries([
    ...number.map((column) => [column, null]),
    ...flag.map((column) => [column, null]),
    ...text.map((column) => [column, '']),
  ]);
  const ids = {
    participant_id: '',
    transport_id: '',
    producer_id: '',
    consumer_id: '',
    stat_id: '',
    time: 0,
  };
  return { ...identity, ...ids, ...blank, ...values } as Sample<T>;
}

export const emptyCall = (): { [T in SampleTable]: Sample<T>[] } & {
  tenantId: string;
  callId: string;
  events: EventSample[];
} => ({
  tenantId,
  callId,
  events: [],
  inbound_rtp: [],
  outbound_rtp: [],
  remote_inbound_rtp: [],
  media_source: [],
  candidate_pair: [],
  transport: [],
  sfu_transport: [],
  sfu_producer: [],
  sfu_consumer: [],
});

export const producerOf = (id: string, kind: 'audio' | 'video') => `${id}-${kind}`;
export const consumerOf = (receiver: string, sender: string, kind: 'audio' | 'video') =>
  `${receiver}<${sender}-${kind}`;

/** Counters of everything, grown second by second. */
export function syntheticCall(participants: readonly string[], seconds: number, script: Script): CallSamples {
  const call = emptyCall();
  const counters = new Map<string, number>();
  const grow = (name: string, by: number): number => {
    const value = (counters.get(name) ?? 0) + by;
    counters.set(name, value);
    return Math.round(value);
  };
  for (const id of participants) {
    call.events.push({
      tenant_id: tenantId,
      call_id: callId,
      participant_id: id,
      transport_id: '',
      producer_id: '',
      consumer_id: '',
      name: 'rtc.participant.joined',
      time: startMs,
      attributes: { display_name: id },
    });
  }
  for (let second = 0; second <= seconds; second++) {
    for (const id of participants) sampleParticipant(id, second);
  }
  return call;

  function sampleParticipant(id: string, second: number): void {
    const c = script(id, second);
    const time = startMs + second * 1000;
    const sfuTells = c.sfuSilent !== true;
    // Clients sample every second second, each at its own phase.
    const clientTells = c.clientSilent !== true && (second + participants.indexOf(id)) % 2 === 0;
    const send = { participant_id: id, transport_id: `${id}-send`, time };
    const recv = { participant_id: id, transport_id: `${id}-recv`, time };
    const share = (c.upShare ?? 1) * (c.upCut ? 0 : 1);
    const ramp = Math.min(1, (second + 1) / 5);

    const upBps = (layerBps[0] + layerBps[1] + layerBps[2]) * share * ramp + audioBps;
    const arrivedBytes = grow(`${id} up`, c.upCut ? 0 : (upBps * (1 - (c.upLoss ?? 0))) / 8 + 500);
    if (sfuTells) {
      call.sfu_transport.push(
        sample('sfu_transport', {
          ...send,
          direction: 'send',
          uses_relay: c.usesRelay ?? null,
          protocol: c.protocol ?? 'udp',
          ice_state: 'connected',
          dtls_state: 'connected',
          bytes_received: arrivedBytes,
          bytes_sent: grow(`${id} up back`, 800),
          rtp_packet_loss_received: c.upLoss ?? 0,
          worker_answer_ms: c.workerAnswerMs ?? null,
        }),
      );
    }
    for (const [layer, bps] of layerBps.entries()) {
      if (c.singleLayer !== true || layer === 2) videoLayer(layer, bps);
    }
    cameraSource();
    audioTrack();

    const others = participants.filter((other) => other !== id);
    let sentBps = 0;
    for (const other of others) {
      if (script(other, second).unconsumed) continue;
      sentBps += consume(other, 'audio') + consume(other, 'video');
    }
    const rtxBps = c.rtxBps ?? 0;
    const sentBytes = grow(`${id} down`, (sentBps + rtxBps) / 8 + 500);
    const cameDown = (sentBytes - (counters.get(`${id} down before`) ?? 0)) * (1 - (c.downLoss ?? 0));
    counters.set(`${id} down before`, sentBytes);
    const gotBytes = grow(`${id} down got`, c.downCut ? 0 : cameDown);
    const backBytes = grow(`${id} down back`, c.upCut || c.downCut ? 0 : 900);
    if (sfuTells) {
      call.sfu_transport.push(
        sample('sfu_transport', {
          ...recv,
          direction: 'recv',
          uses_relay: c.usesRelay ?? null,
          protocol: c.protocol ?? 'udp',
          ice_state: 'connected',
          dtls_state: 'connected',
          bytes_sent: sentBytes,
          bytes_received: backBytes,
          rtp_bytes_sent: grow(`${id} down rtp`, sentBps / 8),
          rtx_bytes_sent: grow(`${id} down rtx`, rtxBps / 8),
          rtp_packet_loss_sent: c.feedbackLoss ?? c.downLoss ?? 0,
          bwe_available_bitrate: c.estimateBps ?? cleanEstimateBps * ramp,
          bwe_desired_bitrate: cleanEstimateBps,
          worker_answer_ms: c.workerAnswerMs ?? null,
        }),
      );
    }
    if (clientTells) {
      for (const link of [send, recv]) {
        call.transport.push(
          sample('transport', {
            ...link,
            stat_id: 'T',
            ice_state: c.iceState ?? 'connected',
            dtls_state: 'connected',
            page_late_ms: c.pageLateMs ?? null,
            bytes_received: link === recv ? gotBytes : null,
          }),
        );
        const requests = grow(`${link.transport_id} requests`, 1);
        call.candidate_pair.push(
          sample('candidate_pair', {
            ...link,
            stat_id: 'CP',
            nominated: true,
            state: 'succeeded',
            requests_sent: requests,
            responses_received: grow(`${link.transport_id} responses`, c.upCut || c.downCut ? 0 : 1),
            current_round_trip_time_us:
              ((link === recv ? c.downRttMs : undefined) ?? c.upRttMs ?? baseRttMs) * 1000,
            available_outgoing_bitrate: link === send ? (c.senderEstimateBps ?? 2_000_000) : null,
          }),
        );
      }
    }

    function videoLayer(layer: number, bps: number): void {
      const paused = c.cameraPaused === true;
      const flows = !paused && c.cameraDead !== true;
      // Starved uplinks lose the top layers first.
      const kept = flows ? Math.max(0, Math.min(1, share * 3 - layer * (1 - share) * 2)) * ramp : 0;
      const name = `${id} v${layer}`;
      const usual = (bps / 8 / packetBytes) * (c.cameraDead || paused ? 0 : kept);
      // A frame in which nothing changes is one small packet.
      const packets = c.cameraBlack ? 15 * kept : usual;
      const bytesPerPacket = c.cameraBlack ? 45 : packetBytes;
      const ssrc = 1000 * (participants.indexOf(id) + 1) + layer;
      const lost = packets * (c.upLoss ?? 0);
      const sentPackets = grow(`${name} sent`, packets);
      const made = flows && kept > 0.1 ? 15 * (c.encodedShare ?? 1) : 0;
      const frames = grow(`${name} frames`, made);
      const sentBytes = grow(`${name} bytes`, packets * bytesPerPacket);
      const encodeUs = grow(`${name} encode`, made * (c.encodeMsPerFrame ?? 3) * 1000);
      const cpuUs = grow(`${name} cpu`, (c.cpuLimited ?? 0) * 1e6);
      const height = [90, 180, 360][layer]!;
      if (clientTells) {
        call.outbound_rtp.push(
          sample('outbound_rtp', {
            ...send,
            producer_id: producerOf(id, 'video'),
            stat_id: `OV${layer}`,
            kind: 'video',
            rid: `r${layer}`,
            media_source_id: 'SV',
            ssrc,
            active: true,
            packets_sent: sentPackets,
            bytes_sent: sentBytes,
            total_encode_time_us: encodeUs,
            quality_limitation_durations_cpu_us: cpuUs,
            frames_encoded: frames,
            frames_sent: frames,
            frame_width: (height * 16) / 9,
            frame_height: height,
            frames_per_second: 15,
            quality_limitation_reason: c.limitedByBandwidth || second < 8 ? 'bandwidth' : 'none',
          }),
        );
        call.remote_inbound_rtp.push(
          sample('remote_inbound_rtp', {
            ...send,
            stat_id: `RV${layer}`,
            kind: 'video',
            ssrc,
            fraction_lost: c.upLoss ?? 0,
            round_trip_time_us: (c.upRttMs ?? baseRttMs) * 1000,
            jitter_us: 4000,
          }),
        );
      }
      const got = grow(`${name} got`, c.upCut ? 0 : packets - lost);
      const gotBytes = grow(`${name} got bytes`, c.upCut ? 0 : (packets - lost) * bytesPerPacket);
      const asked = participants.map((other) =>
        other === id ? 0 : (script(other, second).plisPerSecond ?? 0),
      );
      const plis = grow(`${name} asked`, Math.max(0, ...asked) * 0.7);
      const holes = grow(`${name} holes`, lost * 0.2);
      const nacked = grow(`${name} nacked`, lost);
      if (sfuTells) {
        call.sfu_producer.push(
          sample('sfu_producer', {
            ...send,
            producer_id: producerOf(id, 'video'),
            kind: 'video',
            source: 'camera',
            rid: `r${layer}`,
            mime_type: 'video/VP8',
            paused,
            ssrc,
            spatial_layer: layer,
            packet_count: got,
            byte_count: gotBytes,
            packets_lost: holes,
            pli_count: plis,
            jitter: c.upJitterMs ?? 3,
            nack_packet_count: nacked,
            score: (c.upLoss ?? 0) > 0.05 || c.upCut ? 5 : 10,
          }),
        );
      }
    }

    function cameraSource(): void {
      const frames = grow(`${id} camera`, c.cameraPaused || c.cameraDead ? 0 : 15);
      if (!clientTells) return;
      call.media_source.push(
        sample('media_source', {
          ...send,
          producer_id: producerOf(id, 'video'),
          stat_id: 'SV',
          kind: 'video',
          frames,
          frames_per_second: 15,
          width: 640,
          height: 360,
        }),
      );
    }

    function audioTrack(): void {
      const muted = c.microphoneMuted === true;
      const packets = muted ? 0 : 50;
      const ssrc = 1000 * (participants.indexOf(id) + 1) + 9;
      const sentPackets = grow(`${id} a sent`, packets);
      const energy = (counters.get(`${id} energy`) ?? 0) + (muted || c.microphoneSilent ? 0 : 0.005);
      counters.set(`${id} energy`, energy);
      if (clientTells) {
        call.outbound_rtp.push(
          sample('outbound_rtp', {
            ...send,
            producer_id: producerOf(id, 'audio'),
            stat_id: 'OA',
            kind: 'audio',
            media_source_id: 'SA',
            ssrc,
            active: true,
            packets_sent: sentPackets,
            bytes_sent: sentPackets * audioPacketBytes,
            target_bitrate: audioBps,
          }),
        );
        call.remote_inbound_rtp.push(
          sample('remote_inbound_rtp', {
            ...send,
            stat_id: 'RA',
            kind: 'audio',
            ssrc,
            fraction_lost: c.upLoss ?? 0,
            round_trip_time_us: (c.upRttMs ?? baseRttMs) * 1000,
          }),
        );
        call.media_source.push(
          sample('media_source', {
            ...send,
            producer_id: producerOf(id, 'audio'),
            stat_id: 'SA',
            kind: 'audio',
            total_audio_energy: energy,
          }),
        );
      }
      const got = grow(`${id} a got`, c.upCut ? 0 : packets * (1 - (c.upLoss ?? 0)));
      const lost = grow(`${id} a lost`, packets * (c.upLoss ?? 0));
      if (sfuTells) {
        call.sfu_producer.push(
          sample('sfu_producer', {
            ...send,
            producer_id: producerOf(id, 'audio'),
            kind: 'audio',
            source: 'microphone',
            mime_type: 'audio/opus',
            paused: muted,
            ssrc,
            spatial_layer: 0,
            packet_count: got,
            byte_count: got * audioPacketBytes,
            packets_lost: lost,
            jitter: c.upJitterMs ?? 3,
            score: 10,
          }),
        );
      }
    }

    /** @returns what the SFU sends of it, bit/s */
    function consume(sender: string, kind: 'audio' | 'video'): number {
      const theirs = script(sender, second);
      const sendersPause = kind === 'video' ? theirs.cameraPaused === true : theirs.microphoneMuted === true;
      const dry = theirs.upCut || (kind === 'video' && theirs.cameraDead);
      const paused = kind === 'video' && c.videoPaused === true;
      const flows = !sendersPause && !dry && !paused && !theirs.notForwarded;
      const layer = theirs.singleLayer ? 2 : (c.layer ?? 2);
      const bps = !flows ? 0 : kind === 'audio' ? audioBps : layerBps[layer];
      const bytes = kind === 'audio' ? audioPacketBytes : packetBytes;
      const packets = kind === 'audio' ? (flows ? 50 : 0) : bps / 8 / bytes;
      const name = `${id}<${sender} ${kind}`;
      const sentPackets = grow(`${name} sent`, packets);
      const loss = c.downCut || (c.videoDrowned && kind === 'video') ? 1 : (c.downLoss ?? 0);
      const ids = { producer_id: producerOf(sender, kind), consumer_id: consumerOf(id, sender, kind) };
      const ssrc = 50_000 + participants.indexOf(sender) * 10 + (kind === 'audio' ? 1 : 2);
      // What the SFU misses, receivers ask it for as well.
      const missed = Math.min(1, loss + (theirs.upLoss ?? 0));
      const [audioAsked, videoAsked] = c.videoDrowned ? [0.15, 0] : [0, missed];
      const asked = packets * (kind === 'audio' ? audioAsked : videoAsked);
      const nacked = grow(`${name} nacked`, c.downCut ? 0 : asked);
      if (sfuTells) {
        call.sfu_consumer.push(
          sample('sfu_consumer', {
            ...recv,
            ...ids,
            kind,
            source: kind === 'audio' ? 'microphone' : 'camera',
            mime_type: kind === 'audio' ? 'audio/opus' : 'video/VP8',
            paused,
            producer_paused: sendersPause,
            ssrc,
            packet_count: sentPackets,
            byte_count: sentPackets * bytes,
            nack_packet_count: nacked,
            packets_retransmitted: nacked,
            current_spatial_layer: kind === 'video' ? (flows || theirs.notForwarded ? layer : -1) : null,
            current_temporal_layer: kind === 'video' ? (flows || theirs.notForwarded ? 2 : -1) : null,
            preferred_spatial_layer: kind === 'video' ? 2 : null,
            // The SFU's consumer score stays high even when the receiver is cut off.
            score: 10,
            round_trip_time: c.reportRttMs ?? c.downRttMs ?? baseRttMs,
          }),
        );
      }
      const uploss = theirs.upLoss ?? 0;
      const got = grow(`${name} got`, packets * (1 - loss));
      const lost = grow(
        `${name} lost`,
        c.downCut ? 0 : packets * Math.max(loss, kind === 'audio' ? uploss : 0),
      );
      const moving = flows && !c.downCut && !c.decoderDead;
      const arrived = flows && !c.downCut ? 15 * (theirs.encodedShare ?? 1) : 0;
      const fps = moving ? arrived * (c.decodedShare ?? 1) : 0;
      const framesReceived = grow(`${name} whole`, arrived);
      const dropped = grow(`${name} dropped`, c.decoderDead ? 0 : arrived - fps);
      const decodeUs = grow(`${name} decode`, fps * (c.decodeMsPerFrame ?? 4) * 1000);
      const plis = grow(`${name} plis`, c.plisPerSecond ?? 0);
      const frames = grow(`${name} frames`, fps);
      const gapUs = grow(`${name} gaps`, fps * 66_667);
      const squares = (counters.get(`${name} squares`) ?? 0) + fps * 0.0667 ** 2;
      counters.set(`${name} squares`, squares);
      const played = grow(`${name} played`, 48_000);
      const concealed = grow(
        `${name} concealed`,
        48_000 * (c.downCut ? 1 : (theirs.soundTorn ?? c.concealed ?? loss)),
      );
      const waitUs = 1000 * (kind === 'audio' ? (c.audioBufferMs ?? 40) : (c.videoBufferMs ?? 50));
      const emitted = kind === 'audio' ? 48_000 : fps;
      const buffered = grow(`${name} jb`, emitted * waitUs);
      const emittedCount = grow(`${name} jbc`, emitted);
      const stretched = grow(`${name} stretched`, 48_000 * (c.stretched ?? 0));
      const height = [90, 180, 360][layer]!;
      if (clientTells) {
        call.inbound_rtp.push(
          sample('inbound_rtp', {
            ...recv,
            ...ids,
            stat_id: `I${sender}${kind}`,
            kind,
            ssrc,
            packets_received: got,
            packets_lost: lost,
            bytes_received: got * bytes,
            jitter_us: 1000 * (c.downJitterMs ?? Math.max(5, theirs.upJitterMs ?? 0)),
            jitter_buffer_delay_us: buffered,
            jitter_buffer_emitted_count: emittedCount,
            ...(kind === 'audio'
              ? {
                  total_samples_received: played,
                  concealed_samples: concealed,
                  silent_concealed_samples: 0,
                  inserted_samples_for_deceleration: stretched,
                  removed_samples_for_acceleration: 0,
                }
              : {
                  frames_received: framesReceived,
                  frames_decoded: frames,
                  frames_dropped: dropped,
                  total_decode_time_us: decodeUs,
                  pli_count: plis,
                  frame_width: (height * 16) / 9,
                  frame_height: height,
                  frames_per_second: fps,
                  total_inter_frame_delay_us: gapUs,
                  total_squared_inter_frame_delay: squares,
                }),
          }),
        );
      }
      return bps;
    }
  }
}

/**
 * The signaling protocol between the meeting client and the SFU, over one WebSocket (`/signaling`).
 *
 * The client sends requests `{id, method, data, traceparent?}`; the SFU answers `{id, ok: true, data}` or
 * `{id, ok: false, error: {code, message}}` and sends notifications `{method, data}` of its own. The first
 * request must be `join`, or `resume` after the socket was lost. The browser bundle imports types only; the schemas check requests on the SFU.
 */
import type { types as mediasoup } from 'mediasoup-client';
import { z } from 'zod';
import type { LoopMode } from './loop.ts';
import type { MediaKind, MediaSource } from './rows.ts';

const id = z.string().min(1).max(128);
/** Checked for shape by mediasoup itself; here only bounded by the message size. */
const opaque = <T>() => z.custom<T>((value) => typeof value === 'object' && value !== null);

export const requestSchemas = {
  join: z.object({ token: z.string().max(4096) }),
  /** Instead of `join`, over another socket: goes on with the session of the token that `join` was answered with. */
  resume: z.object({ token: z.string().max(128) }),
  /** Clock probe. */
  ping: z.object({}),
  createTransport: z.object({ direction: z.enum(['send', 'recv']) }),
  connectTransport: z.object({ transportId: id, dtlsParameters: opaque<mediasoup.DtlsParameters>() }),
  restartIce: z.object({
    transportId: id,
    /** The TURN server that the broken path went over, if it did: other relays are handed out then. */
    lostRelayUrls: z.array(z.string().max(256)).max(8).default([]),
  }),
  /** What only the client knows of its path: whether it goes over a TURN relay. */
  tellPath: z.object({ transportId: id, usesRelay: z.boolean() }),
  produce: z.object({
    transportId: id,
    kind: z.enum(['audio', 'video']),
    source: z.enum(['microphone', 'camera', 'screen']),
    paused: z.boolean().default(false),
    rtpParameters: opaque<mediasoup.RtpParameters>(),
  }),
  closeProducer: z.object({ producerId: id }),
  pauseProducer: z.object({ producerId: id }),
  resumeProducer: z.object({ producerId: id }),
  /** The consumer starts paused; resume it once the client has it. */
  consume: z.object({ producerId: id, rtpCapabilities: opaque<mediasoup.RtpCapabilities>() }),
  resumeConsumer: z.object({ consumerId: id }),
  /** What the page can make use of, e.g. from the size of the video element. */
  setPreferredLayers: z.object({
    consumerId: id,
    spatialLayer: z.number().int().min(0).max(7),
    temporalLayer: z.number().int().min(0).max(7),
  }),
  leave: z.object({}),
} as const;

export type Method = keyof typeof requestSchemas;
export type RequestData<M extends Method> = z.input<(typeof requestSchemas)[M]>;

/** W3C RTCIceServer. */
export interface IceServerInfo {
  urls: string[];
  username?: string;
  credential?: string;
}

export interface ParticipantInfo {
  participantId: string;
  displayName: string;
}

export interface ProducerInfo {
  producerId: string;
  participantId: string;
  kind: MediaKind;
  source: MediaSource;
  paused: boolean;
}

export interface TransportInfo {
  transportId: string;
  iceParameters: mediasoup.IceParameters;
  iceCandidates: mediasoup.IceCandidate[];
  dtlsParameters: mediasoup.DtlsParameters;
}

export interface ConsumerInfo {
  consumerId: string;
  producerId: string;
  kind: MediaKind;
  rtpParameters: mediasoup.RtpParameters;
  producerPaused: boolean;
}

export interface ResponseData {
  join: {
    callId: string;
    participantId: string;
    sfuNodeId: string;
    routerRtpCapabilities: mediasoup.RtpCapabilities;
    participants: ParticipantInfo[];
    producers: ProducerInfo[];
    serverTimeMs: number;
    /** Goes on with this session while the socket is lost, for `graceMs` at most. A secret. */
    resumeToken: string;
    graceMs: number;
  };
  /** How everything stands: what was told meanwhile is in it. */
  resume: {
    routerRtpCapabilities: mediasoup.RtpCapabilities;
    participants: ParticipantInfo[];
    producers: ProducerInfo[];
    /** The client's own that the SFU has. */
    own: { transportIds: string[]; producerIds: string[] };
    /** Consumers that the SFU withholds by a decision. */
    held: { consumerId: string; reason: string }[];
    /** As in the notification `audioBounded`. */
    audioMaxBitrateBps: number | null;
    serverTimeMs: number;
  };
  ping: { serverTimeMs: number };
  createTransport: TransportInfo;
  connectTransport: Record<string, never>;
  restartIce: { iceParameters: mediasoup.IceParameters; iceServers: IceServerInfo[] };
  tellPath: Record<string, never>;
  produce: { producerId: string };
  closeProducer: Record<string, never>;
  pauseProducer: Record<string, never>;
  resumeProducer: Record<string, never>;
  consume: ConsumerInfo;
  resumeConsumer: Record<string, never>;
  setPreferredLayers: Record<string, never>;
  leave: Record<string, never>;
}

export interface Notifications {
  participantJoined: ParticipantInfo;
  participantLeft: { participantId: string };
  producerAdded: ProducerInfo;
  producerClosed: { producerId: string };
  producerPaused: { producerId: string };
  producerResumed: { producerId: string };
  /** The SFU stopped or resumed sending this consumer by a decision; `reason` is for people. */
  consumerPaused: { consumerId: string; reason: string };
  consumerResumed: { consumerId: string };
  consumerClosed: { consumerId: string };
  /** The microphone is to be sent at no more than this, since somebody's link holds no more; null: no bound. */
  audioBounded: { maxBitrateBps: number | null };
  /** What is being forwarded now; null: nothing. */
  layersChanged: { consumerId: string; spatialLayer: number | null; temporalLayer: number | null };
  dominantSpeaker: { participantId: string | null };
  /**
   * The room's media worker died and another one took over: whatever transports, producers and consumers there were are
   * gone, also at the others. Who is in the room has not changed. The client makes its media anew, over the same socket.
   */
  mediaRestarted: { routerRtpCapabilities: mediasoup.RtpCapabilities };
  /** TURN relays are lost, or too full: a path over one of these URLs is to be moved to the fresh ones. */
  relaysLost: {
    urls: string[];
    /** False: they are only unheard of, so whoever still receives over them stays. */
    certain: boolean;
    iceServers: IceServerInfo[];
  };
  /** The node is about to stop, and another one has the call: be there before leaving here. */
  nodeLeaving: Record<string, never>;
  /** From the pipelines, every few seconds for those whose state changed. */
  qualityChanged: {
    participantId: string;
    level: 'good' | 'fair' | 'poor' | 'unknown';
    reason: string;
    audioMos: number | null;
    videoMos: number | null;
  };
}

export interface RequestMessage {
  id: number;
  method: string;
  data: unknown;
  /** W3C Trace Context of the client's span. */
  traceparent?: string;
}

export type ResponseMessage =
  | { id: number; ok: true; data: unknown }
  | { id: number; ok: false; error: { code: string; message: string } };

export type NotificationMessage = {
  [M in keyof Notifications]: { method: M; data: Notifications[M] };
}[keyof Notifications];

/** Body of `POST /api/v1/join` on the SFU, and its answer: what the page needs before it opens the socket. */
export const joinRequestSchema = z.object({
  invite: z.string().max(4096),
  displayName: z.string().trim().min(1).max(80),
});

/** Answer of `GET /api/v1/nodes/<id>`: whether a media node lives, as seen from the one that is asked. */
export interface NodeAnswer {
  lives: boolean;
}

export interface JoinAnswer {
  joinToken: string;
  telemetryToken: string;
  /** OTLP/HTTP base URL; `/v1/logs` and `/v1/traces` are appended. */
  telemetryUrl: string;
  callId: string;
  roomId: string;
  participantId: string;
  iceServers: IceServerInfo[];
  /** Origins under which the service can be reached, best first; empty: the page's own only. */
  entrances: string[];
  /** The media node that has the call, and the origins of its signaling; empty: every entrance leads there. */
  sfuNodeId: string;
  nodeOrigins: string[];
  /** How far the page may go to help its own media. */
  loopMode: LoopMode;
  serverTimeMs: number;
}

/**
 * What the media node and the recorder say to each other. The node asks for a recorder over the queue `record`; the
 * recorder then opens a tap on the node, an endless answer of one JSON event a line, and takes stream after stream as
 * plain RTP. The tap lives as long as its request: whichever side dies, the other knows at once.
 */
import { z } from 'zod';

const id = z.string().min(1).max(128);
const port = z.number().int().min(1).max(65_535);
const address = z.string().min(1).max(64);

/** Paths of a call's recording on the media node, all with `Authorization: Bearer <CALLSCOPE_RECORDER_SECRET>`. */
export const recordingPaths = {
  /** POST recordRequestSchema: from now on the call in this room is to be recorded. */
  wanted: '/api/v1/recordings',
  /** DELETE: it is to be recorded no more. */
  call: (callId: string) => `/api/v1/recordings/${callId}`,
  /** POST tapRequestSchema; answers lines of tapEventSchema. */
  tap: (callId: string) => `/api/v1/recordings/${callId}/tap`,
  /** POST takeRequestSchema; answers takeAnswerSchema. */
  streams: (callId: string) => `/api/v1/recordings/${callId}/streams`,
  /** POST aliveRequestSchema, every `aliveEveryMs`. */
  alive: (callId: string) => `/api/v1/recordings/${callId}/alive`,
} as const;

/** A recorder whose host vanished closes no socket; one that is not heard of for `aliveLimitMs` has lost its tap. */
export const aliveEveryMs = 2_000;
export const aliveLimitMs = 8_000;

export const recordRequestSchema = z.object({
  tenantId: id,
  roomId: id,
  /** Whether speech is to be written down too. */
  transcribe: z.boolean().default(false),
});
export type RecordRequest = z.infer<typeof recordRequestSchema>;

/** Of the queue `record`: some recorder is to take this call. */
export const recordJobSchema = z.object({
  tenantId: id,
  roomId: id,
  callId: id,
  sfuNodeId: id,
  /** Base of the paths above. */
  sfuUrl: z.url(),
  transcribe: z.boolean(),
});
export type RecordJob = z.infer<typeof recordJobSchema>;

export const tapRequestSchema = z.object({ recorderId: id });
export const aliveRequestSchema = z.object({ tapId: id });

const sentStream = {
  producerId: id,
  participantId: id,
  displayName: z.string().max(80),
  kind: z.enum(['audio', 'video']),
  source: z.enum(['microphone', 'camera', 'screen']),
};

export const tapEventSchema = z.discriminatedUnion('type', [
  /** The first one. */
  z.object({ type: z.literal('open'), tapId: id }),
  z.object({ type: z.literal('stream'), ...sentStream }),
  z.object({ type: z.literal('gone'), producerId: id }),
  /** The last one. A tap that ends without it was lost. */
  z.object({ type: z.literal('ended'), reason: z.enum(['call_over', 'stopped', 'node_stopping']) }),
]);
export type TapEvent = z.infer<typeof tapEventSchema>;
export type SentStreamInfo = Omit<Extract<TapEvent, { type: 'stream' }>, 'type'>;

/** Where the recorder waits for the RTP of a stream. */
export const takeRequestSchema = z.object({ tapId: id, producerId: id, ip: address, port });
export type TakeRequest = z.infer<typeof takeRequestSchema>;

/** What comes there, and where RTCP goes to. */
export const takeAnswerSchema = z.object({
  from: z.object({ ip: address, port }),
  ssrc: z.number().int().nonnegative(),
  mimeType: z.string().max(64),
  payloadType: z.number().int().min(0).max(127),
  clockRate: z.number().int().positive(),
  channels: z.number().int().min(1).max(8).default(1),
  /** Id of the RTP header extension `ssrc-audio-level` (RFC 6464), where it is sent. */
  audioLevelId: z.number().int().min(1).max(255).nullable(),
});
export type TakeAnswer = z.infer<typeof takeAnswerSchema>;

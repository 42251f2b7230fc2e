/** What the two parts of a call tell each other over their link: text messages of JSON, `type` first. */
import type { types as mediasoup } from 'mediasoup';
import { z } from 'zod';
import { SfuError } from '../errors.ts';
import { told } from '../signaling/messages.ts';

/** RTP parameters of a simulcast producer are 2 kB. */
export const mostMessageBytes = 64 * 1024;

const id = z.string().min(1).max(128);

export const linkMessageSchema = z.discriminatedUnion('type', [
  /** The first: where this end's pipe transport is, and what its packets are encrypted with. */
  z.object({
    type: z.literal('hello'),
    address: z.string().min(1).max(255),
    port: z.number().int().min(1).max(65_535),
    srtpParameters: z.object({
      cryptoSuite: z.enum([
        'AEAD_AES_256_GCM',
        'AEAD_AES_128_GCM',
        'AES_CM_128_HMAC_SHA1_80',
        'AES_CM_128_HMAC_SHA1_32',
      ]),
      keyBase64: z.base64().max(128),
    }),
  }),
  z.object({ type: z.literal('participantJoined'), participantId: id, displayName: z.string().max(80) }),
  z.object({ type: z.literal('participantLeft'), participantId: id }),
  /** It is in the pipe already. */
  z.object({
    type: z.literal('producerAdded'),
    producerId: id,
    participantId: id,
    kind: z.enum(['audio', 'video']),
    source: z.enum(['microphone', 'camera', 'screen']),
    paused: z.boolean(),
    /** Checked by the worker. */
    rtpParameters: z.custom<mediasoup.RtpParameters>((value) => typeof value === 'object' && value !== null),
  }),
  z.object({ type: z.literal('producerClosed'), producerId: id }),
  z.object({ type: z.literal('producerPaused'), producerId: id }),
  z.object({ type: z.literal('producerResumed'), producerId: id }),
  /** What a participant asks all others to send audio at, at the most; 0: nothing any more. */
  z.object({
    type: z.literal('audioAsked'),
    participantId: id,
    audioMaxBitrateBps: z.number().int().min(0).max(510_000),
  }),
  /** Whoever was there when the link was made has been told of. */
  z.object({ type: z.literal('allTold') }),
  /** To the home: somebody came in whose call is to be recorded. */
  z.object({ type: z.literal('recording'), recording: z.enum(['recorded', 'transcribed']) }),
  /** From the home: another node has the call, and this one is about to stop. */
  z.object({ type: z.literal('nodeLeaving') }),
]);
export type LinkMessage = z.output<typeof linkMessageSchema>;

/** @throws SfuError malformed */
export function parseLinkMessage(text: string): LinkMessage {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SfuError('malformed', 'The message is not JSON.', { cause: error });
  }
  const parsed = linkMessageSchema.safeParse(json);
  if (!parsed.success) {
    throw new SfuError('malformed', `The message of the link is not valid: ${told(parsed.error)}.`);
  }
  return parsed.data;
}

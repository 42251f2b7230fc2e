/**
 * Do packets of a video arrive, and nothing comes out of the decoder, whatever key frames it asks for?
 *
 * Packets and frames are two counts of the receiver's; the SFU's word that it sends, and the key frames asked for in
 * vain, are the witnesses beside them. A freeze for want of packets is not this.
 */
import type { CallFeatures } from '../features/call.ts';
import type { ReceivingFeatures } from '../features/receiving.ts';
import { atLeast, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/** The field's: 4 s or 15 round trips, whichever is longer; by then two key frames should have come. */
const stuckMs = 3_900;
const roundTrips = 15;
const leastPlis = 2;
const movingFps = 2;

export const stuckDecoder: Detector = {
  name: 'stuck_decoder',
  version: 1,
  question:
    'Do packets of a video arrive, and nothing comes out of the decoder, whatever key frames it asks for?',
  onset:
    'no frame decoded for >= max(3.9 s, 15 round trips), while packets arrive and the SFU sends, and >= 2 key frames asked for since; not while paused',
  clearing: '>= 2 frames decoded a second',
  explains: [{ kinds: ['freeze', 'pli_storm', 'decoder_drops', 'audio_video_desync'], of: 'own' }],
  sentence: ({ name, facts, when, nameOf }) =>
    `${name}'s device received ${nameOf(String(facts.senderId ?? ''))}'s picture but could not show it ${when}, though it asked for a fresh one ${facts.keyFramesAsked} times.`,
  judge: (features) => {
    const roundTrip = new Map(features.downlinks.map((d) => [d.participantId, d.roundTripMs ?? 0]));
    return features
      .receiving()
      .filter((r) => r.kind === 'video')
      .map((r) => judgeStream(r, roundTrip.get(r.receiverId) ?? 0, features));
  },
};

function judgeStream(r: ReceivingFeatures, roundTripMs: number, { atMs }: CallFeatures): Verdict {
  const { at } = r;
  const bad =
    !at.paused &&
    atLeast(at.sinceFrameMs, Math.max(stuckMs, roundTrips * roundTripMs)) &&
    at.receiving === true &&
    at.sfuSending !== false &&
    atLeast(at.plisSinceFrame, leastPlis);
  if (!bad) {
    const good = at.paused || (at.sinceFrameMs === 0 && atLeast(r.decodedFps, movingFps));
    return calm(good ? 'good' : 'unclear', r.receiverId, r.consumerId, atMs);
  }
  return {
    state: 'bad',
    hop: 'receiver_device',
    participantId: r.receiverId,
    subjectId: r.consumerId,
    severity: 'severe',
    confidence: 0.85,
    sinceMs: (r.timeMs ?? atMs) - at.sinceFrameMs!,
    evidence: evidenceOf({
      sinceLastFrameMs: at.sinceFrameMs,
      keyFramesAsked: Math.round(at.plisSinceFrame!),
      packetsPerSecond: r.packetsPerSecond,
      roundTripMs,
      senderId: r.senderId,
    }),
    affected: [r.receiverId],
  };
}

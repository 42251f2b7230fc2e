/**
 * Does a device throw away frames that arrived whole?
 *
 * Lost packets make incomplete frames, which are not counted here; so with little loss the frames that are dropped were
 * dropped for want of time or of a key frame.
 */
import type { CallFeatures } from '../features/call.ts';
import type { ReceivingFeatures } from '../features/receiving.ts';
import { onlySender } from './blame.ts';
import {
  atLeast,
  atMost,
  calm,
  type Detector,
  evidenceOf,
  notOver,
  percent,
  type Verdict,
} from './detector.ts';

/** The field warns at 10 %; a busy machine drops that much in a bad second. */
const droppedShare = 0.2;
const droppedLongShare = 0.12;
/** It has gone on for more than 5 s: by then its cause, if it has one, is known. */
const droppedBeforeShare = 0.08;
const clearShare = 0.05;
const lossless = 0.02;
const leastFps = 4;
const knownMs = 9_000;
const plainlySeen = 0.4;

export const decoderDrops: Detector = {
  name: 'decoder_drops',
  version: 1,
  question: 'Does a device throw away frames that arrived whole?',
  onset:
    '>= 20 % of whole frames dropped over 5 s and >= 12 % over 15 s (the field’s 10 % is one bad second of a busy machine), >= 8 % before the last 5 s, so that its cause can be found first, at <= 2 % loss and >= 4 frames a second',
  clearing: '<= 5 % over 5 s for every video',
  aftermathMs: 20_000,
  sentence: ({ name, facts, when }) =>
    `${name}'s device threw away ${percent(facts.droppedRatio)} of the pictures that arrived ${when}, so video was jerky.`,
  judge: (features) =>
    [...features.receivingBy()].map(([id, all]) =>
      judgeReceiver(
        id,
        all.filter((r) => r.kind === 'video' && !r.at.paused && r.timeMs !== undefined),
        features,
      ),
    ),
};

function judgeReceiver(id: string, videos: readonly ReceivingFeatures[], { atMs }: CallFeatures): Verdict {
  const dropping = videos.filter(
    (r) =>
      r.knownMs >= knownMs &&
      atLeast(r.receivedFps, leastFps) &&
      atLeast(r.dropped, droppedShare) &&
      atLeast(r.droppedLong, droppedLongShare) &&
      atLeast(r.droppedBefore, droppedBeforeShare) &&
      notOver(r.loss, lossless),
  );
  if (dropping.length === 0) {
    const good = videos.every((r) => atMost(r.dropped, clearShare) || r.receivedFps === 0);
    return calm(good ? 'good' : 'unclear', id, '', atMs);
  }
  const worst = dropping.reduce((a, b) => (b.dropped! > a.dropped! ? b : a));
  return {
    state: 'bad',
    hop: 'receiver_device',
    participantId: id,
    subjectId: '',
    severity: worst.dropped! >= plainlySeen ? 'moderate' : 'minor',
    confidence: 0.75,
    sinceMs: (worst.timeMs ?? atMs) - 5_000,
    evidence: evidenceOf({
      droppedRatio: worst.dropped,
      droppedLongRatio: worst.droppedLong,
      receivedFramesPerSecond: worst.receivedFps,
      decodedFramesPerSecond: worst.decodedFps,
      receiverLossRatio: worst.loss,
      videos: dropping.length,
      senderId: onlySender(dropping, videos),
    }),
    affected: [id],
  };
}

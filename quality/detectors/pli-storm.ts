/**
 * Does a receiver ask for key frame after key frame?
 *
 * Each costs as much as a second of ordinary frames, for every receiver of that sender. The SFU's count of what it asked
 * the sender for is the second witness; it joins requests of one moment, so it counts fewer.
 */
import type { CallFeatures } from '../features/call.ts';
import type { ReceivingFeatures } from '../features/receiving.ts';
import type { SendingFeatures } from '../features/sending.ts';
import { hopOf, onlySender } from './blame.ts';
import { atLeast, atMost, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/** The field's: a layer switch or a join asks once or twice, not every other second for 15 s. */
const perSecond = 0.5;
const perSecondLong = 0.4;
const sfuPerSecond = 0.15;
const clearPerSecond = 0.1;
const knownMs = 10_000;

export const pliStorm: Detector = {
  name: 'pli_storm',
  version: 1,
  question: 'Does a receiver ask for key frame after key frame?',
  onset:
    '>= 0.5 key frame requests a second over 5 s and >= 0.4 over 15 s for one video, and the SFU passes >= 0.15 a second on to its sender (it joins those of one moment)',
  clearing: '<= 0.1 a second over 5 s for every video',
  aftermathMs: 20_000,
  sentence: ({ name, facts, when }) =>
    `${name}'s device asked for a fresh picture ${facts.requestsPerSecond} times a second ${when}, which makes pictures coarse and the links full.`,
  judge: (features) => {
    const sending = new Map(features.sending().map((s) => [s.producerId, s]));
    return [...features.receivingBy()].map(([id, all]) =>
      judgeReceiver(
        id,
        all.filter((r) => r.kind === 'video' && !r.at.paused),
        sending,
        features,
      ),
    );
  },
};

function judgeReceiver(
  id: string,
  videos: readonly ReceivingFeatures[],
  sending: ReadonlyMap<string, SendingFeatures>,
  { atMs }: CallFeatures,
): Verdict {
  const storming = videos.filter((r) => {
    const atSfu = sending.get(r.at.path.uplink.producerId)?.keyFramesAskedPerSecond;
    return (
      r.knownMs >= knownMs &&
      atLeast(r.plisPerSecond, perSecond) &&
      atLeast(r.plisPerSecondLong, perSecondLong) &&
      (atSfu === undefined || atSfu >= sfuPerSecond)
    );
  });
  if (storming.length === 0) {
    const good = videos.every((r) => atMost(r.plisPerSecond, clearPerSecond));
    return calm(good ? 'good' : 'unclear', id, '', atMs);
  }
  const worst = storming.reduce((a, b) => ((b.plisPerSecond ?? 0) > (a.plisPerSecond ?? 0) ? b : a));
  const sender = sending.get(worst.at.path.uplink.producerId);
  return {
    state: 'bad',
    hop: hopOf(worst, sender),
    participantId: id,
    subjectId: '',
    severity: 'moderate',
    confidence: sender?.keyFramesAskedPerSecond === undefined ? 0.6 : 0.8,
    sinceMs: (worst.timeMs ?? atMs) - 10_000,
    evidence: evidenceOf({
      requestsPerSecond: worst.plisPerSecond,
      requestsPerSecondLong: worst.plisPerSecondLong,
      sfuRequestsPerSecond: sender?.keyFramesAskedPerSecond,
      videos: storming.length,
      senderId: onlySender(storming, videos),
    }),
    affected: [id],
  };
}

/**
 * Does this participant hear sound that its device has to make up?
 *
 * Made-up sound, silence not counted, is what is left after FEC, NACK and the jitter buffer did what they could: it is
 * what the ear meets. The second witness is that the sound was there to be sent: the SFU passed it on, or packets came.
 * The way it was lost on names the hop; where most receivers of one sender hear it, publisher_fault names the sender.
 */
import { mean } from '../counters.ts';
import type { CallFeatures } from '../features/call.ts';
import type { ReceivingFeatures } from '../features/receiving.ts';
import { hopOf, onlySender } from './blame.ts';
import { atLeast, atMost, calm, type Detector, evidenceOf, percent, type Verdict } from './detector.ts';

/** The field warns at 3 % over 15 s. A busy machine reaches that in one hiccup; twice as much is three quarters of a second. */
const longShare = 0.06;
/** It goes on: not one hiccup some seconds ago. */
const nowShare = 0.03;
/** It has gone on for more than 5 s: by then its cause, if it has one, is known. */
const beforeShare = 0.02;
/** Of a shorter history 6 % may be one hiccup. */
const leastConcealedMs = 700;
const severeShare = 0.15;
const clearShare = 0.015;
const knownMs = 9_000;

export const audioConcealment: Detector = {
  name: 'audio_concealment',
  version: 1,
  question: 'Does this participant hear sound that its device has to make up?',
  onset:
    '>= 6 % of the samples played made up over 15 s, silence not counted (twice the field’s 3 %, which one hiccup of a busy machine reaches) and >= 0.7 s of it, and >= 3 % over the last 5 s and >= 2 % before these: by then its cause, if there is one, has been found; while the SFU passes the sound on or packets come',
  clearing: '<= 1.5 % over 5 s of everything heard',
  aftermathMs: 20_000,
  sentence: ({ name, facts, when, nameOf }) =>
    `${name} heard ${facts.senderId ? nameOf(String(facts.senderId)) : 'the others'} torn ${when}: ${percent(facts.concealedRatio)} of the sound had to be made up.`,
  judge: (features) =>
    [...features.receivingBy()].map(([id, all]) =>
      judgeReceiver(
        id,
        all.filter((r) => r.kind === 'audio' && r.timeMs !== undefined && !r.at.paused),
        features,
      ),
    ),
};

function judgeReceiver(id: string, sounds: readonly ReceivingFeatures[], features: CallFeatures): Verdict {
  const { atMs } = features;
  const torn = sounds.filter(
    (r) =>
      r.knownMs >= knownMs &&
      atLeast(r.concealedLong, longShare) &&
      r.concealedLong! * r.knownMs >= leastConcealedMs &&
      atLeast(r.concealed, nowShare) &&
      atLeast(r.concealedBefore, beforeShare) &&
      (r.at.sfuSending ?? atLeast(r.packetsPerSecond, 5)),
  );
  if (torn.length === 0) {
    const good = sounds.every((r) => atMost(r.concealed, clearShare));
    return calm(good ? 'good' : 'unclear', id, '', atMs);
  }
  const worst = torn.reduce((a, b) => ((b.concealedLong ?? 0) > (a.concealedLong ?? 0) ? b : a));
  const sender = features.sending().find((s) => s.producerId === worst.at.path.uplink.producerId);
  return {
    state: 'bad',
    hop: hopOf(worst, sender),
    participantId: id,
    subjectId: '',
    severity: (worst.concealedLong ?? 0) >= severeShare ? 'severe' : 'moderate',
    confidence: worst.at.sfuSending === undefined ? 0.65 : 0.8,
    sinceMs: (worst.timeMs ?? atMs) - 9_000,
    evidence: evidenceOf({
      concealedRatio: worst.concealedLong,
      concealedNowRatio: worst.concealed,
      sounds: torn.length,
      receiverLossRatio: worst.loss,
      jitterMs: worst.jitterMs,
      jitterBufferMs: worst.jitterBufferMs,
      meanConcealedRatio: mean(sounds.map((r) => r.concealedLong)),
      senderId: onlySender(torn, sounds),
    }),
    affected: [id],
  };
}

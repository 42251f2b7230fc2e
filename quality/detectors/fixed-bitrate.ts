/**
 * Does this sender go on sending more than its link is believed to carry?
 *
 * Encoders that follow the estimate never do for long; a fixed bitrate (a hardware encoder, a setting meant well) fills
 * the queue until packets are dropped. Minor by itself: where it hurts, congestion is found as well.
 */
import type { CallFeatures } from '../features/call.ts';
import type { UplinkFeatures } from '../features/uplink.ts';
import { atLeast, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/** Over the estimate by more than pacing and key frames explain in 5 s. */
const overShare = 1.3;
/** What is sent did not fall with the estimate. */
const keptShare = 0.9;
const fallShare = 0.35;
/** Sound and one small picture have nothing to give. */
const leastBps = 200_000;

export const fixedBitrate: Detector = {
  name: 'fixed_bitrate',
  version: 2,
  question: 'Does this sender go on sending more than its link is believed to carry?',
  onset:
    'the sender’s estimate down by >= 35 %, while it sends >= 1.3 times the estimate over 5 s and >= 90 % of what it sent before (encoders that follow come down within 2 s); above 200 kbit/s; so for 4 s',
  clearing: 'sending less than the estimate',
  patienceMs: 4_000,
  sentence: ({ name, facts, when }) =>
    `${name} went on sending ${kbps(facts.sentBps)} kbit/s ${when}, though its link was believed to carry only ${kbps(facts.estimateBps)}.`,
  judge: (features) => {
    const sent = new Map<string, { now: number; before: number }>();
    for (const s of features.sending()) {
      if (s.sentBps === undefined) continue;
      const { now, before } = sent.get(s.senderId) ?? { now: 0, before: 0 };
      sent.set(s.senderId, { now: now + s.sentBps, before: before + (s.sentBeforeBps ?? 0) });
    }
    return features.uplinks.map((u) => judgeUplink(u, sent.get(u.participantId), features));
  },
};

const kbps = (bps: number | string | boolean | undefined) => Math.round(Number(bps ?? 0) / 1000);

function judgeUplink(
  u: UplinkFeatures,
  sent: { now: number; before: number } | undefined,
  features: CallFeatures,
): Verdict {
  const { atMs } = features;
  const estimate = u.senderEstimateBps;
  if (!sent || estimate === undefined) return calm('unclear', u.participantId, u.link.transportId, atMs);
  const bad =
    sent.now >= leastBps &&
    sent.now >= overShare * estimate &&
    sent.before > 0 &&
    sent.now >= keptShare * sent.before &&
    atLeast(u.senderEstimateFall, fallShare);
  if (!bad) return calm(sent.now < estimate ? 'good' : 'unclear', u.participantId, u.link.transportId, atMs);
  return {
    state: 'bad',
    hop: 'sender_device',
    participantId: u.participantId,
    subjectId: u.link.transportId,
    severity: 'minor',
    confidence: 0.75,
    sinceMs: atMs - 5_000,
    evidence: evidenceOf({
      sentBps: sent.now,
      sentBeforeBps: sent.before,
      estimateBps: estimate,
      roundTripMs: u.roundTripMs,
    }),
    affected: features.receiversOf(u.participantId),
  };
}

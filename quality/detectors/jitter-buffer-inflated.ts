/**
 * Does this participant hear the others late, because its device holds sound back for long?
 *
 * The buffer grows for uneven or late packets and shrinks again by squeezing the sound. A long buffer that stays and is
 * worked on (stretched, squeezed) is heard as delay and as wobbling speech. Both are measured apart: how long samples
 * waited, and how many were added or taken out.
 */
import type { CallFeatures } from '../features/call.ts';
import type { ReceivingFeatures } from '../features/receiving.ts';
import { hopOf, onlySender } from './blame.ts';
import { atLeast, atMost, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/**
 * Usual buffers hold 20 to 60 ms, after a disturbance 100 for a while. The field's 200 ms is what any receiver on a busy
 * machine reaches: in the lab it fired in the clean time before faults.
 */
const bufferMs = 300;
/** It has been long for a while: one late burst is worked off within 5 s. */
const bufferLongMs = 250;
const stretchedShare = 0.03;
const clearMs = 150;
const leastPackets = 25;
const knownMs = 9_000;

export const jitterBufferInflated: Detector = {
  name: 'jitter_buffer_inflated',
  version: 2,
  question: 'Does this participant hear the others late, because its device holds sound back for long?',
  onset:
    'sound waits >= 300 ms over 5 s and >= 250 ms over 15 s (one late burst is worked off within 5 s), while >= 3 % of it is stretched or squeezed; so for 5 s; not of silence (under 25 packets a second)',
  clearing: '<= 150 ms over 5 s of everything heard',
  patienceMs: 5_000,
  aftermathMs: 30_000,
  explains: [{ kinds: ['audio_video_desync'], of: 'own' }],
  sentence: ({ name, facts, when, nameOf }) =>
    `${name} heard ${facts.senderId ? nameOf(String(facts.senderId)) : 'the others'} ${facts.jitterBufferMs} ms late ${when}, because its device had to hold sound back.`,
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
  const held = sounds.filter(
    (r) =>
      r.knownMs >= knownMs &&
      atLeast(r.jitterBufferMs, bufferMs) &&
      atLeast(r.jitterBufferLongMs, bufferLongMs) &&
      atLeast(r.stretched, stretchedShare) &&
      // Silence is sent at a few packets a second, and waits without anybody hearing it.
      atLeast(r.packetsPerSecond, leastPackets),
  );
  if (held.length === 0) {
    const good = sounds.every((r) => atMost(r.jitterBufferMs, clearMs));
    return calm(good ? 'good' : 'unclear', id, '', atMs);
  }
  const worst = held.reduce((a, b) => (b.jitterBufferMs! > a.jitterBufferMs! ? b : a));
  const sender = features.sending().find((s) => s.producerId === worst.at.path.uplink.producerId);
  return {
    state: 'bad',
    hop: hopOf(worst, sender),
    participantId: id,
    subjectId: '',
    severity: worst.jitterBufferMs! >= 2 * bufferMs ? 'moderate' : 'minor',
    confidence: 0.75,
    sinceMs: (worst.timeMs ?? atMs) - 5_000,
    evidence: evidenceOf({
      jitterBufferMs: Math.round(worst.jitterBufferMs!),
      jitterBufferLongMs: worst.jitterBufferLongMs,
      stretchedRatio: worst.stretched,
      jitterMs: worst.jitterMs,
      sounds: held.length,
      senderId: onlySender(held, sounds),
    }),
    affected: [id],
  };
}

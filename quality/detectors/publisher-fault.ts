/**
 * Do most of those who receive one participant's track suffer from it, while what they get of others is fine?
 *
 * Then it is not their networks: something went wrong before the track was handed out. Asked of what nothing else
 * names yet; a lossy uplink, a dead camera or a starved device of the sender are found by their own detectors first.
 */
import type { CallFeatures } from '../features/call.ts';
import { type ReceivingFeatures, stood } from '../features/receiving.ts';
import type { SendingFeatures } from '../features/sending.ts';
import { atLeast, atMost, calm, type Detector, evidenceOf, suffered, type Verdict } from './detector.ts';

const leastReceivers = 2;
const mostOf = 2 / 3;
/** Half a second of made-up sound in the last 5 s and about a second in 15: more than one hiccup of a busy machine. */
const concealedShare = 0.1;
const concealedLongShare = 0.06;
/** Pictures shown of those made, on a path that is not held to fewer by choice. */
const shownShare = 0.4;
const lossRatio = 0.02;
const burstMs = 25;
const knownMs = 8_000;

export const publisherFault: Detector = {
  name: 'publisher_fault',
  version: 1,
  question:
    'Do most of those who receive one participant’s track suffer from it, while what they get of others is fine?',
  onset:
    '>= 2 receivers and >= 2/3 of all: >= 10 % of its sound made up over 5 s and >= 6 % over 15 s (more than one hiccup), or <= 40 % of its pictures shown; and not the same with what the same receivers get of others',
  clearing: 'under a third of these in most receivers',
  aftermathMs: 20_000,
  explains: [{ kinds: suffered, of: 'sent' }],
  sentence: ({ name, facts, when, affected }) =>
    `${name}'s ${facts.kind === 'audio' ? 'sound' : 'picture'} left ${name} damaged ${when}: ${affected} had trouble with it, and with nobody else.`,
  judge: (features) => {
    const encoded = new Map(features.sending().map((s) => [s.producerId, s.encodedFps]));
    const heard = features
      .receiving()
      .filter(
        (r) => r.timeMs !== undefined && r.knownMs >= knownMs && !r.at.paused && r.at.sfuSending !== false,
      );
    const states = new Map(heard.map((r) => [r, suffers(r, encoded.get(r.at.path.uplink.producerId))]));
    const badOf = new Map<string, number>();
    const allOf = new Map<string, number>();
    const byProducer = new Map<string, ReceivingFeatures[]>();
    for (const r of heard) {
      const key = `${r.receiverId} ${r.kind}`;
      allOf.set(key, (allOf.get(key) ?? 0) + 1);
      if (states.get(r)) badOf.set(key, (badOf.get(key) ?? 0) + 1);
      const list = byProducer.get(r.at.path.uplink.producerId);
      if (list) list.push(r);
      else byProducer.set(r.at.path.uplink.producerId, [r]);
    }
    // Whose other tracks suffer as well has a trouble of its own.
    const onlyHere = (r: ReceivingFeatures) => {
      const key = `${r.receiverId} ${r.kind}`;
      return states.get(r) === true && (badOf.get(key) ?? 0) <= 1 && (allOf.get(key) ?? 0) >= 2;
    };
    return features
      .sending()
      .filter((s) => s.source !== 'screen')
      .map((s) => {
        const receivers = byProducer.get(s.producerId) ?? [];
        return judgeTrack(s, receivers, receivers.filter(onlyHere), features);
      });
  },
};

function suffers(r: ReceivingFeatures, sentFps: number | undefined): boolean {
  if (r.kind === 'audio') {
    return atLeast(r.concealed, concealedShare) && atLeast(r.concealedLong, concealedLongShare);
  }
  const chosen = (r.at.path.sfu.at(-1)?.current_temporal_layer ?? 2) >= 2;
  if (!chosen || sentFps === undefined || sentFps < 5 || stood(r)) return false;
  // Now as well as over 5 s, which may still hold a standstill that is over.
  return atMost(r.decodedFps, shownShare * sentFps) && atMost(r.at.framesPerSecond, shownShare * sentFps);
}

function judgeTrack(
  s: SendingFeatures,
  receivers: readonly ReceivingFeatures[],
  suffering: readonly ReceivingFeatures[],
  { atMs }: CallFeatures,
): Verdict {
  if (suffering.length < leastReceivers || suffering.length < mostOf * receivers.length) {
    const good = receivers.length > 0 && 3 * suffering.length <= receivers.length;
    return calm(good ? 'good' : 'unclear', s.senderId, s.producerId, atMs);
  }
  const uplink = atLeast(s.lossAtSfu, lossRatio);
  return {
    state: 'bad',
    hop: uplink ? 'uplink' : 'sender_device',
    participantId: s.senderId,
    subjectId: s.producerId,
    severity: s.kind === 'audio' ? 'severe' : 'moderate',
    confidence: uplink || atLeast(s.jitterAtSfuMs, burstMs) ? 0.85 : 0.7,
    sinceMs: atMs - 5_000,
    evidence: evidenceOf({
      kind: s.kind,
      receiversSuffering: suffering.length,
      receivers: receivers.length,
      lossAtSfuRatio: s.lossAtSfu,
      jitterAtSfuMs: s.jitterAtSfuMs,
      encodedFramesPerSecond: s.encodedFps,
    }),
    affected: suffering.map((r) => r.receiverId),
  };
}

/**
 * Does this participant's network path break or change again and again?
 *
 * A phone between two access points, a laptop with a flaky cable: each break is short and heals by itself, so that
 * nothing else stands long enough to be called. The client's own words count; what happens while a connection settles
 * at its start does not.
 */
import type { CallFeatures } from '../features/call.ts';
import type { ConnectionFeatures } from '../features/connection.ts';
import { calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/** One change is a handover, two are there and back. */
const oftenTimes = 3;
const withinMs = 30_000;

export const iceFlapping: Detector = {
  name: 'ice_flapping',
  version: 1,
  question: 'Does this participant’s network path break or change again and again?',
  onset:
    '>= 3 breaks (ICE disconnected) or changes of the selected pair within 30 s, after the first 10 s of a connection: one is a handover, two are there and back',
  clearing: 'none for 30 s',
  explains: [{ kinds: ['ice_loss'], of: 'own' }],
  sentence: ({ name, facts, when }) =>
    `${name}'s network path broke or changed ${facts.changes} times in half a minute ${when}.`,
  judge: (features) => features.connections().map((c) => judgeConnection(c, features)),
};

function judgeConnection(c: ConnectionFeatures, { atMs }: CallFeatures): Verdict {
  const recent = c.changesMs.filter((time) => time > atMs - withinMs);
  if (recent.length < oftenTimes) {
    return calm(recent.length === 0 ? 'good' : 'unclear', c.participantId, c.transportId, atMs);
  }
  return {
    state: 'bad',
    hop: 'far_network',
    participantId: c.participantId,
    subjectId: c.transportId,
    severity: recent.length >= 2 * oftenTimes ? 'severe' : 'moderate',
    confidence: 0.9,
    sinceMs: recent[0]!,
    evidence: evidenceOf({ changes: recent.length, withinMs, iceState: c.iceState }),
    affected: [c.participantId],
  };
}

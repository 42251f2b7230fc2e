/**
 * Have many participants had to connect anew at the same time?
 *
 * One handshake a transport is a join. Several participants who complete another one within half a minute have lost
 * what was at the other end: a restarted node, or a network that dropped them all. Two transports a participant are
 * usual, so only what comes after two earlier handshakes counts as anew.
 */
import type { CallFeatures } from '../features/call.ts';
import { calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

const withinMs = 30_000;
/** Transports of one join are set up within this of one another, or later where nobody was there to be received. */
const sameJoinMs = 10_000;
const leastPeople = 3;
const peopleShare = 0.5;

export const dtlsWave: Detector = {
  name: 'dtls_wave',
  version: 1,
  question: 'Have many participants had to connect anew at the same time?',
  onset:
    '>= 3 participants, and at least half of those in the call, complete a DTLS handshake within 30 s although each had completed two (both transports of a join) at least 10 s before',
  clearing: 'no such handshake for 30 s',
  sentence: ({ affected, when }) =>
    `${affected} had to connect to the media server anew ${when}, all at the same time: it was restarted, or lost sight of them.`,
  judge: judgeCall,
};

function judgeCall(features: CallFeatures): Verdict[] {
  const { atMs } = features;
  const handshakes = new Map<string, number[]>();
  for (const c of features.connections()) {
    const known = handshakes.get(c.participantId) ?? [];
    handshakes.set(c.participantId, [...known, ...c.handshakesMs]);
  }
  const anew = new Map<string, number>();
  for (const [id, times] of handshakes) {
    times.sort((a, b) => a - b);
    const again = times.find(
      (time) => time > atMs - withinMs && times.filter((earlier) => earlier <= time - sameJoinMs).length >= 2,
    );
    if (again !== undefined) anew.set(id, again);
  }
  if (anew.size < leastPeople || anew.size < peopleShare * handshakes.size) {
    return [calm(anew.size === 0 ? 'good' : 'unclear', '', 'dtls', atMs)];
  }
  return [
    {
      state: 'bad',
      hop: 'sfu',
      participantId: '',
      subjectId: 'dtls',
      severity: 'severe',
      confidence: 0.85,
      sinceMs: Math.min(...anew.values()),
      evidence: evidenceOf({ connectedAnew: anew.size, participants: handshakes.size, withinMs }),
      affected: [...anew.keys()],
    },
  ];
}

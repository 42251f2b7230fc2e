/**
 * Is a track sent that nobody receives, though others are there?
 *
 * Wasted uplink, or a client that missed the news of a new track. A consumer that is paused (a small or hidden tile)
 * counts as receiving. Applications that show only some of many do this on purpose: so it is minor.
 */
import type { CallFeatures } from '../features/call.ts';
import type { SendingFeatures } from '../features/sending.ts';
import { atLeast, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/** A new track is taken up within a second or two. */
const knownMs = 10_000;

export const unconsumedTrack: Detector = {
  name: 'unconsumed_track',
  version: 1,
  question: 'Is a track sent that nobody receives, though others are there?',
  onset:
    'packets arrive at the SFU for >= 10 s (a new track is taken up within a second or two), it is not paused, somebody else has a receiving transport for as long, and there is no consumer of it, paused or not',
  clearing: 'somebody consumes it, or it stops',
  sentence: ({ name, facts, when }) =>
    `${name} sent a ${facts.source} ${when} that nobody in the call received.`,
  judge: (features) => features.sending().map((s) => judgeTrack(s, features)),
};

function judgeTrack(s: SendingFeatures, features: CallFeatures): Verdict {
  const { atMs } = features;
  const consumed = features.pathsOf(s.producerId).length > 0;
  if (consumed) return calm('good', s.senderId, s.producerId, atMs);
  const others = features.downlinks.some(
    (d) => d.participantId !== s.senderId && d.sfuTimeMs !== undefined && d.flowingMs >= knownMs,
  );
  const flows =
    atLeast(s.arrivedPacketsPerSecond, 1) && s.arrivedKnownMs >= knownMs && s.pausedLately === false;
  if (!(others && flows)) {
    const stopped = s.pausedLately === true || atLeast(s.arrivedStillMs, 5_000);
    return calm(stopped ? 'good' : 'unclear', s.senderId, s.producerId, atMs);
  }
  return {
    state: 'bad',
    hop: 'sfu',
    participantId: s.senderId,
    subjectId: s.producerId,
    severity: 'minor',
    confidence: 0.8,
    sinceMs: atMs - s.arrivedKnownMs,
    evidence: evidenceOf({
      source: s.source,
      arrivedPacketsPerSecond: s.arrivedPacketsPerSecond,
      unconsumedForMs: s.arrivedKnownMs,
    }),
    affected: [],
  };
}

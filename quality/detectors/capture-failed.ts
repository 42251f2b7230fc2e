/**
 * Could this participant's microphone, camera or screen not be opened?
 *
 * The browser says so itself (the DOMException of getUserMedia), and says why. A person who closes the screen picker
 * has changed their mind; that is no failure.
 */

import type { CallFeatures } from '../features/call.ts';
import type { PresenceFeatures } from '../features/presence.ts';
import type { EventSample } from '../samples.ts';
import { calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

const reasons: Record<string, string> = {
  NotAllowedError: 'it was not allowed',
  NotFoundError: 'none was found',
  NotReadableError: 'it was in use or the system did not give it out',
  OverconstrainedError: 'it cannot do what was asked of it',
  SecurityError: 'the page may not use it',
};
/** A person decided. */
const meant = new Set(['NotAllowedError', 'AbortError']);

export const captureFailed: Detector = {
  name: 'capture_failed',
  version: 1,
  question: 'Could this participant’s microphone, camera or screen not be opened?',
  onset:
    'the browser refused it (event rtc.media.error): its own word with its own reason, so at once; a screen picker that was closed is none',
  clearing: 'the same source is sent after all, or the page says that it was switched on',
  sentence: ({ name, facts, when }) =>
    `${name}'s ${facts.source ?? 'microphone or camera'} could not be opened ${when}: ${reasons[String(facts.errorName)] ?? String(facts.errorName)}.`,
  judge: (features) => features.presence().flatMap((p) => judgePerson(p, features)),
};

function judgePerson(p: PresenceFeatures, features: CallFeatures): Verdict[] {
  return [...p.captureErrors].flatMap(([source, event]) => {
    const name = event.attributes.name ?? 'Error';
    if (source === 'screen' && meant.has(name)) return [];
    return [judgeError(p.participantId, source, name, event, features)];
  });
}

function judgeError(
  participantId: string,
  source: string,
  errorName: string,
  event: EventSample,
  features: CallFeatures,
): Verdict {
  const sentSince = features
    .sending()
    .some(
      (s) =>
        s.senderId === participantId &&
        (source === '' || s.source === source || s.kind === source) &&
        s.pausedLately !== true &&
        (s.arrivedPacketsPerSecond ?? 0) > 0 &&
        (s.sfuTimeMs ?? 0) > event.time + 5_000,
    );
  if (sentSince) return calm('good', participantId, source, features.atMs);
  return {
    state: 'bad',
    hop: 'sender_device',
    participantId,
    subjectId: source,
    severity:
      source === 'camera' || source === 'video' ? 'moderate' : source === 'screen' ? 'minor' : 'severe',
    confidence: 0.95,
    sinceMs: event.time,
    evidence: evidenceOf({ source, errorName }),
    affected: features.downlinks.map((d) => d.participantId).filter((id) => id !== participantId),
  };
}

/**
 * Has this participant's telemetry stopped, though it is in the call?
 *
 * Then what we say of it rests on the SFU alone. Not a trouble of the call: minor. A hidden page may be frozen by its
 * browser, and one that never told anything carries no telemetry; neither is a gap.
 */
import { calm, type Detector, evidenceOf } from './detector.ts';

/** Calm samples come every 2 s and wait for the end of their 5 s window: twice that, and a late one. */
const gapMs = 14_000;
/** The SFU goes on seeing it. */
const presentMs = 4_000;
const backMs = 9_000;

export const telemetryGap: Detector = {
  name: 'telemetry_gap',
  version: 1,
  question: 'Has this participant’s telemetry stopped, though it is in the call?',
  onset:
    'no client sample for >= 14 s (calm samples come together every 5 s: twice that, and a late one) while the SFU samples its transports; not when its page is hidden or never told anything',
  clearing: 'samples of the last 9 s',
  sentence: ({ name, when }) =>
    `${name}'s device sent no measurements ${when}; what is said of ${name} in this time rests on the media server alone.`,
  judge: ({ presence, atMs }) =>
    presence().map((p) => {
      const present = p.sfuTimeMs !== undefined && atMs - p.sfuTimeMs <= presentMs;
      const age = p.clientTimeMs === undefined ? undefined : atMs - p.clientTimeMs;
      if (!present || p.hidden || age === undefined || age < gapMs) {
        return calm(age !== undefined && age <= backMs ? 'good' : 'unclear', p.participantId, '', atMs);
      }
      return {
        state: 'bad',
        hop: 'unknown',
        participantId: p.participantId,
        subjectId: '',
        severity: 'minor',
        confidence: 0.9,
        sinceMs: p.clientTimeMs!,
        evidence: evidenceOf({ silentForMs: age }),
        affected: [p.participantId],
      };
    }),
};

/**
 * Has this participant's telemetry stopped, though it is in the call?
 *
 * Then what we say of it rests on the SFU alone. Not a trouble of the call: minor. A hidden page may be frozen by its
 * browser, and one that never told anything carries no telemetry; neither is a gap.
 */
import { calm, type Detector, evidenceOf } from './detector.ts';

/** Five calm sampling intervals, or the slowest pace of a hidden page twice. */
const gapMs = 11_000;
/** The SFU goes on seeing it. */
const presentMs = 4_000;
const backMs = 6_000;

export const telemetryGap: Detector = {
  name: 'telemetry_gap',
  version: 1,
  question: 'Has this participant’s telemetry stopped, though it is in the call?',
  onset:
    'no client sample for >= 11 s (five calm sampling intervals) while the SFU samples its transports; not when its page is hidden or never told anything',
  clearing: 'samples of the last 6 s',
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

/**
 * Is this participant's microphone open, and gives nothing at all?
 *
 * A quiet person is not silent: a room, a fan, the device's own noise leave energy. Nothing for half a minute is a
 * switch on the headset, the wrong device, or a driver that gives zeros. That the microphone is meant to be heard is
 * the SFU's word (its producer is not paused) and the page's (its user did not switch it off).
 */
import type { CallFeatures } from '../features/call.ts';
import type { SendingFeatures } from '../features/sending.ts';
import { calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/** -80 dB of full scale; the quietest rooms through a cheap microphone are over -70. */
const silencePerSecond = 1e-8;
/** Cleared by speech or noise that anybody would notice: -60 dB. */
const soundPerSecond = 1e-6;
/** Noise suppression may close for a whole pause in the talk; pauses of half a minute without a breath are none. */
const silentForMs = 29_000;

export const silentMicrophone: Detector = {
  name: 'silent_microphone',
  version: 1,
  question: 'Is this participant’s microphone open, and gives nothing at all?',
  onset:
    'under -80 dB of full scale for 29 s (the field’s 30 s, less one sample), neither paused at the SFU nor switched off on the page',
  clearing: 'over -60 dB within the last 34 s, or muted',
  sentence: ({ name, when, affected }) =>
    `${name}'s microphone was open but gave no sound ${when}, so ${affected} could not hear ${name}.`,
  judge: (features) => {
    const off = new Set(
      features
        .presence()
        .filter((p) => p.switchedOff.has('microphone'))
        .map((p) => p.participantId),
    );
    return features
      .sending()
      .filter((s) => s.kind === 'audio')
      .map((s) => judgeMicrophone(s, off.has(s.senderId), features));
  },
};

function judgeMicrophone(s: SendingFeatures, off: boolean, { atMs, receiversOf }: CallFeatures): Verdict {
  const { energyPerSecond, energyKnownMs } = s;
  if (off || s.pausedLately === true) return calm('good', s.senderId, s.producerId, atMs);
  const bad =
    energyPerSecond !== undefined && energyPerSecond < silencePerSecond && energyKnownMs >= silentForMs;
  if (!bad) {
    const good = energyPerSecond !== undefined && energyPerSecond >= soundPerSecond;
    return calm(good ? 'good' : 'unclear', s.senderId, s.producerId, atMs);
  }
  return {
    state: 'bad',
    hop: 'sender_device',
    participantId: s.senderId,
    subjectId: s.producerId,
    severity: 'moderate',
    // Without the SFU's word on muting it may be the application that mutes the track.
    confidence: s.pausedLately === false ? 0.85 : 0.6,
    sinceMs: (s.clientTimeMs ?? atMs) - energyKnownMs,
    evidence: evidenceOf({
      energyPerSecond,
      silentMs: energyKnownMs,
      sfuPacketsPerSecond: s.arrivedPacketsPerSecond,
      pausedAtSfu: s.pausedLately,
    }),
    affected: receiversOf(s.senderId),
  };
}

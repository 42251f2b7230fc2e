/**
 * Does this participant's camera give pictures in which nothing changes: covered, black, or stuck?
 *
 * We look at no pixels. But a sensor's noise costs bits in every frame, and a picture that is the same as the one before
 * costs an encoder next to none. So a black picture and a repeated one are told from a living one, and not from each
 * other. A covered lens may be meant: it is a minor trouble.
 */
import type { CallFeatures } from '../features/call.ts';
import type { SendingFeatures } from '../features/sending.ts';
import { atLeast, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/**
 * Bits per pixel and frame. A 640x360 frame of skipped blocks is some 50 bytes with its headers (0.002); the quietest
 * talking head at 90 kbit/s takes ten times as much.
 */
const nothingNew = 0.003;
const alive = 0.008;
/** At less than this a dark room's frame rate or a starved encoder might be it. */
const leastFps = 5;

export const videoSourceBlack: Detector = {
  name: 'video_source_black',
  version: 1,
  question:
    'Does this participant’s camera give pictures in which nothing changes (covered, black, or stuck)?',
  onset:
    '<= 0.003 bits per pixel and frame over 5 s at >= 5 frames a second (an encoder’s skipped blocks; sensor noise alone takes ten times as much), while the source itself gives frames and the SFU receives packets; not paused',
  clearing: '>= 0.008 bits per pixel and frame over 5 s, or paused',
  sentence: ({ name, when, affected }) =>
    `${name}'s camera gave pictures in which nothing changed ${when} (covered, black, or stuck), which is what ${affected} saw.`,
  judge: (features) =>
    features
      .sending()
      .filter((s) => s.kind === 'video' && s.source === 'camera')
      .map((s) => judgeCamera(s, features)),
};

function judgeCamera(s: SendingFeatures, { atMs, receiversOf }: CallFeatures): Verdict {
  const flows = atLeast(s.arrivedPacketsPerSecond, 1) && atLeast(s.sourceFps, leastFps);
  const bad =
    s.pausedLately === false &&
    flows &&
    atLeast(s.encodedFps, leastFps) &&
    s.bitsPerPixel !== undefined &&
    s.bitsPerPixel <= nothingNew;
  if (!bad) {
    const good = s.pausedLately === true || atLeast(s.bitsPerPixel, alive);
    return calm(good ? 'good' : 'unclear', s.senderId, s.producerId, atMs);
  }
  return {
    state: 'bad',
    hop: 'sender_device',
    participantId: s.senderId,
    subjectId: s.producerId,
    severity: 'minor',
    confidence: 0.7,
    sinceMs: (s.clientTimeMs ?? atMs) - 5_000,
    evidence: evidenceOf({
      bitsPerPixelAndFrame: s.bitsPerPixel,
      sourceFramesPerSecond: s.sourceFps,
      encodedFramesPerSecond: s.encodedFps,
      sentBps: s.sentBps,
    }),
    affected: receiversOf(s.senderId),
  };
}

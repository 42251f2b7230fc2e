/**
 * Does this participant's camera give pictures in which nothing changes: covered, black, or stuck?
 *
 * We look at no pixels. But a sensor's noise costs bits in every frame, and a picture that is the same as the one before
 * costs an encoder next to none. So a black picture and a repeated one are told from a living one, and not from each
 * other. A covered lens may be meant: it is a minor trouble.
 */
import type { CallFeatures } from '../features/call.ts';
import type { SendingFeatures } from '../features/sending.ts';
import { atLeast, calm, type Detector, evidenceOf, notOver, type Verdict } from './detector.ts';

/**
 * Bits per pixel and frame. A 640x360 frame of skipped blocks is 50 to 200 bytes with its headers (0.002 to 0.007); the
 * quietest talking head at 90 kbit/s takes several times as much.
 */
const nothingNew = 0.008;
const alive = 0.02;
/** The same at the SFU, which knows no frames: packets come as before, and there is next to nothing in them. */
const emptyPacketBytes = 220;
const fullPacketBytes = 450;
const emptied = 0.35;
/** A narrow link makes small frames too. */
const lossless = 0.02;
const estimateFall = 0.3;
/** At less than this a dark room's frame rate or a starved encoder might be it. */
const leastFps = 5;
const knownMs = 6_000;

export const videoSourceBlack: Detector = {
  name: 'video_source_black',
  version: 2,
  question:
    'Does this participant’s camera give pictures in which nothing changes (covered, black, or stuck)?',
  onset:
    '<= 0.008 bits per pixel and frame over 5 s at >= 5 frames a second (an encoder’s skipped blocks; sensor noise alone takes more), while the source itself gives frames and the SFU receives packets; or by the SFU alone: packets of <= 220 bytes over 2 s, a third of what they were, at >= 5 a second, on a link without loss and with its estimate kept; not paused',
  clearing: '>= 0.02 bits per pixel and frame over 5 s, or paused',
  sentence: ({ name, when, affected }) =>
    `${name}'s camera gave pictures in which nothing changed ${when} (covered, black, or stuck), which is what ${affected} saw.`,
  judge: (features) =>
    features
      .sending()
      .filter((s) => s.kind === 'video' && s.source === 'camera')
      .map((s) => judgeCamera(s, features)),
};

function judgeCamera(s: SendingFeatures, features: CallFeatures): Verdict {
  const { atMs, receiversOf } = features;
  const flows = atLeast(s.arrivedPacketsPerSecond, 1) && atLeast(s.sourceFps, leastFps);
  const still =
    flows && atLeast(s.encodedFps, leastFps) && s.bitsPerPixel !== undefined && s.bitsPerPixel <= nothingNew;
  const bad = s.pausedLately === false && (still || emptyPackets(s, features));
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
    sinceMs: still ? (s.clientTimeMs ?? atMs) - 5_000 : (s.sfuTimeMs ?? atMs) - 2_000,
    evidence: evidenceOf({
      bitsPerPixelAndFrame: s.bitsPerPixel,
      sourceFramesPerSecond: s.sourceFps,
      encodedFramesPerSecond: s.encodedFps,
      sentBps: s.sentBps,
      packetBytes: s.arrivedLately?.packetBytes,
      packetBytesBefore: s.arrivedLately?.packetBytesBefore,
    }),
    affected: receiversOf(s.senderId),
  };
}

function emptyPackets(s: SendingFeatures, { uplinks }: CallFeatures): boolean {
  const { arrivedLately: lately } = s;
  if (!lately || s.arrivedKnownMs < knownMs) return false;
  const up = uplinks.find((u) => u.participantId === s.senderId);
  const clean =
    notOver(up?.lossNow, lossless) &&
    notOver(up?.producerLoss, lossless) &&
    notOver(up?.senderEstimateFall, estimateFall);
  return (
    clean &&
    lately.packetsPerSecond >= leastFps &&
    lately.packetBytes <= emptyPacketBytes &&
    lately.packetBytesBefore >= fullPacketBytes &&
    lately.packetBytes <= emptied * lately.packetBytesBefore
  );
}

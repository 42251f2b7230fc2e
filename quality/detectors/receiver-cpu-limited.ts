/**
 * Is this participant's device too slow to decode and play what it receives?
 *
 * What such a device shows: frames arrive whole and are not decoded, decoding takes most of the time, pictures come at a
 * fraction of the rate they are sent at, sound is stretched or made up: all without loss on the way. Each of these has
 * another cause now and then; so two kinds must agree, over most of what it receives, and the way down must be clean.
 */

import { mean } from '../counters.ts';
import type { CallFeatures } from '../features/call.ts';
import { type ReceivingFeatures, stood } from '../features/receiving.ts';
import {
  atLeast,
  atMost,
  calm,
  type Detector,
  evidenceOf,
  notOver,
  suffered,
  type Verdict,
} from './detector.ts';
import { deviceLate, deviceRecovered, deviceStalls } from './device-late.ts';

/** Part of all time spent decoding, all streams together; a second core may help, but not with one stream. */
const decodingShare = 0.8;
/** Of frames that arrived whole; the field's mark. */
const decodedShare = 0.7;
/** Pictures shown of those that the sender makes, on nearly all streams. */
const shownShare = 0.5;
/** Late for the loudspeaker though nothing was lost: an audio thread that does not get its turn. */
const concealedShare = 0.05;
const backShare = 0.8;
const lossless = 0.02;
/** By the page's own word that it is late, one sign of what that does to media is enough. */
const lateRiseMs = 60;
const lateJitterMs = 15;
const lateTornShare = 0.02;
/** A stream that has just begun is not judged. */
const knownMs = 6_000;

export const receiverCpuLimited: Detector = {
  name: 'receiver_cpu_limited',
  version: 3,
  question: 'Is this participant’s device too slow to decode and play what it receives?',
  onset:
    'two of, over 5 s and without loss: decoding >= 80 % of the time, <= 70 % of whole frames decoded (the field’s mark), <= 50 % of the frames shown that are sent, on all videos at once; >= 5 % of sound made up on all streams. The last two only with frames or time of the decoder, or with one another. Or, by the page’s own word that its timers are >= 150 ms late in two samples one after the other, any one of them, or >= 2 % of sound made up or stretched, jitter >= 15 ms of all sound, or reports that come back >= 60 ms later; or late in one sample, with its own sound arriving at the SFU with >= 25 ms of jitter over 2 s',
  clearing: 'decoding <= 60 % of the time, >= 90 % of frames decoded, sound <= 2 % made up, over 5 s',
  explains: [
    { kinds: [...suffered, 'downlink_congestion', 'uplink_congestion', 'estimate_collapse'], of: 'own' },
    // Its microphone goes through the same device.
    {
      kinds: [
        'audio_concealment',
        'high_jitter',
        'jitter_buffer_inflated',
        'publisher_fault',
        'audio_video_desync',
      ],
      of: 'sent',
    },
  ],
  sentence: ({ name, when, others }) =>
    `${name}'s device was too busy to show and play what arrived ${when}; ${others}.`,
  judge: (features) =>
    [...features.receivingBy()].map(([id, streams]) => judgeReceiver(id, streams, features)),
};

function judgeReceiver(id: string, all: readonly ReceivingFeatures[], features: CallFeatures): Verdict {
  const { atMs } = features;
  const streams = all.filter((r) => r.timeMs !== undefined && r.knownMs >= knownMs && !r.at.paused);
  const videos = streams.filter((r) => r.kind === 'video' && r.decodedFps !== undefined);
  const sounds = streams.filter((r) => r.kind === 'audio' && r.concealed !== undefined);
  const down = features.downlinks.find((d) => d.participantId === id);

  const decoding = videos.reduce((sum, r) => sum + (r.decoding ?? 0), 0);
  const received = videos.reduce((sum, r) => sum + (r.receivedFps ?? 0), 0);
  const decoded = videos.reduce((sum, r) => sum + (r.decodedFps ?? 0), 0);
  const decodedOf = received >= 4 ? decoded / received : undefined;
  const sentFps = new Map(features.sending().map((s) => [s.producerId, s.encodedFps]));
  const compared = videos.flatMap((r) => {
    const sent = sentFps.get(r.at.path.uplink.producerId);
    // Lower temporal layers have half or a quarter of the frames by choice.
    const chosen = (r.at.path.sfu.at(-1)?.current_temporal_layer ?? 2) >= 2;
    return sent && sent >= 4 && chosen ? [(r.decodedFps ?? 0) / sent] : [];
  });
  const shown = mean(compared);

  // A decoder that gives nothing at all is stuck, and a line that carries nothing is cut.
  const standing = videos.length > 0 && videos.every((r) => r.at.sinceFrameMs !== 0);
  const busy = decoding >= decodingShare;
  // The 5 s may still hold a standstill that is over.
  const fullPace =
    compared.length > 0 &&
    videos.every(
      (r) => (r.at.framesPerSecond ?? 0) >= backShare * (sentFps.get(r.at.path.uplink.producerId) ?? 0),
    );
  const over = fullPace || (videos.length > 0 && videos.every(stood));
  const undecoded = !over && decodedOf !== undefined && decodedOf <= decodedShare;
  const slow = !over && compared.length > 0 && compared.every((ratio) => ratio <= shownShare);
  const torn = sounds.length > 0 && sounds.every((r) => atLeast(r.concealed, concealedShare));
  // The receiver's own count of holes, not the SFU's feedback: a busy receiver acknowledges late.
  const clean = streams.length > 0 && streams.every((r) => notOver(r.loss, lossless));
  const witnesses = [busy, undecoded, slow, torn].filter(Boolean).length;
  const late =
    deviceStalls(id, down?.flowingMs, features) ||
    (deviceLate(id, down?.flowingMs, features) &&
      (witnesses >= 1 ||
        atLeast((down?.roundTripMs ?? 0) - (down?.roundTripBeforeMs ?? 0), lateRiseMs) ||
        (sounds.length > 0 && sounds.every((r) => atLeast(r.jitterMs, lateJitterMs))) ||
        sounds.some((r) => atLeast(r.concealed, lateTornShare) || atLeast(r.stretched, lateTornShare))));
  if (!late && (standing || !(clean && witnesses >= 2))) {
    const good =
      videos.length + sounds.length > 0 &&
      deviceRecovered(id, features) &&
      decoding <= 0.6 &&
      (decodedOf === undefined || decodedOf >= 0.9) &&
      !slow &&
      sounds.every((r) => atMost(r.concealed, 0.02));
    return calm(good ? 'good' : 'unclear', id, '', atMs);
  }
  return {
    state: 'bad',
    hop: 'receiver_device',
    participantId: id,
    subjectId: '',
    severity: torn || (shown ?? 1) < 0.3 ? 'severe' : 'moderate',
    confidence: Math.min(0.9, (late ? 0.75 : 0.5) + 0.15 * witnesses),
    sinceMs: Math.max(...streams.map((r) => r.timeMs ?? 0)) - 3_000,
    evidence: evidenceOf({
      pageLateMs: features.devices().get(id)?.pageLateMs,
      decodingTimeRatio: decoding,
      decodedOfReceivedRatio: decodedOf,
      shownOfSentRatio: shown,
      audioConcealedRatio: mean(sounds.map((r) => r.concealed)),
      receiverLossRatio: mean(streams.map((r) => r.loss)),
      roundTripMs: down?.roundTripMs,
    }),
    affected: [id],
  };
}

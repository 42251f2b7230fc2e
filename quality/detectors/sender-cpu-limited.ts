/**
 * Is this participant's device too slow to encode what it sends?
 *
 * Witnesses from the browser's own account of its encoder (time held back for CPU, time spent encoding), from what
 * comes out of it (frames against the source's, against its own pace before), and from the SFU, where what a stalled
 * process sends arrives in bursts. One alone is never a verdict: encoders are "limited by CPU" for a moment on any busy
 * machine. A narrow link lowers resolution before pace, loses packets and lowers the estimate: then it is not this.
 */
import type { CallFeatures } from '../features/call.ts';
import type { SendingFeatures } from '../features/sending.ts';
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
import { deviceLate, deviceRecovered, deviceStalls, soundJitterAtSfuMs } from './device-late.ts';

/** The field's mark for a browser that holds back: under it Chromium probes up and down. */
const heldBackShare = 0.3;
/** Part of all time spent encoding; beyond, the next frame comes before this one is done. */
const encodingShare = 0.8;
/** An encoder that rests lacks no CPU: it leaves frames out to make up for a large one, such as a first key frame. */
const idleShare = 0.08;
/** Encoded of what the source gives; below the usual dropping before a start or a switch. */
const encodedShare = 0.6;
/** Of its own pace before. Bandwidth never does this: the lowest layer always fits. */
const paceShare = 0.5;
/** With the page's own word that it is late, half of that will do. */
const lateBurstMs = 15;
/** Arrival jitter of media that left in bursts, with no loss: ten times a quiet link's. */
const burstJitterMs = 30;
const lossless = 0.02;

export const senderCpuLimited: Detector = {
  name: 'sender_cpu_limited',
  version: 4,
  question: 'Is this participant’s device too slow to encode what it sends?',
  onset:
    'two of, over 5 s, without loss on the way up: held back for CPU >= 30 % of the time, encoding >= 80 % of the time, <= 60 % of the source’s frames encoded, pace down to <= 50 % of what it was (neither by an encoder that works <= 8 % of the time), media arriving at the SFU with >= 30 ms of jitter; the last only together with one of the encoder’s. Or, by the page’s own word that its timers are >= 150 ms late in two samples one after the other, any one of them (jitter >= 15 ms); or late in one sample, with sound arriving at the SFU with >= 25 ms of jitter over 2 s',
  clearing: 'none of them over 5 s (held back <= 10 %, encoding <= 60 %)',
  explains: [
    {
      kinds: [
        ...suffered,
        'receiver_cpu_limited',
        'uplink_congestion',
        'downlink_congestion',
        'estimate_collapse',
        'video_source_frozen',
      ],
      of: 'own',
    },
    { kinds: suffered, of: 'sent' },
  ],
  sentence: ({ name, when, affected }) =>
    `${name}'s device was too busy to send ${name}'s picture and sound in time ${when}, which ${affected} noticed.`,
  judge: (features) =>
    features
      .sending()
      .filter((s) => s.kind === 'video' && s.source === 'camera')
      .map((s) => judgeCamera(s, features)),
};

function judgeCamera(s: SendingFeatures, features: CallFeatures): Verdict {
  const { atMs, uplinks, receiversOf } = features;
  if (s.pausedLately === true) return calm('good', s.senderId, s.producerId, atMs);
  const up = uplinks.find((u) => u.participantId === s.senderId);
  const heldBack = atLeast(s.cpuLimited, heldBackShare);
  const busy = atLeast(s.encoding, encodingShare);
  const encoded =
    s.encodedFps === undefined || !s.sourceFps || s.sourceFps < 2 ? undefined : s.encodedFps / s.sourceFps;
  const pace =
    s.encodedFps === undefined || !s.encodedFpsBefore || s.encodedFpsBefore < 5
      ? undefined
      : s.encodedFps / s.encodedFpsBefore;
  const idle = atMost(s.encoding, idleShare);
  const drops =
    !idle && encoded !== undefined && encoded <= encodedShare && !(up?.limitedByBandwidth ?? false);
  const slowed = !idle && pace !== undefined && pace <= paceShare && (s.encodedFps ?? 0) > 0;
  const bursts = atLeast(s.jitterAtSfuMs, burstJitterMs) && (s.encodedFps ?? 0) > 0;

  const clean =
    notOver(up?.lossNow, lossless) && notOver(up?.producerLoss, lossless) && notOver(s.lossAtSfu, lossless);
  const own = [heldBack, busy, drops, slowed].filter(Boolean).length;
  const late =
    deviceStalls(s.senderId, up?.flowingMs, features) ||
    (deviceLate(s.senderId, up?.flowingMs, features) &&
      (own >= 1 ||
        atLeast(s.jitterAtSfuNowMs, lateBurstMs) ||
        atLeast(soundJitterAtSfuMs(s.senderId, features), lateBurstMs)));
  const bad = (clean && (own >= 2 || (own === 1 && bursts))) || late;
  if (!bad) {
    const good =
      s.encodedFps !== undefined &&
      own === 0 &&
      deviceRecovered(s.senderId, features) &&
      atMost(s.cpuLimited ?? 0, 0.1) &&
      atMost(s.encoding ?? 0, 0.6) &&
      !bursts;
    return calm(good ? 'good' : 'unclear', s.senderId, s.producerId, atMs);
  }
  return {
    state: 'bad',
    hop: 'sender_device',
    participantId: s.senderId,
    subjectId: s.producerId,
    severity: slowed || drops ? 'moderate' : 'minor',
    confidence: Math.min(0.95, (late ? 0.75 : 0.6) + 0.1 * (own + (bursts ? 1 : 0))),
    sinceMs: (s.clientTimeMs ?? atMs) - 3_000,
    evidence: evidenceOf({
      pageLateMs: features.devices().get(s.senderId)?.pageLateMs,
      heldBackForCpuRatio: s.cpuLimited,
      encodingTimeRatio: s.encoding,
      encodedOfSourceRatio: encoded,
      paceRatio: pace,
      encodedFramesPerSecond: s.encodedFps,
      sourceFramesPerSecond: s.sourceFps,
      jitterAtSfuMs: s.jitterAtSfuMs,
      lossRatio: up?.lossNow,
    }),
    affected: receiversOf(s.senderId),
  };
}

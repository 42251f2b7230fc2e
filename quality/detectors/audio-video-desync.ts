/**
 * Does this participant see somebody's lips and hear the words apart?
 *
 * Sound and picture of one sender come over the same transports, so what they wait in their buffers at the receiver is
 * what parts them, unless one was late before. Browsers even this out by holding the earlier one back; where the waits
 * stay far apart they have given up or fail. When they are played we do not know: no statistic that we carry says it.
 */
import type { CallFeatures } from '../features/call.ts';
import type { ReceivingFeatures } from '../features/receiving.ts';
import { calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/** BT.1359: noticed from 125 ms, not acceptable from 185; the rest is what decoding and drawing take, which the waits leave out. */
const apartMs = 400;
const apartLongMs = 300;
const clearMs = 200;
const knownMs = 9_000;

export const audioVideoDesync: Detector = {
  name: 'audio_video_desync',
  version: 1,
  question: 'Does this participant see somebody’s lips and hear the words apart?',
  onset:
    'sound and picture of one sender wait >= 400 ms differently over 5 s and >= 300 ms over 15 s (BT.1359: unacceptable from 185 ms; decoding and drawing, which the waits leave out, may be the rest)',
  clearing: '<= 200 ms apart over 5 s',
  aftermathMs: 30_000,
  sentence: ({ name, facts, when, nameOf }) =>
    `${name} saw and heard ${nameOf(String(facts.senderId ?? ''))} about ${facts.apartMs} ms apart ${when}.`,
  judge: (features) => [...features.receivingBy()].map(([id, all]) => judgeReceiver(id, all, features)),
};

function judgeReceiver(id: string, all: readonly ReceivingFeatures[], { atMs }: CallFeatures): Verdict {
  const sounds = new Map(
    all.filter((r) => r.kind === 'audio' && r.source === 'microphone').map((r) => [r.senderId, r]),
  );
  const pairs = all.flatMap((video) => {
    const sound =
      video.kind === 'video' && video.source === 'camera' ? sounds.get(video.senderId) : undefined;
    if (!sound || video.senderId === '' || video.at.paused || sound.at.paused) return [];
    if (Math.min(video.knownMs, sound.knownMs) < knownMs || !(video.decodedFps! >= 2)) return [];
    const apart = less(video.jitterBufferMs, sound.jitterBufferMs);
    return apart === undefined ? [] : [{ video, sound, apart }];
  });
  const bad = pairs
    .filter((p) => Math.abs(p.apart) >= apartMs)
    .map((p) => ({ ...p, apartLong: less(p.video.jitterBufferLongMs, p.sound.jitterBufferLongMs) ?? 0 }))
    .find((p) => Math.abs(p.apartLong) >= apartLongMs);
  if (!bad) {
    const good = pairs.every((p) => Math.abs(p.apart) <= clearMs);
    return calm(good ? 'good' : 'unclear', id, '', atMs);
  }
  return {
    state: 'bad',
    hop: 'receiver_device',
    participantId: id,
    subjectId: '',
    severity: 'minor',
    confidence: 0.6,
    sinceMs: (bad.video.timeMs ?? atMs) - 5_000,
    evidence: evidenceOf({
      apartMs: Math.round(Math.abs(bad.apart)),
      videoLater: bad.apart > 0,
      apartLongMs: Math.round(Math.abs(bad.apartLong)),
      senderId: bad.video.senderId,
    }),
    affected: [id],
  };
}

const less = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a - b;

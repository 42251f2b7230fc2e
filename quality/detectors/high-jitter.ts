/**
 * Do packets reach or leave this participant so unevenly that sound has to be buffered or made up?
 *
 * Where: jitter that the SFU sees in what it receives is the uplink's and shows at every receiver; jitter that one
 * receiver sees in what it gets of everybody, while the SFU received it evenly, is its downlink's. The second witness is
 * the jitter buffer: it grew, or sound was stretched or made up. Without that, nobody heard anything.
 */
import { mean } from '../counters.ts';
import type { CallFeatures } from '../features/call.ts';
import type { ReceivingFeatures } from '../features/receiving.ts';
import type { SendingFeatures } from '../features/sending.ts';
import { atLeast, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';
import { nodeLate } from './node-late.ts';

/** The classic limit (Teams CQD, Twilio): over it, buffers of usual size run empty. */
const onsetMs = 30;
const clearMs = 15;
/** Buffers at rest hold 20 to 60 ms. */
const bufferMs = 90;
const concealedShare = 0.02;
const stretchedShare = 0.03;
const knownMs = 6_000;

export const highJitter: Detector = {
  name: 'high_jitter',
  version: 2,
  question:
    'Do packets reach or leave this participant so unevenly that sound has to be buffered or made up?',
  onset:
    'jitter >= 30 ms (the classic limit) over 5 s, or over 2 s at the SFU; at the SFU for an uplink, at the receiver of all its sounds but not at the SFU for a downlink; and at the ear: a jitter buffer >= 90 ms, >= 2 % made up or >= 3 % stretched',
  clearing: '<= 15 ms over 5 s where it was seen',
  patienceMs: 3_000,
  aftermathMs: 20_000,
  explains: [
    {
      kinds: ['jitter_buffer_inflated', 'audio_concealment', 'audio_video_desync', 'publisher_fault'],
      of: 'own',
    },
    {
      kinds: [
        'jitter_buffer_inflated',
        'audio_concealment',
        'audio_video_desync',
        'publisher_fault',
        'high_jitter',
      ],
      of: 'sent',
    },
  ],
  sentence: ({ incident, name, facts, when, affected }) =>
    incident.hop === 'uplink'
      ? `${name}'s packets reached the media server unevenly ${when} (by ${facts.jitterMs} ms), so ${affected} heard ${name} late or torn.`
      : `Packets reached ${name} unevenly ${when} (by ${facts.jitterMs} ms), so ${name} heard the others late or torn.`,
  judge: (features) => {
    const bySound = new Map(
      features
        .sending()
        .filter((s) => s.kind === 'audio')
        .map((s) => [s.producerId, s]),
    );
    const heardOf = new Map<string, ReceivingFeatures[]>();
    for (const r of features.receiving()) {
      if (r.kind !== 'audio' || r.at.paused || r.knownMs < knownMs) continue;
      const list = heardOf.get(r.at.path.uplink.producerId);
      if (list) list.push(r);
      else heardOf.set(r.at.path.uplink.producerId, [r]);
    }
    return [
      ...[...bySound.values()].map((s) => judgeUplink(s, heardOf.get(s.producerId) ?? [], features)),
      ...[...features.receivingBy()].map(([id, streams]) => judgeDownlink(id, streams, bySound, features)),
    ];
  },
};

const atTheEar = (r: ReceivingFeatures): boolean =>
  atLeast(r.jitterBufferMs, bufferMs) ||
  atLeast(r.concealed, concealedShare) ||
  atLeast(r.stretched, stretchedShare);

function judgeUplink(
  s: SendingFeatures,
  heard: readonly ReceivingFeatures[],
  features: CallFeatures,
): Verdict {
  const { atMs } = features;
  const suffering = heard.filter(atTheEar);
  const up = features.uplinks.find((u) => u.participantId === s.senderId);
  const bad =
    !(up && nodeLate(up)) &&
    s.pausedLately !== true &&
    (atLeast(s.jitterAtSfuMs, onsetMs) || atLeast(s.jitterAtSfuNowMs, onsetMs)) &&
    suffering.length > 0 &&
    2 * suffering.length >= heard.length;
  if (!bad) {
    const good = s.pausedLately === true || (s.jitterAtSfuMs !== undefined && s.jitterAtSfuMs <= clearMs);
    return calm(good ? 'good' : 'unclear', s.senderId, s.producerId, atMs);
  }
  return {
    ...told(
      s.senderId,
      s.producerId,
      Math.max(s.jitterAtSfuMs ?? 0, s.jitterAtSfuNowMs ?? 0),
      suffering,
      atMs,
    ),
    hop: 'uplink',
    affected: suffering.map((r) => r.receiverId),
  };
}

function judgeDownlink(
  id: string,
  all: readonly ReceivingFeatures[],
  sounds: ReadonlyMap<string, SendingFeatures>,
  { atMs }: CallFeatures,
): Verdict {
  const streams = all.filter(
    (r) => r.kind === 'audio' && !r.at.paused && r.knownMs >= knownMs && (r.packetsPerSecond ?? 0) >= 5,
  );
  const even = streams.filter((r) => {
    const atSfu = sounds.get(r.at.path.uplink.producerId)?.jitterAtSfuMs;
    return atSfu === undefined || atSfu <= clearMs;
  });
  const jitterMs = mean(even.map((r) => r.jitterMs));
  const bad = even.length > 0 && even.every((r) => atLeast(r.jitterMs, onsetMs)) && even.some(atTheEar);
  if (!bad) {
    const good = streams.length > 0 && streams.every((r) => (r.jitterMs ?? 0) <= clearMs);
    return calm(good ? 'good' : 'unclear', id, 'received', atMs);
  }
  return { ...told(id, 'received', jitterMs!, even, atMs), hop: 'downlink', affected: [id] };
}

const told = (
  participantId: string,
  subjectId: string,
  jitterMs: number,
  heard: readonly ReceivingFeatures[],
  atMs: number,
): Omit<Verdict, 'hop' | 'affected'> => ({
  state: 'bad',
  participantId,
  subjectId,
  severity: jitterMs >= 2 * onsetMs ? 'severe' : 'moderate',
  confidence: 0.8,
  sinceMs: atMs - 4_000,
  evidence: evidenceOf({
    jitterMs: Math.round(jitterMs),
    jitterBufferMs: mean(heard.map((r) => r.jitterBufferMs)),
    audioConcealedRatio: mean(heard.map((r) => r.concealed)),
    stretchedRatio: mean(heard.map((r) => r.stretched)),
  }),
});

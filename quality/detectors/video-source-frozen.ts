/**
 * Has this participant's camera stopped giving frames, though nobody switched it off?
 *
 * Witnesses: the source's own frame count stands still; nothing of the track arrives at the SFU while its transport
 * lives; the receivers see no frame; the browser says that it muted the track. A lost path silences the transport too, and a switched-off camera is paused
 * by the SFU's word, so neither is taken for it. A hidden page says nothing: phones take its camera away.
 */
import type { CallFeatures } from '../features/call.ts';
import type { PresenceFeatures } from '../features/presence.ts';
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

/** One whole difference of calm client sampling: not a hiccup of one sample. */
const sourceStillMs = 1_900;
/** The SFU samples every second; a starved encoder skips two, a busy machine rarely three. */
const arrivedStillMs = 1_900;
/** Where nothing else is wrong on the way up, the SFU's word is enough: sound comes, pictures do not. */
const calmRiseMs = 60;
const flowingPackets = 5;
/** Two views that agree are enough early; the source's word alone must last. */
const sourceAloneMs = 5_900;
/** A receiver's picture stands for this long: as for `freeze`. */
const seenStillMs = 1_900;
/** A camera that flows gives at least this: clearing. */
const flowingFps = 2;

export const videoSourceFrozen: Detector = {
  name: 'video_source_frozen',
  version: 2,
  question: 'Has this participant’s camera stopped giving frames, though nobody switched it off?',
  onset:
    'two of: no frame from the source for >= 1.9 s (one whole sampling interval), nothing of the track at the SFU for >= 1.9 s while its transport is alive (a lost path silences both), every receiver’s picture standing for >= 1.9 s, the track muted by the browser; or the SFU’s word alone where sound of the same participant arrives, the way up is calm (no loss, no delay, estimate kept) and its page gets its turn; or the source’s word alone for >= 5.9 s. Not while paused, hidden, or before it ever flowed',
  clearing:
    'the source gives >= 2 frames a second over 5 s, or the track arrives at the SFU again, or it is paused',
  explains: [{ kinds: suffered, of: 'sent' }],
  sentence: ({ name, when, affected }) =>
    `${name}'s camera gave no pictures ${when}, so ${affected} saw ${name} standing still.`,
  judge: (features) => {
    const people = new Map(features.presence().map((p) => [p.participantId, p]));
    const cameras = features.sending().filter((s) => s.kind === 'video' && s.source === 'camera');
    return cameras.map((s) => judgeCamera(s, people.get(s.senderId), features));
  },
};

function judgeCamera(
  s: SendingFeatures,
  person: PresenceFeatures | undefined,
  features: CallFeatures,
): Verdict {
  const { atMs } = features;
  const moving = s.arrivedStillMs === undefined || s.arrivedStillMs < 1_100;
  if (s.pausedLately === true) return calm('good', s.senderId, s.producerId, atMs);
  const sourceStill = atLeast(s.sourceStillMs, sourceStillMs);
  const uplink = features.uplinks.find((u) => u.participantId === s.senderId);
  const alive = atMost(uplink?.silentMs, 1_100) && (uplink?.lossNow ?? 0) < 0.03;
  const notArriving = alive && atLeast(s.arrivedStillMs, arrivedStillMs) && s.arrivedKnownMs >= 6_000;
  const watching = features.pathsOf(s.producerId).filter((p) => !p.paused);
  const standing = watching.filter(
    (p) => atLeast(p.sinceFrameMs, seenStillMs) && (p.path.inbound.at(-1)?.frames_decoded ?? 0) >= 10,
  );
  const seenStanding = standing.length > 0 && standing.length === watching.length;
  const flowed = (s.uplink.mediaSource.at(-1)?.frames ?? 10) >= 10;

  const soundComes =
    notArriving &&
    (uplink?.lossNow ?? 0) <= 0.01 &&
    notOver((uplink?.roundTripMs ?? 0) - (uplink?.roundTripBeforeMs ?? 0), calmRiseMs) &&
    notOver(uplink?.senderEstimateFall, 0.3) &&
    (features.devices().get(s.senderId)?.lateSamples ?? 0) === 0 &&
    features
      .sending()
      .some(
        (other) =>
          other.senderId === s.senderId &&
          other.kind === 'audio' &&
          other.pausedLately === false &&
          atMost(other.arrivedStillMs, 0) &&
          atLeast(other.arrivedPacketsPerSecond, flowingPackets),
      );

  const muted = person?.mutedTracks.has(s.producerId) === true;
  const witnesses = [sourceStill, notArriving, seenStanding, muted].filter(Boolean).length;
  const bad =
    person?.hidden !== true &&
    flowed &&
    (soundComes ||
      (witnesses >= 2 && (sourceStill || notArriving)) ||
      (atLeast(s.sourceStillMs, sourceAloneMs) && !(moving && s.arrivedStillMs !== undefined)));
  if (!bad) {
    const good =
      s.sourceFps === undefined
        ? s.arrivedStillMs !== undefined && moving
        : s.sourceFps >= flowingFps && s.sourceStillMs === 0;
    return calm(good ? 'good' : 'unclear', s.senderId, s.producerId, atMs);
  }
  const stillMs = Math.max(s.sourceStillMs ?? 0, notArriving ? (s.arrivedStillMs ?? 0) : 0);
  return {
    state: 'bad',
    hop: 'sender_device',
    participantId: s.senderId,
    subjectId: s.producerId,
    severity: stillMs >= 5_000 ? 'severe' : 'moderate',
    confidence: witnesses >= 3 ? 0.95 : witnesses === 2 ? 0.85 : 0.7,
    sinceMs: (sourceStill ? (s.clientTimeMs ?? atMs) : (s.sfuTimeMs ?? atMs)) - stillMs,
    evidence: evidenceOf({
      sourceStillMs: s.sourceStillMs,
      arrivedStillMs: s.arrivedStillMs,
      receiversStanding: standing.length,
      receiversWatching: watching.length,
      transportSilentMs: uplink?.silentMs,
      mutedByBrowser: muted,
    }),
    affected: [...new Set(watching.map((p) => p.path.receiverId))],
  };
}

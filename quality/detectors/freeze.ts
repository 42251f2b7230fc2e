/**
 * Has a video that should move stood still for somebody?
 *
 * Asked of the receiver's count of decoded frames, not of `freezeCount`, which counts a freeze only once it
 * is over. The second witness is that the media is meant to flow: neither side paused it, we did not hold it
 * back, and it had been flowing. The point where the flow stops on the way names the hop.
 */
import type { Hop } from '../../telemetry/rows.ts';
import type { CallFeatures } from '../features/call.ts';
import type { PathFeatures } from '../features/path.ts';
import { atLeast, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/** Under 2 s a key frame request repairs most; at 2 s sampling one empty difference is exactly this long. */
const frozenOnsetMs = 1_900;
const severeMs = 5_000;
/** What stuck_decoder did not take up by then is told here. */
const leftMs = 7_900;
/** Two frames a second is movement. */
const movingFps = 2;

export const freeze: Detector = {
  name: 'freeze',
  version: 3,
  question: 'Has a video that should move stood still for somebody?',
  onset:
    'no frame decoded for >= 1.9 s by the receiver’s samples, while nobody paused the video and it had flowed; where packets arrive and key frames are asked for, >= 7.9 s, since stuck_decoder tells that more closely',
  clearing: 'frames are decoded again at >= 2 a second, or the video is paused or gone',
  sentence: ({ incident, facts, when, affected, nameOf }) => {
    const sender = typeof facts.senderId === 'string' ? nameOf(facts.senderId) : 'a participant';
    return `${sender}'s video stood still for ${affected} ${when}: ${freezePlace[incident.hop] ?? 'the place is not known'}.`;
  },
  judge: (features) => judgeProducers(features),
};

const freezePlace: Partial<Record<Hop, string>> = {
  sender_device: 'the sender’s device made no frames',
  uplink: 'it did not get from the sender to the media server',
  sfu: 'the media server did not pass it on',
  downlink: 'it did not get from the media server to the receiver',
  receiver_device: 'packets arrived but could not be shown',
};

function judgeProducers(features: CallFeatures): Verdict[] {
  const byProducer = new Map<string, PathFeatures[]>();
  for (const p of features.paths) {
    if (p.path.uplink.kind !== 'video' || p.path.uplink.source === 'screen') continue;
    const group = byProducer.get(p.path.uplink.producerId) ?? [];
    group.push(p);
    byProducer.set(p.path.uplink.producerId, group);
  }
  // A phone takes the camera away from a page that is not looked at: its owner did that.
  const hidden = new Set(
    features
      .presence()
      .filter((p) => p.hidden)
      .map((p) => p.participantId),
  );
  return [...byProducer.values()].flatMap((paths) => {
    const told = commonVerdict(paths, features.atMs);
    const common = told.state === 'bad' && hidden.has(told.participantId) ? unclear(told) : told;
    // One bad sender is one incident: what explains all of them is not told once more for each.
    const single = paths.map((p) => receiverVerdict(p, features.atMs));
    return [common, ...single.map((v) => (v.state === 'bad' && told.state === 'bad' ? unclear(v) : v))];
  });
}

const unclear = (verdict: Verdict): Verdict => ({ ...verdict, state: 'unclear' });

const hadFlowed = (p: PathFeatures): boolean => (p.path.inbound.at(-1)?.frames_decoded ?? 0) >= 10;
const isFrozen = (p: PathFeatures): boolean =>
  !p.paused && hadFlowed(p) && atLeast(p.sinceFrameMs, frozenOnsetMs);
const isMoving = (p: PathFeatures): boolean =>
  p.paused || (p.sinceFrameMs === 0 && atLeast(p.framesPerSecond, movingFps));

/** Where the flow stops; unknown where the sources on the way are silent. */
function hopOf(p: PathFeatures): Hop {
  if (p.senderEncoding === false) return 'sender_device';
  if (p.sfuReceiving === false) return beforeTheSfu(p.senderSending);
  if (p.sfuSending === false) return afterTheSfu(p);
  if (p.receiving === false) return 'downlink';
  // Packets that still came in when the picture stopped are no sign that they could not be shown; where the SFU is on
  // no record at all, the receiver's word has to do.
  if (p.receiving === true && (p.sfuSending === true || p.path.sfu.length === 0)) return 'receiver_device';
  return 'unknown';
}

/** No layer chosen: the estimate of this link allows none. */
const afterTheSfu = (p: PathFeatures): Hop =>
  p.sfuReceiving !== true ? 'unknown' : (p.spatialLayer ?? -1) < 0 ? 'downlink' : 'sfu';

const beforeTheSfu = (senderSending: boolean | undefined): Hop =>
  senderSending === undefined ? 'unknown' : senderSending ? 'uplink' : 'sender_device';

/** The sender's side: the flow stops before the SFU, or all of several watchers lost it. */
function commonVerdict(paths: readonly PathFeatures[], atMs: number): Verdict {
  const frozen = paths.filter(isFrozen);
  const watching = paths.filter((p) => !p.paused && p.sinceFrameMs !== undefined);
  const worst = [...frozen].sort((a, b) => b.sinceFrameMs! - a.sinceFrameMs!)[0];
  const hop = worst ? hopOf(worst) : 'unknown';
  const beforeSfu = hop === 'sender_device' || hop === 'uplink';
  const bad =
    worst !== undefined &&
    hop !== 'unknown' &&
    (beforeSfu || (frozen.length > 1 && frozen.length === watching.length));
  const { senderId, producerId } = paths[0]!.path.uplink;
  if (!bad)
    return calm(paths.every(isMoving) ? 'good' : 'unclear', senderId, producerId, newestMs(paths[0]!, atMs));
  return {
    ...frozenVerdict(worst, hop, atMs),
    hop: beforeSfu ? hop : 'sfu',
    participantId: senderId,
    subjectId: producerId,
    affected: [...new Set(frozen.map((p) => p.path.receiverId))],
  };
}

/** Packets come and key frames are asked for: stuck_decoder tells it more closely, and needs a little longer. */
const asksInVain = (p: PathFeatures): boolean => atLeast(p.plisSinceFrame, 1);

function receiverVerdict(p: PathFeatures, atMs: number): Verdict {
  const hop = isFrozen(p) ? hopOf(p) : 'unknown';
  const bad = hop !== 'unknown' && !(hop === 'receiver_device' && asksInVain(p) && p.sinceFrameMs! < leftMs);
  if (bad) return frozenVerdict(p, hop, atMs);
  const { receiverId, consumerId } = p.path;
  return calm(isMoving(p) ? 'good' : 'unclear', receiverId, consumerId, newestMs(p, atMs));
}

const newestMs = (p: PathFeatures, atMs: number): number => p.clientTimeMs ?? atMs;

function frozenVerdict(p: PathFeatures, hop: Hop, atMs: number): Verdict {
  return {
    state: 'bad',
    hop,
    participantId: p.path.receiverId,
    subjectId: p.path.consumerId,
    severity: atLeast(p.sinceFrameMs, severeMs) ? 'severe' : 'moderate',
    // That decoding failed is inferred: packets arrive, frames do not.
    confidence: hop === 'receiver_device' ? 0.7 : 0.85,
    sinceMs: newestMs(p, atMs) - (p.sinceFrameMs ?? 0),
    evidence: evidenceOf({
      sinceLastFrameMs: p.sinceFrameMs,
      framesPerSecond: p.framesPerSecond,
      senderEncoding: p.senderEncoding,
      senderSending: p.senderSending,
      sfuReceiving: p.sfuReceiving,
      sfuSending: p.sfuSending,
      receiving: p.receiving,
      spatialLayer: p.spatialLayer,
      senderId: p.path.uplink.senderId,
    }),
    affected: [p.path.receiverId],
  };
}

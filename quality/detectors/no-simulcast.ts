/**
 * Does a camera come in one size only, while one of its receivers has a link too slow for it?
 *
 * Then nothing smaller can be sent to that one: either it suffers, or the sender is slowed down for all. With layers the
 * SFU would send a lower one. A single layer where everybody's link holds it is no trouble; VP9 and AV1 carry their
 * layers inside one stream, so of them this says nothing.
 */
import type { CallFeatures } from '../features/call.ts';
import type { DownlinkFeatures } from '../features/downlink.ts';
import type { SendingFeatures } from '../features/sending.ts';
import { arrivesShort, downlinkArrivedOnset } from './arrives-short.ts';
import { atLeast, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/** Less than this is a lowest layer anyway. */
const leastBps = 150_000;
/** As for downlink_congestion, by two witnesses. */
const lossRatio = 0.03;
const nackedRatio = 0.02;
/** The receiver's estimate does not hold this one stream. */
const heldShare = 0.8;
const layeredCodecs = new Set(['vp9', 'av1']);

export const noSimulcast: Detector = {
  name: 'no_simulcast',
  version: 2,
  question: 'Does a camera come in one size only, while one of its receivers has a link too slow for it?',
  onset:
    'one layer of >= 150 kbit/s (VP8 or H.264), and a receiver of it that loses >= 3 % with NACKs or losses of its own beside it, or gets <= 75 % of the bytes sent and loses >= 3 % by its own word, or whose estimate is under 80 % of the stream',
  clearing: 'no such receiver for the moment, more layers, or less than 150 kbit/s',
  sentence: ({ name, when, affected }) =>
    `${name} sent its camera in one size only ${when}, so nothing smaller could be sent to ${affected}, whose link was too slow for it.`,
  judge: (features) =>
    features
      .sending()
      .filter((s) => s.kind === 'video' && s.source === 'camera')
      .map((s) => judgeCamera(s, features)),
};

function judgeCamera(s: SendingFeatures, features: CallFeatures): Verdict {
  const { atMs } = features;
  const bps = s.arrivedBps ?? s.sentBps;
  const single = s.layers === 1 && !layeredCodecs.has(s.uplink.codec);
  if (!single) return calm('good', s.senderId, s.producerId, atMs);
  if (s.pausedLately === true || !atLeast(bps, leastBps)) {
    return calm(bps === undefined ? 'unclear' : 'good', s.senderId, s.producerId, atMs);
  }
  const receivers = new Set(
    features
      .pathsOf(s.producerId)
      .filter((p) => !p.paused)
      .map((p) => p.path.receiverId),
  );
  const slow = features.downlinks.filter((d) => receivers.has(d.participantId) && isSlow(d, bps!));
  if (slow.length === 0) return calm('good', s.senderId, s.producerId, atMs);
  return {
    state: 'bad',
    hop: 'sender_device',
    participantId: s.senderId,
    subjectId: s.producerId,
    severity: 'minor',
    confidence: 0.75,
    sinceMs: atMs - 2_000,
    evidence: evidenceOf({
      layers: s.layers,
      sentBps: bps,
      slowReceivers: slow.length,
      receivers: receivers.size,
      slowestEstimateBps: Math.min(...slow.map((d) => d.bweBps ?? Number.POSITIVE_INFINITY)),
    }),
    affected: slow.map((d) => d.participantId),
  };
}

function isSlow(d: DownlinkFeatures, bps: number): boolean {
  if (d.flowingMs < 10_000) return false;
  const losing =
    atLeast(d.lossNow, lossRatio) &&
    (atLeast(d.nackedRatio, nackedRatio) || atLeast(d.clientLoss, lossRatio));
  // A link as full as that lets the feedback through late as well.
  const starved = arrivesShort(d, downlinkArrivedOnset) && atLeast(d.clientLoss, lossRatio);
  const narrow = d.bweBps !== undefined && d.bweBps < heldShare * bps && atLeast(d.bweFall, 0.35);
  return losing || starved || narrow;
}

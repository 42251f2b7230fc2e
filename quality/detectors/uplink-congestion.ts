/**
 * Is the way from this sender to the SFU losing or delaying packets, so that all who receive it suffer?
 *
 * Witnesses: the SFU's transport-wide loss on what it receives, its own count of holes and repairs in the
 * producer's streams, what its receiver reports told the sender (loss, round trip), and the sender's encoder
 * held back by bandwidth. At join the encoder ramps up and is "limited by bandwidth" for seconds on the best
 * of networks: so that word counts only once media has flowed for a while, and never alone.
 */
import type { CallFeatures } from '../features/call.ts';
import { atTheRelay } from '../features/relay.ts';
import type { UplinkFeatures } from '../features/uplink.ts';
import { arrivesShort } from './arrives-short.ts';
import { atLeast, type Detector, evidenceOf, notOver, suffered, type Verdict } from './detector.ts';
import { linkTrouble } from './link-trouble.ts';
import { nodeLate } from './node-late.ts';

/** As for the downlink: from here on Opus no longer hides it. */
const lossOnset = 0.03;
/** Beyond what one late feedback makes of a second; with any hole seen by another it is enough. */
const lossMarked = 0.05;
const anyHole = 0.01;
const lossGrave = 0.1;
/** libwebrtc reaches its top layers within 8-10 s of a start on a good network. */
const settledMs = 10_000;
/** The sender's estimate fell by a third: beyond its noise when media fills it. */
const estimateFall = 0.35;
/** Traffic at the SFU down to under this part of what it was: layers starve. */
const starved = 0.6;
/** An encoder that makes fewer frames than this part of before lacks CPU, not bandwidth: the lowest layer always fits. */
const pace = 0.7;
const delayRiseMs = 100;
/** A queue that drops nothing is a deep one, and then it is full. */
const standingQueueMs = 250;
const clearAfterMs = 5_000;
/** Nothing lost, but for a packet in hundreds. */
const lossDenied = 0.005;
const lossClear = 0.01;
/** Of the bytes that the client sent; both ends' counts agree within a tenth at rest. */
const arrivedOnset = 0.8;
const queueMs = 40;

export const uplinkCongestion: Detector = {
  name: 'uplink_congestion',
  version: 2,
  question: 'Is the way from this sender to the SFU losing or delaying packets?',
  onset:
    '<= 80 % of the bytes sent arriving over 2 s by both ends’ counts, with any of the following or delay up by >= 40 ms; or two of: SFU-side loss >= 3 % in two samples (or >= 10 % in one, or >= 5 % with any hole seen besides), holes or repairs in the producer’s ' +
    'streams, reported loss >= 3 %, delay up by >= 100 ms, encoder held back by a fallen estimate; without any loss all of the last and starved layers',
  clearing: 'no loss over 1 % by any witness and delay back, for 5 s; slow layer ramp-up is not congestion',
  explains: [
    { kinds: suffered, of: 'sent' },
    { kinds: ['fixed_bitrate'], of: 'own' },
    { kinds: ['estimate_collapse'], of: 'affected' },
  ],
  sentence: ({ name, facts, when, affected }) =>
    `${name}'s uplink ${linkTrouble(facts)} ${when}, so ${affected} received ${name} badly.`,
  judge: (features) => features.uplinks.map((uplink) => judgeUplink(uplink, features)),
};

function judgeUplink(u: UplinkFeatures, features: CallFeatures): Verdict {
  // Stale or absent: every figure is undefined, and the verdict comes out as unclear.
  const newestMs = u.sfuTimeMs ?? features.atMs;
  const delayUpMs =
    u.roundTripMs === undefined || u.roundTripBeforeMs === undefined
      ? undefined
      : u.roundTripMs - u.roundTripBeforeMs;
  const settled = u.flowingMs >= settledMs;
  // Smoothed over feedbacks, which stop coming when nothing arrives: then it is no news.
  const feedback = atLeast(u.silentMs, 1_500) ? undefined : u.lossNow;

  const someHoles =
    atLeast(u.producerLoss, anyHole) || atLeast(u.nackedPerSecond, 1) || atLeast(u.reportedLoss, anyHole);
  const losing =
    atLeast(feedback, lossOnset) &&
    (u.lossHighMs >= 1_500 || atLeast(feedback, lossGrave) || (atLeast(feedback, lossMarked) && someHoles));
  const holes = atLeast(u.producerLoss, lossOnset) || atLeast(u.nackedPerSecond, 4);
  // The SFU writes these reports: where its own counts of the same second say that nothing is lost, they are old.
  const denied =
    feedback !== undefined &&
    feedback <= lossDenied &&
    u.producerLoss !== undefined &&
    u.producerLoss <= lossDenied;
  const reported = atLeast(u.reportedLoss, lossOnset) && !denied;
  const delayed = settled && atLeast(delayUpMs, delayRiseMs);
  const fellTo = u.receiveBps !== undefined && u.receiveBeforeBps ? u.receiveBps / u.receiveBeforeBps : 1;
  const heldBack = settled && u.limitedByBandwidth === true && atLeast(u.senderEstimateFall, estimateFall);
  const starving = settled && fellTo < starved;

  const short = settled && arrivesShort(u, arrivedOnset) && notOver(u.silentMs, 1_500);
  const shortIsFelt = losing || holes || reported || heldBack || atLeast(delayUpMs, queueMs);
  const witnesses = [losing, holes, reported, delayed, heldBack, short].filter(Boolean).length;
  // Holes without any loss on the transport are repairs of old loss. Without any loss, a busy sender looks much
  // the same as a narrow link (late packets, a lowered estimate): then everything must speak, and its encoder
  // must have kept its pace.
  const keptPace = atLeast(u.encodingKept, pace);
  const queueStands = settled && atLeast(delayUpMs, standingQueueMs);
  const bad =
    (short && shortIsFelt) ||
    (losing && atLeast(feedback, lossMarked) && someHoles) ||
    (witnesses >= 2 &&
      (losing || (reported && (holes || delayed)) || (queueStands && heldBack && starving && keptPace)));
  const good =
    notOver(feedback, lossClear) &&
    u.lossLowMs >= clearAfterMs &&
    notOver(u.producerLossLong, lossClear) &&
    notOver(u.reportedLoss, 2 * lossClear) &&
    notOver(delayUpMs, delayRiseMs / 2) &&
    notOver(u.silentMs, 1_500);

  const loss = Math.max(feedback ?? 0, u.reportedLoss ?? 0, u.producerLoss ?? 0);
  return {
    // A node that is late makes losses and delays of its own on every link.
    state: bad ? (nodeLate(u) ? 'unclear' : 'bad') : good ? 'good' : 'unclear',
    hop: bad && atTheRelay(u.participantId, features) ? 'relay' : 'uplink',
    participantId: u.participantId,
    subjectId: u.link.transportId,
    severity: loss >= lossGrave ? 'severe' : loss >= 0.05 || heldBack ? 'moderate' : 'minor',
    confidence: Math.min(0.99, 0.55 + 0.15 * witnesses),
    sinceMs: bad ? newestMs - Math.max(1_000, u.lossHighMs) : newestMs - Math.min(u.lossLowMs, clearAfterMs),
    evidence: evidenceOf({
      lossRatio: feedback,
      arrivedOfSentRatio: u.arrivedOfSent,
      producerLossRatio: u.producerLoss,
      nackedPacketsPerSecond: u.nackedPerSecond,
      reportedLossRatio: u.reportedLoss,
      lowestProducerScore: u.lowestScore,
      receivedBps: u.receiveBps,
      receivedBeforeBps: u.receiveBeforeBps,
      senderEstimateBps: u.senderEstimateBps,
      roundTripMs: u.roundTripMs,
      roundTripBeforeMs: u.roundTripBeforeMs,
      limitedByBandwidth: u.limitedByBandwidth,
    }),
    affected: features.receiversOf(u.participantId),
  };
}

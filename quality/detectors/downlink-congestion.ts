/**
 * Is the way from the SFU to this one receiver losing or delaying packets?
 *
 * The SFU's transport-wide feedback counts losses between SFU and receiver only, so an uplink's loss, which
 * every receiver meets, never shows in it. The receiver's own reports (NACK, its inbound statistics), the
 * delay and the bandwidth estimate are the witnesses beside it; one alone is never a verdict:
 * mediasoup's consumer score stays at 9-10 in a cut-off, the estimate swings at join, a busy machine delays.
 */
import type { CallFeatures } from '../features/call.ts';
import type { DownlinkFeatures } from '../features/downlink.ts';
import { atTheRelay } from '../features/relay.ts';
import { arrivesShort, downlinkArrivedOnset } from './arrives-short.ts';
import { atLeast, atMost, type Detector, evidenceOf, notOver, suffered, type Verdict } from './detector.ts';
import { devicePrompt } from './device-late.ts';
import { linkTrouble } from './link-trouble.ts';
import { nodeLate } from './node-late.ts';

/** Loss from which in-band FEC and concealment of Opus no longer hide it; wireless links at rest stay below. */
const lossOnset = 0.03;
/** Beyond what one lost feedback or a late packet makes of a second. */
const lossMarked = 0.05;
/** So high that one more second of waiting is not worth it. */
const lossGrave = 0.1;
/** A join settles within this: the estimate ramps up, first layers start, key frames burst. */
const settledMs = 4_000;
/** Share of packets asked for again: 3 % loss gives about as much; reordering alone stays below. */
const nackOnset = 0.02;
/** Asked for again by the SFU, a second: what somebody sends arrives with holes or out of order. */
const holesAbove = 4;
/** A downlink does not choose between senders. */
const someTracks = 0.5;
/** The estimate's own noise is under a fifth; a real fall takes 40-50 % within seconds. */
const estimateFall = 0.35;
/** A standing queue, not a busy receiver: far over what scheduling adds on either end. */
const delayRiseMs = 100;
/** Clearing asks for this, over the last 5 s: quick relapses keep one incident, not a string of them. */
const clearAfterMs = 5_000;
const lossClear = 0.01;
/** A queue that has begun to build, where the counts say already that not all gets through. */
const queueMs = 40;
const someLoss = 0.01;
const roomShare = 1.2;

export const downlinkCongestion: Detector = {
  name: 'downlink_congestion',
  version: 10,
  question: 'Is the way from the SFU to this one receiver losing or delaying packets?',
  onset:
    'transport-wide loss >= 3 % in two samples (or >= 10 % in one, or >= 5 % with the receiver’s word and either the estimate’s or a page whose timers are prompt), or an estimate down by >= 35 % with the ' +
    'receiver’s own loss >= 3 % or delay up by >= 100 ms, or <= 75 % of the bytes sent arriving over 2 s by both ends’ counts with delay up by >= 40 ms, loss >= 1 %, NACKs or an estimate that fell so to less than 1.2 times what is sent, or >= 8 % of the audio asked for again while nothing of the video is and no feedback comes; and a witness of another kind: NACKs (not of some tracks only, while the SFU misses packets of a sender itself), the receiver’s own loss of what reached the SFU whole, or delay. The estimate is ' +
    'made of the same feedback as the loss, and a busy receiver sends its feedback before it has read the packets',
  clearing:
    'loss <= 1 % by feedback and by the receiver, no NACKs, delay back, for 5 s; where the receiver’s own loss is known ' +
    'for these 5 s, it is enough that the feedback’s mean, which lags far behind and at few packets rises by each probe, has not risen or is under 10 %',
  explains: [
    { kinds: suffered, of: 'received' },
    { kinds: ['estimate_collapse', 'high_jitter', 'high_delay'], of: 'own' },
  ],
  sentence: ({ name, facts, when, others }) =>
    `${name}'s own downlink ${linkTrouble(facts)} ${when}; ${others}.`,
  judge: (features) => features.downlinks.map((downlink) => judgeDownlink(downlink, features)),
};

function judgeDownlink(d: DownlinkFeatures, features: CallFeatures): Verdict {
  const { atMs } = features;
  // Stale or absent: every figure is undefined, and the verdict comes out as unclear.
  const newestMs = d.sfuTimeMs ?? atMs;
  const delayUpMs =
    d.roundTripMs === undefined || d.roundTripBeforeMs === undefined
      ? undefined
      : d.roundTripMs - d.roundTripBeforeMs;
  // A cut-off freezes the feedback: what it last said is then no news. ice_loss asks about that.
  const feedback = atLeast(d.silentMs, 1_500) ? undefined : d.lossNow;
  const settled = d.flowingMs >= settledMs;

  const receiverSaysLoss =
    (atLeast(d.nackedRatio, nackOnset) && !asksForHolesAbove(d, features)) ||
    atLeast(d.clientLoss, lossOnset);
  const prompt = devicePrompt(d.participantId, features);
  const estimateSaysSo = settled && atLeast(d.bweFall, estimateFall);
  // One sample is enough when it is grave, or when the receiver says the same with it and either the estimate does as
  // well or its page gets its turn.

  const lossStands =
    d.lossHighMs >= 1_500 ||
    atLeast(feedback, lossGrave) ||
    (atLeast(feedback, lossMarked) && receiverSaysLoss && (estimateSaysSo || prompt));
  const losing = atLeast(feedback, lossOnset) && lossStands;
  const delaySaysSo = settled && atLeast(delayUpMs, delayRiseMs);

  const short = settled && arrivesShort(d, downlinkArrivedOnset) && notOver(d.silentMs, 1_500);
  const shortIsFelt =
    atLeast(delayUpMs, queueMs) ||
    receiverSaysLoss ||
    atLeast(d.clientLoss, someLoss) ||
    // One that has room for what is sent is one that has not climbed back yet.
    (estimateSaysSo && notOver(d.bweBps, roomShare * (d.sendBps ?? Number.POSITIVE_INFINITY)));
  const drowned = settled && d.videoDrowned === true;
  const witnesses = [losing, receiverSaysLoss, estimateSaysSo, delaySaysSo, short, drowned].filter(
    Boolean,
  ).length;
  const bad =
    (short && shortIsFelt) ||
    drowned ||
    (losing && (receiverSaysLoss || delaySaysSo)) ||
    (estimateSaysSo && (atLeast(d.clientLoss, lossOnset) || (delaySaysSo && receiverSaysLoss)));
  const feedbackQuiet = notOver(feedback, lossClear) && d.lossLowMs >= clearAfterMs;
  const receiverQuiet = d.clientLossLong !== undefined && d.clientLossLong <= lossClear;
  const good =
    (feedbackQuiet ||
      (receiverQuiet && (d.lossNotRisenMs >= clearAfterMs || notOver(feedback, lossGrave)))) &&
    notOver(d.nackedRatioLong, lossClear) &&
    notOver(d.clientLoss, lossClear) &&
    notOver(delayUpMs, delayRiseMs / 2) &&
    notOver(d.silentMs, 1_500);

  const loss = Math.max(feedback ?? 0, d.clientLoss ?? 0);
  return {
    // A node that is late makes losses and delays of its own on every link.
    state: bad ? (nodeLate(d) ? 'unclear' : 'bad') : good ? 'good' : 'unclear',
    hop: bad && atTheRelay(d.participantId, features) ? 'relay' : 'downlink',
    participantId: d.participantId,
    subjectId: d.link.transportId,
    severity: drowned ? 'severe' : severityOf(loss, d),
    confidence: Math.min(0.99, 0.55 + 0.15 * witnesses),
    sinceMs: bad
      ? newestMs - Math.max(1_000, d.lossHighMs)
      : newestMs - Math.min(Math.max(d.lossLowMs, d.lossNotRisenMs), clearAfterMs),
    evidence: evidenceOf({
      lossRatio: feedback,
      arrivedOfSentRatio: d.arrivedOfSent,
      receiverLossRatio: d.clientLoss,
      nackedRatio: d.nackedRatio,
      nackedTracksRatio: d.nackedTracks,
      estimateBps: d.bweBps,
      estimateBeforeBps: d.bweBeforeBps,
      sentBps: d.sendBps,
      retransmittedBps: d.rtxBps,
      roundTripMs: d.roundTripMs,
      roundTripBeforeMs: d.roundTripBeforeMs,
      audioConcealedRatio: d.audioConcealed,
    }),
    affected: [d.participantId],
  };
}

/** What has not reached the SFU in order either, receivers ask for as well: of the tracks of that sender only. */
const asksForHolesAbove = (d: DownlinkFeatures, { uplinks }: CallFeatures): boolean =>
  atMost(d.nackedTracks, someTracks) &&
  uplinks.some((u) => u.participantId !== d.participantId && atLeast(u.nackedPerSecond, holesAbove));

/** Audio that is torn is what people leave calls for; loss of a tenth and more tears it sooner or later. */
function severityOf(loss: number, d: DownlinkFeatures): Verdict['severity'] {
  if (loss >= lossGrave || atLeast(d.audioConcealed, 0.1)) return 'severe';
  return loss >= 0.05 || atLeast(d.bweFall, 0.5) ? 'moderate' : 'minor';
}

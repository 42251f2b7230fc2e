/**
 * What to do about the open incidents: cap a receiver's video, take it away, or let go again.
 *
 * Only a downlink is steered: there the SFU chooses what is sent, and a receiver's trouble is its own. Each
 * decision has a time to live and is kept alive by being sent again while its incident stays open, so that
 * without us the SFU is soon as it would be alone.
 *
 * Falls fast: the cap goes to the lowest layer at once, since layers between would feed the queue that hurts.
 * Rises slowly: only after the incident has cleared and a while has passed, and after a relapse ever later.
 */
import type { Action, DecisionMessage } from '../telemetry/queues.ts';
import { type DecisionKind, type DecisionRow, type IncidentRow, isBound } from '../telemetry/rows.ts';
import {
  blankDecision,
  bookkeeping,
  boundsOf,
  isInForce,
  isTrial,
  lastSentAt,
  roundTripBefore,
  withBookkeeping,
} from './decisions.ts';
import { evidenceOf } from './detectors/detector.ts';
import type { CallFeatures } from './features/call.ts';
import { type DownlinkFeatures, hasQueue } from './features/downlink.ts';
import { clientShortMs } from './features/trailing.ts';
import { measureConsumer, measureProducer } from './measure.ts';
import { raise } from './raising.ts';

export type Step =
  | { readonly step: 'take'; readonly decision: DecisionRow; readonly action: Action }
  | { readonly step: 'renew'; readonly decision: DecisionRow; readonly action: Action }
  | { readonly step: 'lift'; readonly decision: DecisionRow; readonly action: Action };

/** What the SFU is told of a step. */
export const messageOf = ({ decision, action }: Step, sentAtMs: number): DecisionMessage => ({
  type: 'decision',
  decisionId: decision.decision_id,
  tenantId: decision.tenant_id,
  callId: decision.call_id,
  participantId: decision.participant_id,
  action,
  reason: decision.reason,
  sentAtMs,
  ttlMs: decision.ttl_ms,
});

const renewEveryMs = 4_000;
/** A minor incident may be a passing burst: it gets this long to pass by itself. */
const minorGraceMs = 1_500;
/** The queue of an access link is empty by then, and what is asked for again has gone out of the retransmission buffer. */
const drainMs = 1_500;
/** The queue of an access link is empty by then of what audio alone kept in it. */
const audioDrainMs = 400;
/** Where a link does not hold the others' audio as they send it. Opus is wideband still (RFC 6716, section 2.1.1). */
const lowAudioBps = 16_000;
/** Retransmissions at this part of what is sent are a storm. */
const stormShare = 0.2;
/** Concealment that is heard plainly. */
const audioTorn = 0.05;
/** From the end of its drain on a cap has had its effect by then: no better means that it was not enough. */
const capTakesMs = 4_000;
/** Of a trial: nothing of before is left that could drain. */
const trialTakesMs = 1_500;
const escalateConcealed = 0.1;
const escalateLoss = 0.12;
/**
 * Signs that more is sent than the link holds, each beyond what random loss makes: a queue, retransmissions that are
 * retransmitted, what feedback and both ends' counts say is missing.
 */
/** Of a cap that has taken its effect: audio waits in it as well, and nothing that is lost tells of it. */
const standingQueueMs = 100;
const floodShare = 0.35;
const floodLoss = 0.35;
const floodArrived = 0.6;
/** A queue that lets next to nothing of the video through returns no feedback that would tell of what is missing. */
const blindLoss = 0.1;
const blindArrived = 0.75;
/** The feedback's loss is a mean that lags behind: at the first sign the true one is about so much higher. */
const lossLag = 1.5;
/** Room left for retransmissions, key frames and RTCP. */
const usableShare = 0.9;
/** In a flood, whose first second tells little of how much less the link holds; else at the least. */
const firstTemporalLayer = 1;
/** Over the lowest layers' bitrate, for mediasoup's own margin when it hands the estimate out. */
const floorMargin = 1.3;
/** mediasoup takes no lower bound. */
const lowestFloorBps = 30_000;
/** Part of a layer's bitrate that its temporal layers 0, 0-1, 0-2 take (libvpx VP8, three layers). */
const temporalShare = [0.4, 0.6, 1];
/** Where the SFU has not measured yet: Opus with headers, the lowest of three VP8 layers. */
const assumedAudioBps = 40_000;
const assumedLowestBps = 100_000;
/** Least time that anything stays in force, and between two steps upward. */
const holdMs = 8_000;
/** From audio only to the first trial of a picture; twice as long after each trial that failed. */
const trialMs = 5_000;
const longestTrialMs = 16 * trialMs;
const stepUpMs = 5_000;
/** A trouble back within this after a lift is a relapse of it: at most one reversal a minute. */
const relapseMs = 60_000;
const longestWaitMs = 8 * relapseMs;
/** With a low estimate the wait goes on this long after the incident; then the SFU's own allocation decides. */
const estimateWaitMs = 5_000;
/** As long as the queue that a cap leaves is waited for; by then the round trip may have changed for good. */
const queueWaitMs = 60_000;
const liftSentAgainMs = 3_000;

/**
 * @param incidents the call's open and lately ended incidents
 * @param decisions the call's decisions of the last ten minutes, folded
 */
export function decide(
  features: CallFeatures,
  incidents: readonly IncidentRow[],
  decisions: readonly DecisionRow[],
): Step[] {
  const nowMs = features.atMs;
  const steps: Step[] = [];
  for (const downlink of features.downlinks) {
    const own = decisions.filter((d) => d.participant_id === downlink.participantId);
    const bounding = own.filter((d) => isBound(d.kind) && isInForce(d, nowMs));
    const inForce = bounding.sort((a, b) => b.decided_at - a.decided_at)[0];
    const troubles = incidents.filter(
      (i) =>
        i.kind === 'downlink_congestion' &&
        i.participant_id === downlink.participantId &&
        i.detected_at <= nowMs,
    );
    const open = troubles.find((i) => i.ended_at === null);
    const step = open
      ? whileOpen(downlink, open, inForce, own, features)
      : inForce
        ? whileCleared(downlink, troubles, inForce, own, features)
        : raise(downlink, troubles, own, features);
    if (step) steps.push(step);
  }
  return steps;
}

function whileOpen(
  downlink: DownlinkFeatures,
  incident: IncidentRow,
  inForce: DecisionRow | undefined,
  own: readonly DecisionRow[],
  features: CallFeatures,
): Step | undefined {
  const nowMs = features.atMs;
  if (!inForce) {
    if (incident.severity === 'minor' && nowMs - incident.detected_at < minorGraceMs) return undefined;
    const need = needOf(downlink, features);
    // What is lost whatever is sent comes through no better when less is sent.
    if (need.videos === 0 || !isOverfull(downlink)) return undefined;
    // What audio takes is what the link holds, or more.
    if (downlink.videoDrowned) {
      return take(incident, downlink, own, features, need, undefined, lowAudioBps);
    }
    const temporalLayer = isBlind(downlink)
      ? undefined
      : Math.max(
          firstTemporalLayer,
          fittingTemporalLayer(need, isFlooded(downlink) ? firstTemporalLayer : undefined) ?? 0,
        );
    return take(incident, downlink, own, features, need, temporalLayer);
  }
  // What was heard before the cap took effect says nothing against it.
  const effectiveAt = (inForce.applied_at ?? inForce.sent_at) + boundsOf(inForce).drainMs;
  const took =
    inForce.applied_at !== null && nowMs - effectiveAt >= (isTrial(inForce) ? trialTakesMs : capTakesMs);
  const torn =
    (downlink.clientTimeMs ?? 0) - effectiveAt >= clientShortMs &&
    ((downlink.audioConcealed ?? 0) >= escalateConcealed ||
      (downlink.clientLoss ?? downlink.lossNow ?? 0) >= escalateLoss);
  const usualMs = roundTripBefore(own, incident);
  const overfull = isOverfull(downlink, usualMs);
  const lower = boundsOf(inForce).temporalLayer - 1;
  const stands = lower >= 0 && !isBlind(downlink) && hasQueue(downlink, usualMs, standingQueueMs);
  if (inForce.kind === 'cap_layers' && took && overfull && (torn || isFlooded(downlink) || stands)) {
    const need = needOf(downlink, features);
    const fits = !torn && !isBlind(downlink) && lower >= 0;
    // A queue alone costs delay, not words: no reason to take the picture away.
    const least = isFlooded(downlink) ? undefined : 0;
    const temporalLayer = fits ? (fittingTemporalLayer(need, lower) ?? least) : undefined;
    // The audio stays as it was.
    const { audioMaxBitrateBps } = boundsOf(inForce);
    return take(incident, downlink, own, features, need, temporalLayer, audioMaxBitrateBps);
  }
  const fullOfAudio = inForce.kind === 'audio_only' && boundsOf(inForce).audioMaxBitrateBps === 0;
  // Without video no feedback comes: what it last said of loss and estimate is old.
  if (fullOfAudio && took && (torn || hasQueue(downlink, usualMs))) {
    return take(incident, downlink, own, features, needOf(downlink, features), undefined, lowAudioBps, 0);
  }
  return renewal(inForce, nowMs);
}

function whileCleared(
  downlink: DownlinkFeatures,
  troubles: readonly IncidentRow[],
  inForce: DecisionRow,
  own: readonly DecisionRow[],
  features: CallFeatures,
): Step | undefined {
  const nowMs = features.atMs;
  const liftSentAtMs = bookkeeping(inForce).liftSentAtMs;
  if (liftSentAtMs !== undefined) {
    return nowMs - liftSentAtMs >= liftSentAgainMs ? lift(inForce, nowMs) : undefined;
  }
  const endedAt = Math.max(0, ...troubles.map((i) => i.ended_at ?? 0));
  if (nowMs < mayRiseAt(inForce, own)) return renewal(inForce, nowMs);
  if (inForce.kind === 'audio_only') {
    const incident = troubles.find((i) => i.incident_id === inForce.incident_id) ?? troubles[0];
    return incident ? stepUp(inForce, incident, downlink, own, features) : lift(inForce, nowMs);
  }
  // Low layers that just fit leave a queue: more would be too much.
  const queued = hasQueue(downlink, roundTripBefore(own, inForce));
  if (queued && nowMs - endedAt < queueWaitMs) return renewal(inForce, nowMs);
  const lowEstimate =
    downlink.bweBps !== undefined &&
    downlink.sendBps !== undefined &&
    downlink.bweBps < 1.2 * downlink.sendBps;
  if (lowEstimate && nowMs - endedAt < estimateWaitMs) return renewal(inForce, nowMs);
  return lift(inForce, nowMs);
}

/** The earliest moment for going up, by how the last attempts went. */
function mayRiseAt(inForce: DecisionRow, own: readonly DecisionRow[]): number {
  const earliest = (inForce.applied_at ?? inForce.sent_at) + holdOf(inForce, own);
  const lifts = own
    .filter((d) => d.lifted_at !== null && d.lift_reason === 'recovered' && d.lifted_at <= inForce.decided_at)
    .map((d) => d.lifted_at!)
    .sort((a, b) => b - a);
  const last = lifts[0];
  if (last === undefined || inForce.decided_at - last > relapseMs) return earliest;
  const wait = Math.min(longestWaitMs, relapseMs * 2 ** (lifts.length - 1));
  return Math.max(earliest, last + wait);
}

function holdOf(inForce: DecisionRow, own: readonly DecisionRow[]): number {
  if (inForce.kind === 'cap_layers') return isTrial(inForce) ? stepUpMs : holdMs;
  const trials = own.filter((d) => isTrial(d) && inForce.decided_at - d.decided_at < relapseMs).length;
  return Math.min(longestTrialMs, trialMs * 2 ** trials);
}

function renewal(decision: DecisionRow, nowMs: number): Step | undefined {
  if (nowMs - lastSentAt(decision) < renewEveryMs) return undefined;
  return {
    step: 'renew',
    decision: withBookkeeping(decision, { renewedAtMs: nowMs }),
    action: JSON.parse(decision.params) as Action,
  };
}

const lift = (decision: DecisionRow, nowMs: number): Step => ({
  step: 'lift',
  decision: { ...withBookkeeping(decision, { liftSentAtMs: nowMs }), lift_reason: 'recovered' },
  action: { kind: 'lift' },
});

/** What the receiver's media takes at its least, and what its downlink was seen to carry. */
interface Need {
  readonly videos: number;
  readonly audioBps: number;
  readonly lowestBps: number;
  readonly carriedBps: number | undefined;
}

function needOf(downlink: DownlinkFeatures, features: CallFeatures): Need {
  const paths = features.paths.filter((p) => p.path.link === downlink.link);
  const span = { fromMs: features.atMs - 6_000, toMs: features.atMs };
  let audioBps = 0;
  let lowestBps = 0;
  let videos = 0;
  for (const { path } of paths) {
    if (path.uplink.kind === 'audio') {
      audioBps += measureConsumer(path.sfu, span).bitrateBps ?? assumedAudioBps;
    } else if (path.sfu.at(-1)?.producer_paused !== true) {
      const lowest = path.uplink.layers[0];
      const measured = lowest && measureProducer(lowest.sfu, span).bitrateBps;
      lowestBps += measured && measured > 10_000 ? measured : assumedLowestBps;
      videos += 1;
    }
  }
  return { videos, audioBps, lowestBps, carriedBps: carriedBps(downlink) };
}

/** @param usualMs round trip without a queue */
const isOverfull = (d: DownlinkFeatures, usualMs = d.roundTripBeforeMs): boolean =>
  isFlooded(d) || isBlind(d) || d.videoDrowned === true || hasQueue(d, usualMs);

const isFlooded = (d: DownlinkFeatures): boolean =>
  (d.rtxBps ?? 0) >= floodShare * (d.sendBps ?? Number.POSITIVE_INFINITY) ||
  (d.lossNow ?? 0) >= floodLoss ||
  (d.arrivedOfSent ?? 1) <= floodArrived;

/** Of the seconds that are counted at both ends the feedback must not have told: it may be quiet since, as the loss is over. */
const isBlind = (d: DownlinkFeatures): boolean =>
  (d.lossHighest ?? 0) < blindLoss && (isFlooded(d) || (d.arrivedOfSent ?? 1) <= blindArrived);

/**
 * What came through of what is new, and what came through by both ends' counts, whichever is less. The estimate lags and
 * undershoots after a fall, so it is not taken for capacity.
 */
function carriedBps({ sendBps, rtxBps, lossNow, arrivedOfSent }: DownlinkFeatures): number | undefined {
  if (sendBps === undefined) return undefined;
  const kept = (sendBps - (rtxBps ?? 0)) * (1 - Math.min(1, lossLag * (lossNow ?? 0)));
  return Math.min(kept, sendBps * (arrivedOfSent ?? 1));
}

/** The highest rate, up to that of the layer, at which every lowest layer and all audio fit; undefined: none does. */
function fittingTemporalLayer(need: Need, highest = temporalShare.length - 1): number | undefined {
  if (need.carriedBps === undefined) return Math.min(1, highest);
  const room = need.carriedBps * usableShare - need.audioBps;
  for (let layer = highest; layer >= 0; layer--) {
    if (need.lowestBps * temporalShare[layer]! <= room) return layer;
  }
  return undefined;
}

/** @param temporalLayer undefined: no picture fits */
function take(
  incident: IncidentRow,
  downlink: DownlinkFeatures,
  own: readonly DecisionRow[],
  features: CallFeatures,
  need: Need,
  temporalLayer: number | undefined,
  audioMaxBitrateBps = 0,
  drainAudioMs = audioDrainMs,
): Step {
  const kind: DecisionKind = temporalLayer === undefined ? 'audio_only' : 'cap_layers';
  const storm = (downlink.rtxBps ?? 0) >= stormShare * (downlink.sendBps ?? Number.POSITIVE_INFINITY);
  const torn = (downlink.audioConcealed ?? 0) >= audioTorn;
  const action: Action =
    temporalLayer === undefined
      ? { kind: 'audio_only', audioDrainMs: drainAudioMs, audioMaxBitrateBps }
      : lowestLayer(temporalLayer, storm || torn ? drainMs : 0, audioMaxBitrateBps, need);
  const why =
    audioMaxBitrateBps > 0
      ? `audio alone is more than the link holds: the others send theirs at ${audioMaxBitrateBps / 1000} kbit/s`
      : kind === 'audio_only'
        ? 'the link holds less than the lowest video layers and audio together, or audio stayed torn: audio only'
        : `the lowest layer fits${action.kind === 'cap_layers' && action.drainMs > 0 ? ', after a pause that lets the retransmissions drain' : ''}`;
  return {
    step: 'take',
    action,
    decision: {
      ...blankDecision(kind, incident, own, downlink.link.sfuNodeId, features.atMs),
      params: JSON.stringify(action),
      reason: `${incident.sentence} So ${why}.`.slice(0, 500),
      evidence: JSON.stringify(
        evidenceOf({
          lossRatio: downlink.lossNow,
          estimateBps: downlink.bweBps,
          sentBps: downlink.sendBps,
          retransmittedBps: downlink.rtxBps,
          carriedBps: need.carriedBps,
          audioBps: need.audioBps,
          lowestLayersBps: need.lowestBps,
          audioConcealedRatio: downlink.audioConcealed,
          roundTripBeforeMs: roundTripBefore(own, incident) ?? downlink.roundTripBeforeMs,
        }),
      ),
    },
  };
}

/** The estimate of a link that was overfull collapses, and would keep even what fits from being sent. */
const lowestLayer = (
  temporalLayer: number,
  drainMs: number,
  audioMaxBitrateBps: number,
  { lowestBps }: Need,
): Action => ({
  kind: 'cap_layers',
  spatialLayer: 0,
  temporalLayer,
  drainMs,
  minOutgoingBitrateBps: Math.max(
    lowestFloorBps,
    Math.round(lowestBps * temporalShare[temporalLayer]! * floorMargin),
  ),
  audioMaxBitrateBps,
});

/** From audio only to the lowest picture: a trial that costs little if it fails. */
function stepUp(
  inForce: DecisionRow,
  incident: IncidentRow,
  downlink: DownlinkFeatures,
  own: readonly DecisionRow[],
  features: CallFeatures,
): Step {
  // The audio stays as it is until the picture has stayed.
  const { audioMaxBitrateBps } = boundsOf(inForce);
  const action = lowestLayer(1, 0, audioMaxBitrateBps, needOf(downlink, features));
  return {
    step: 'take',
    action,
    decision: {
      ...blankDecision('cap_layers', incident, own, inForce.sfu_node_id, features.atMs),
      params: JSON.stringify(action),
      reason: 'The downlink has been clean for some seconds: video returns at its lowest layer first.',
      evidence: JSON.stringify(
        evidenceOf({
          lossRatio: downlink.lossNow,
          estimateBps: downlink.bweBps,
          roundTripBeforeMs: roundTripBefore(own, incident),
          steppedUp: true,
        }),
      ),
    },
  };
}

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
import { createHash } from 'node:crypto';
import type { Action, DecisionMessage } from '../telemetry/queues.ts';
import type { DecisionKind, DecisionRow, IncidentRow } from '../telemetry/rows.ts';
import { bookkeeping, isInForce, lastSentAt, withBookkeeping } from './decisions.ts';
import { evidenceOf } from './detectors/detector.ts';
import type { CallFeatures } from './features/call.ts';
import type { DownlinkFeatures } from './features/downlink.ts';
import { measureConsumer, measureProducer } from './measure.ts';

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
  ttlMs: decisionTtlMs,
});

/** The SFU lets go by itself after this; three renewals may be lost. */
const decisionTtlMs = 15_000;
const renewEveryMs = 4_000;
/** A minor incident may be a passing burst: it gets this long to pass by itself. */
const minorGraceMs = 1_500;
/** Long enough for the SFU's retransmission answers to die down (measured: the storm lasts 3.5-7.5 s). */
const drainMs = 3_500;
/** Retransmissions at this part of what is sent are a storm. */
const stormShare = 0.2;
/** Concealment that is heard plainly. */
const audioTorn = 0.05;
/** A cap has had its effect by then, drain included: still torn means it was not enough. */
const capTakesMs = 8_000;
const escalateConcealed = 0.1;
const escalateLoss = 0.12;
/** Room left for retransmissions, key frames and RTCP. */
const usableShare = 0.9;
/** Part of a layer's bitrate that its temporal layers 0, 0-1, 0-2 take (libvpx VP8, three layers). */
const temporalShare = [0.4, 0.6, 1];
/** Where the SFU has not measured yet: Opus with headers, the lowest of three VP8 layers. */
const assumedAudioBps = 40_000;
const assumedLowestBps = 100_000;
/** Least time that anything stays in force, and between two steps upward. */
const holdMs = 8_000;
const stepUpMs = 5_000;
/** A trouble back within this after a lift is a relapse of it: at most one reversal a minute. */
const relapseMs = 60_000;
const longestWaitMs = 8 * relapseMs;
/** With a low estimate the wait goes on this long after the incident; then the SFU's own allocation decides. */
const estimateWaitMs = 5_000;
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
    const inForce = own.filter((d) => isInForce(d, nowMs)).sort((a, b) => b.decided_at - a.decided_at)[0];
    const troubles = incidents.filter(
      (i) =>
        i.kind === 'downlink_congestion' &&
        i.participant_id === downlink.participantId &&
        i.detected_at <= nowMs,
    );
    const open = troubles.find((i) => i.ended_at === null);
    const step = open
      ? whileOpen(downlink, open, inForce, own, features)
      : inForce && whileCleared(downlink, troubles, inForce, own, nowMs);
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
    if (need.videos === 0) return undefined;
    const temporalLayer = fittingTemporalLayer(need);
    return temporalLayer === undefined
      ? take('audio_only', incident, downlink, own, features, need)
      : take('cap_layers', incident, downlink, own, features, need, temporalLayer);
  }
  const since = nowMs - (inForce.applied_at ?? inForce.sent_at);
  const torn =
    (downlink.audioConcealed ?? 0) >= escalateConcealed ||
    (downlink.clientLoss ?? downlink.lossNow ?? 0) >= escalateLoss;
  if (inForce.kind === 'cap_layers' && inForce.applied_at !== null && since >= capTakesMs && torn) {
    return take('audio_only', incident, downlink, own, features, needOf(downlink, features));
  }
  return renewal(inForce, nowMs);
}

function whileCleared(
  downlink: DownlinkFeatures,
  troubles: readonly IncidentRow[],
  inForce: DecisionRow,
  own: readonly DecisionRow[],
  nowMs: number,
): Step | undefined {
  const liftSentAtMs = bookkeeping(inForce).liftSentAtMs;
  if (liftSentAtMs !== undefined) {
    return nowMs - liftSentAtMs >= liftSentAgainMs ? lift(inForce, nowMs) : undefined;
  }
  const endedAt = Math.max(0, ...troubles.map((i) => i.ended_at ?? 0));
  if (nowMs < mayRiseAt(inForce, own)) return renewal(inForce, nowMs);
  if (inForce.kind === 'audio_only') {
    const incident = troubles.find((i) => i.incident_id === inForce.incident_id) ?? troubles[0];
    return incident ? stepUp(inForce, incident, downlink, own, nowMs) : lift(inForce, nowMs);
  }
  const lowEstimate =
    downlink.bweBps !== undefined &&
    downlink.sendBps !== undefined &&
    downlink.bweBps < 1.2 * downlink.sendBps;
  if (lowEstimate && nowMs - endedAt < estimateWaitMs) return renewal(inForce, nowMs);
  return lift(inForce, nowMs);
}

/** The earliest moment for going up, by how the last attempts went. */
function mayRiseAt(inForce: DecisionRow, own: readonly DecisionRow[]): number {
  const hold =
    inForce.kind === 'cap_layers' && inForce.evidence.includes('"steppedUp":true') ? stepUpMs : holdMs;
  const earliest = (inForce.applied_at ?? inForce.sent_at) + hold;
  const lifts = own
    .filter((d) => d.lifted_at !== null && d.lift_reason === 'recovered' && d.lifted_at <= inForce.decided_at)
    .map((d) => d.lifted_at!)
    .sort((a, b) => b - a);
  const last = lifts[0];
  if (last === undefined || inForce.decided_at - last > relapseMs) return earliest;
  const wait = Math.min(longestWaitMs, relapseMs * 2 ** (lifts.length - 1));
  return Math.max(earliest, last + wait);
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
  // What came through: the estimate lags and undershoots after a fall, so it is not taken for capacity.
  const carriedBps =
    downlink.sendBps === undefined ? undefined : downlink.sendBps * (1 - Math.min(1, downlink.lossNow ?? 0));
  return { videos, audioBps, lowestBps, carriedBps };
}

/** The highest rate at which every lowest layer and all audio fit; undefined: none does. */
function fittingTemporalLayer(need: Need): number | undefined {
  if (need.carriedBps === undefined) return 1;
  const room = need.carriedBps * usableShare - need.audioBps;
  for (let layer = temporalShare.length - 1; layer >= 0; layer--) {
    if (need.lowestBps * temporalShare[layer]! <= room) return layer;
  }
  return undefined;
}

function take(
  kind: DecisionKind,
  incident: IncidentRow,
  downlink: DownlinkFeatures,
  own: readonly DecisionRow[],
  features: CallFeatures,
  need: Need,
  temporalLayer = 0,
): Step {
  const storm = (downlink.rtxBps ?? 0) >= stormShare * (downlink.sendBps ?? Number.POSITIVE_INFINITY);
  const torn = (downlink.audioConcealed ?? 0) >= audioTorn;
  const action: Action =
    kind === 'audio_only'
      ? { kind }
      : { kind, spatialLayer: 0, temporalLayer, drainMs: storm || torn ? drainMs : 0 };
  const why =
    kind === 'audio_only'
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
        }),
      ),
    },
  };
}

/** From audio only to the lowest picture: a trial that costs little if it fails. */
function stepUp(
  inForce: DecisionRow,
  incident: IncidentRow,
  downlink: DownlinkFeatures,
  own: readonly DecisionRow[],
  nowMs: number,
): Step {
  const action: Action = { kind: 'cap_layers', spatialLayer: 0, temporalLayer: 1, drainMs: 0 };
  return {
    step: 'take',
    action,
    decision: {
      ...blankDecision('cap_layers', incident, own, inForce.sfu_node_id, nowMs),
      params: JSON.stringify(action),
      reason: 'The downlink has been clean for some seconds: video returns at its lowest layer first.',
      evidence: JSON.stringify(
        evidenceOf({ lossRatio: downlink.lossNow, estimateBps: downlink.bweBps, steppedUp: true }),
      ),
    },
  };
}

function blankDecision(
  kind: DecisionKind,
  incident: IncidentRow,
  own: readonly DecisionRow[],
  sfuNodeId: string,
  nowMs: number,
): DecisionRow {
  const ordinal = own.filter((d) => d.incident_id === incident.incident_id).length;
  const id = createHash('sha256').update(`${incident.incident_id}\n${kind}\n${ordinal}`).digest('hex');
  return {
    tenant_id: incident.tenant_id,
    call_id: incident.call_id,
    decision_id: id.slice(0, 32),
    incident_id: incident.incident_id,
    kind,
    participant_id: incident.participant_id,
    sfu_node_id: sfuNodeId,
    params: '',
    reason: '',
    evidence: '{}',
    confidence: incident.confidence,
    ttl_ms: decisionTtlMs,
    decided_at: nowMs,
    sent_at: nowMs,
    applied_at: null,
    lifted_at: null,
    lift_reason: '',
    outcome: '',
    outcome_evidence: '',
    revision: 1,
  };
}

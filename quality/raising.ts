/**
 * Helping a bandwidth estimate up that sticks below what the link holds.
 *
 * After a fall mediasoup's estimate climbs by some 10 kbit/s a second as long as less is sent than it allows, and it
 * probes for no more than what it thinks is wanted: full pictures come back after 15 s and later, though the link is
 * whole again. Where the receiver itself says that all is well, the SFU is told to try more, in steps that double the
 * rate within a second; if that was too much, the next look takes it back as it takes back anything.
 */
import type { Action } from '../telemetry/queues.ts';
import type { DecisionRow, IncidentRow } from '../telemetry/rows.ts';
import { blankDecision, roundTripBefore } from './decisions.ts';
import { atMost, evidenceOf, notOver } from './detectors/detector.ts';
import type { CallFeatures } from './features/call.ts';
import { type DownlinkFeatures, hasQueue } from './features/downlink.ts';
import { longMs, upTo } from './features/trailing.ts';
import { measureConsumer, measureProducer } from './measure.ts';

/** An estimate that is still low so long after the trouble is what the link holds. */
const afterTroubleMs = 60_000;
/** From one raise to the next; twice as long after each. */
const againMs = 60_000;
const clearLoss = 0.01;
/** Sent of what is wanted, and estimated of it: below, the estimate is what holds it back. */
const heldShare = 0.85;
const roomShare = 1.2;
/** Over what is wanted: mediasoup's own margin, retransmissions, key frames. */
const targetShare = 1.3;
/** Of the message; no browser receives so much. */
const highestBps = 50_000_000;

/**
 * @param troubles the participant's open and lately ended incidents of its downlink
 * @param own the participant's decisions; none of them bounds it now
 */
export function raise(
  downlink: DownlinkFeatures,
  troubles: readonly IncidentRow[],
  own: readonly DecisionRow[],
  features: CallFeatures,
): { readonly step: 'take'; readonly decision: DecisionRow; readonly action: Action } | undefined {
  const nowMs = features.atMs;
  const [last] = troubles.toSorted((a, b) => (b.ended_at ?? 0) - (a.ended_at ?? 0));
  if (!last?.ended_at || nowMs - last.ended_at > afterTroubleMs) return undefined;
  const raisedAtMs = own.filter((d) => d.kind === 'raise_estimate').map((d) => d.decided_at);
  if (raisedAtMs.length > 0 && nowMs < Math.max(...raisedAtMs) + againMs * 2 ** (raisedAtMs.length - 1))
    return undefined;
  const usualMs = roundTripBefore(own, last) ?? downlink.roundTripBeforeMs;
  if (!isClean(downlink, usualMs)) return undefined;
  const { bweBps, sendBps } = downlink;
  const wantedBps = wanted(downlink, features);
  if (wantedBps === undefined || bweBps === undefined || sendBps === undefined) return undefined;
  if (sendBps > heldShare * wantedBps || bweBps > roomShare * wantedBps) return undefined;
  const action: Action = {
    kind: 'raise_estimate',
    fromBps: Math.round(Math.max(bweBps, sendBps)),
    toBps: Math.min(highestBps, Math.round(targetShare * wantedBps)),
  };
  if (action.toBps <= action.fromBps) return undefined;
  const kilobits = (bps: number) => Math.round(bps / 1000);
  return {
    step: 'take',
    action,
    decision: {
      ...blankDecision('raise_estimate', last, own, downlink.link.sfuNodeId, nowMs),
      params: JSON.stringify(action),
      reason:
        `The downlink is clean again, and believed to carry ${kilobits(bweBps)} kbit/s of the ` +
        `${kilobits(wantedBps)} that there are to send: more is tried, step by step.`,
      evidence: JSON.stringify(
        evidenceOf({
          estimateBps: bweBps,
          sentBps: sendBps,
          wantedBps,
          receiverLossRatio: downlink.clientLossLong,
          nackedRatio: downlink.nackedRatioLong,
          roundTripMs: downlink.checkRoundTripMs ?? downlink.roundTripMs,
          roundTripBeforeMs: usualMs,
        }),
      ),
    },
  };
}

/** By the receiver's own word: the SFU's loss is a mean that lags far behind. */
const isClean = (d: DownlinkFeatures, usualMs: number | undefined): boolean =>
  atMost(d.clientLossLong, clearLoss) &&
  notOver(d.nackedRatioLong, clearLoss) &&
  notOver(d.silentMs, 1_500) &&
  usualMs !== undefined &&
  !hasQueue(d, usualMs);

/** Audio, and of each video that is received the layer that the page wishes, or the highest that there is below, bit/s. */
function wanted(downlink: DownlinkFeatures, features: CallFeatures): number | undefined {
  let sum = 0;
  for (const { path } of features.pathsOn(downlink.link)) {
    const newest = path.sfu.at(-1);
    if (!newest || newest.paused || newest.producer_paused) continue;
    const span = upTo(newest.time, longMs);
    if (path.uplink.kind === 'audio') {
      sum += measureConsumer(path.sfu, span).bitrateBps ?? 0;
      continue;
    }
    const highest = newest.preferred_spatial_layer ?? path.uplink.layers.length - 1;
    const rates = path.uplink.layers
      .slice(0, highest + 1)
      .map((layer) => measureProducer(layer.sfu, span).bitrateBps ?? 0);
    sum += Math.max(0, ...rates);
  }
  return sum > 0 ? sum : undefined;
}

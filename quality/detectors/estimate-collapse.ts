/**
 * Has the SFU's idea of what this receiver's link can carry collapsed, so that it sends less than was asked for?
 *
 * The estimate is made of the receiver's feedback, which a busy receiver sends late; so a fall alone is no news. It
 * counts when it stays down and what is sent fell with it: a layer lower than before and than the page asks for.
 */
import type { CallFeatures } from '../features/call.ts';
import type { DownlinkFeatures } from '../features/downlink.ts';
import { fresh, staleSfuMs } from '../features/trailing.ts';
import type { MediaPath } from '../paths.ts';
import { atLeast, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/** The field's collapse: 40-50 % within seconds; its own noise is under a fifth. */
const fallShare = 0.5;
const clearFallShare = 0.25;
/** Two samples and one more: swings of a join and of a key frame are shorter. */
const standsMs = 2_900;
const settledMs = 12_000;

export const estimateCollapse: Detector = {
  name: 'estimate_collapse',
  version: 2,
  question:
    'Has the SFU’s idea of what this receiver’s link can carry collapsed, so that it sends less than was asked for?',
  onset:
    'the estimate down by >= 50 % for >= 3 s (its own noise is under a fifth), 12 s after media began, and a video on a lower layer than before and than its receiver asks for',
  clearing: 'the estimate within 25 % of what it was, or every video on the layer asked for',
  sentence: ({ name, facts, when }) =>
    `What ${name}'s downlink was believed to carry fell from ${kbps(facts.estimateBeforeBps)} to ${kbps(facts.estimateBps)} kbit/s ${when}, so ${name} was sent smaller pictures.`,
  judge: (features) => features.downlinks.map((d) => judgeDownlink(d, features)),
};

const kbps = (bps: number | string | boolean | undefined) => Math.round(Number(bps ?? 0) / 1000);

function judgeDownlink(d: DownlinkFeatures, { atMs, paths }: CallFeatures): Verdict {
  const { participantId, link } = d;
  if (!atLeast(d.bweFall, fallShare) || d.flowingMs < settledMs) {
    const good = d.bweFall !== undefined && d.bweFall <= clearFallShare;
    return calm(good ? 'good' : 'unclear', participantId, link.transportId, atMs);
  }
  const lowMs = lowFor(d, atMs);
  // What does not reach the SFU is on no layer for another reason, and an estimate falls with what there is to send.
  const videos = paths.filter(
    (p) => p.path.link === link && p.path.uplink.kind === 'video' && !p.paused && p.sfuReceiving !== false,
  );
  const lowered = videos.filter((p) => isLowered(p.path, atMs));
  if (lowMs < standsMs || lowered.length === 0) return calm('unclear', participantId, link.transportId, atMs);
  return {
    state: 'bad',
    hop: 'downlink',
    participantId,
    subjectId: link.transportId,
    severity: 'moderate',
    confidence: 0.7,
    sinceMs: (d.sfuTimeMs ?? atMs) - lowMs,
    evidence: evidenceOf({
      estimateBps: d.bweBps,
      estimateBeforeBps: d.bweBeforeBps,
      videosLowered: lowered.length,
      videos: videos.length,
      lossRatio: d.lossNow,
      roundTripMs: d.roundTripMs,
    }),
    affected: [participantId],
  };
}

function lowFor(d: DownlinkFeatures, atMs: number): number {
  const rows = fresh(d.link.sfu, atMs, staleSfuMs);
  const limit = (1 - fallShare) * (d.bweBeforeBps ?? 0);
  const last = rows.findLastIndex(
    (r) => (r.bwe_available_bitrate ?? r.available_outgoing_bitrate ?? 0) > limit,
  );
  return last < 0 ? 0 : rows.at(-1)!.time - rows[last]!.time;
}

function isLowered(path: MediaPath, atMs: number): boolean {
  const rows = fresh(path.sfu, atMs, staleSfuMs);
  const now = rows.at(-1);
  if (now?.current_spatial_layer == null || now.preferred_spatial_layer == null) return false;
  const before = Math.max(...rows.map((r) => r.current_spatial_layer ?? -1));
  return now.current_spatial_layer < before && now.current_spatial_layer < now.preferred_spatial_layer;
}

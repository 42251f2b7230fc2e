/**
 * Does the media server handle everybody's packets late?
 *
 * A worker that does not get its turn delays all that goes through it, in both directions, whoever sends: round trips
 * rise for all at once, and media from all senders arrive (are read) in bursts. One participant's network never does
 * this. The rise is measured against each client's own past in robust deviations (median and MAD), so that noisy links
 * need more; and both witnesses must hold for nearly all of at least three clients.
 */
import { mean } from '../counters.ts';
import type { CallFeatures } from '../features/call.ts';
import type { DownlinkFeatures } from '../features/downlink.ts';
import { median, shortMs } from '../features/trailing.ts';
import { calm, type Detector, evidenceOf, suffered, type Verdict } from './detector.ts';

const leastClients = 3;
const nearlyAll = 0.8;
const deviations = 3;
/** A round trip that noise of a busy test machine does not reach in the mean of a whole call. */
const riseMs = 80;
/** Of what arrives at the SFU from each sender: ten times a quiet link's. */
const burstMs = 30;
const clearRiseMs = 30;
const clearBurstMs = 15;
/** Of 1.4826 MAD: the deviation of a normal distribution. */
const madScale = 1.4826;
/** Round trips are told in whole milliseconds and jump by some on the best of days. */
const leastDeviationMs = 5;

export const sfuCongestion: Detector = {
  name: 'sfu_congestion',
  version: 1,
  question: 'Does the media server handle everybody’s packets late?',
  onset:
    'for >= 80 % of at least 3 clients at once: round trip up by >= 80 ms and >= 3 robust deviations of its own past; and >= 80 % of the senders’ sound arrives with >= 30 ms of jitter over 5 s',
  clearing: 'for most clients a rise <= 30 ms, or jitter of most senders <= 15 ms',
  explains: [
    {
      kinds: [
        ...suffered,
        'uplink_congestion',
        'downlink_congestion',
        'estimate_collapse',
        'fixed_bitrate',
        'sender_cpu_limited',
        'receiver_cpu_limited',
        'track_not_forwarded',
        'video_source_frozen',
        'ice_flapping',
      ],
      of: 'affected',
    },
  ],
  sentence: ({ affected, facts, when }) =>
    `The media server was overloaded ${when}: it handled packets about ${facts.riseMs} ms late, which ${affected} noticed.`,
  judge: judgeNode,
};

function judgeNode(features: CallFeatures): Verdict[] {
  const { atMs, downlinks } = features;
  const rises = downlinks.flatMap((d) =>
    d.roundTripMs === undefined || d.roundTripBeforeMs === undefined
      ? []
      : [{ d, ms: d.roundTripMs - d.roundTripBeforeMs }],
  );
  if (rises.length < leastClients) return [calm('unclear', '', 'sfu', atMs)];
  const risen = rises.filter(({ ms }) => ms >= riseMs);
  const jitters = features
    .sending()
    .filter((s) => s.kind === 'audio' && s.jitterAtSfuMs !== undefined)
    .map((s) => s.jitterAtSfuMs!);
  const bursting = jitters.filter((ms) => ms >= burstMs);
  const late =
    risen.length >= nearlyAll * rises.length &&
    risen.filter(isUnusual(features)).length >= nearlyAll * rises.length;
  const inBursts = jitters.length >= 2 && bursting.length >= nearlyAll * jitters.length;
  if (!(late && inBursts)) {
    const good =
      2 * rises.filter(({ ms }) => ms <= clearRiseMs).length > rises.length &&
      2 * jitters.filter((ms) => ms <= clearBurstMs).length >= jitters.length;
    return [calm(good ? 'good' : 'unclear', '', 'sfu', atMs)];
  }
  const typical = median(risen.map(({ ms }) => ms))!;
  return [
    {
      state: 'bad',
      hop: 'sfu',
      participantId: '',
      subjectId: 'sfu',
      severity: typical >= 3 * riseMs ? 'severe' : 'moderate',
      confidence: 0.85,
      sinceMs: atMs - 3_500,
      evidence: evidenceOf({
        riseMs: Math.round(typical),
        clientsRisen: risen.length,
        clients: rises.length,
        jitterAtSfuMs: mean(jitters),
      }),
      affected: rises.map(({ d }) => d.participantId),
    },
  ];
}

/** Against its own past: median and median deviation of the round trips that the SFU measured before. */
const isUnusual =
  ({ paths }: CallFeatures) =>
  ({ d }: { readonly d: DownlinkFeatures }): boolean => {
    const before = paths
      .filter((p) => p.path.link === d.link)
      .flatMap((p) => p.path.sfu)
      .filter((s) => s.time < (d.sfuTimeMs ?? 0) - shortMs && s.round_trip_time)
      .map((s) => s.round_trip_time!);
    const usual = median(before);
    if (usual === undefined) return false;
    const deviation = Math.max(
      leastDeviationMs,
      madScale * median(before.map((ms) => Math.abs(ms - usual)))!,
    );
    return (d.roundTripMs! - usual) / deviation >= deviations;
  };

/**
 * Does the media server handle everybody's packets late?
 *
 * A worker that does not get its turn delays all that goes through it, in both directions, whoever sends: round trips
 * rise for all at once, and media from all senders arrive (are read) in bursts. One participant's network never does
 * this. The rise is measured against each client's own past in robust deviations (median and MAD), so that noisy links
 * need more; and both witnesses must hold for nearly all of at least three clients.
 *
 * Quicker and surer is the node's own word: how long its worker takes to answer a question that costs nothing. It is
 * asked five times a second; two late samples in a row are no hiccup.
 */
import { mean } from '../counters.ts';
import type { CallFeatures } from '../features/call.ts';
import type { DownlinkFeatures } from '../features/downlink.ts';
import { fresh, median, runCount, runMs, shortMs, staleSfuMs } from '../features/trailing.ts';
import { calm, type Detector, evidenceOf, suffered, type Verdict } from './detector.ts';
import { lateAnswerMs } from './node-late.ts';

const promptAnswerMs = 50;
const lateSamples = 2;
const promptForMs = 2_500;
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
  version: 3,
  question: 'Does the media server handle everybody’s packets late?',
  onset:
    'the node’s worker took >= 150 ms to answer in two samples one after the other (at rest 15 ms); or for >= 80 % of at least 3 clients at once, not all of them over a relay: round trip up by >= 80 ms and >= 3 robust deviations of its own past; and >= 80 % of the senders’ sound arrives with >= 30 ms of jitter over 5 s',
  clearing:
    'answers within 50 ms for 2.5 s where the node tells, and for most clients a rise <= 30 ms, or jitter of most senders <= 15 ms',
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
    `The media server was overloaded ${when}: it handled packets up to ${facts.workerAnswerMs ?? facts.riseMs} ms late, which ${affected} noticed.`,
  judge: judgeNode,
};

function judgeNode(features: CallFeatures): Verdict[] {
  const { atMs, downlinks } = features;
  const answer = workerAnswer(features);
  if (answer && answer.lateSamples >= lateSamples) {
    return [
      {
        state: 'bad',
        hop: 'sfu',
        participantId: '',
        subjectId: 'sfu',
        severity: answer.newestMs >= 3 * lateAnswerMs ? 'severe' : 'moderate',
        confidence: 0.95,
        sinceMs: answer.timeMs - 1_000 * answer.lateSamples,
        evidence: evidenceOf({ workerAnswerMs: answer.newestMs, lateSamples: answer.lateSamples }),
        affected: [...new Set(downlinks.map((d) => d.participantId))],
      },
    ];
  }
  const prompt = answer === undefined || answer.promptMs >= promptForMs;
  const rises = downlinks.flatMap((d) =>
    d.roundTripMs === undefined || d.roundTripBeforeMs === undefined
      ? []
      : [{ d, ms: d.roundTripMs - d.roundTripBeforeMs }],
  );
  if (rises.length < leastClients) return [calm(answer && prompt ? 'good' : 'unclear', '', 'sfu', atMs)];
  const risen = rises.filter(({ ms }) => ms >= riseMs);
  // What only those have who come over a relay may be the relay's.
  const { relayed } = features.relay();
  const allRelayed = risen.every(({ d }) => relayed.has(d.participantId));
  const jitters = features
    .sending()
    .filter((s) => s.kind === 'audio' && s.jitterAtSfuMs !== undefined)
    .map((s) => s.jitterAtSfuMs!);
  const bursting = jitters.filter((ms) => ms >= burstMs);
  const late =
    !allRelayed &&
    risen.length >= nearlyAll * rises.length &&
    risen.filter(isUnusual(features)).length >= nearlyAll * rises.length;
  const inBursts = jitters.length >= 2 && bursting.length >= nearlyAll * jitters.length;
  if (!(late && inBursts)) {
    const good =
      prompt &&
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

/** One worker carries a call: any transport's samples tell of it, the longest known the most. */
function workerAnswer({ downlinks, uplinks, atMs }: CallFeatures) {
  const told = [...downlinks, ...uplinks]
    .map(({ link }) => fresh(link.sfu, atMs, staleSfuMs).filter((s) => s.worker_answer_ms !== null))
    .sort((a, b) => b.length - a.length)[0];
  const newest = told?.at(-1);
  if (!told || !newest) return undefined;
  return {
    timeMs: newest.time,
    newestMs: newest.worker_answer_ms!,
    lateSamples: runCount(told, (s) => s.worker_answer_ms! >= lateAnswerMs),
    promptMs: runMs(told, (s) => s.worker_answer_ms! <= promptAnswerMs),
  };
}

/** Against its own past: median and median deviation of the round trips that the SFU measured before. */
const isUnusual =
  ({ pathsOn }: CallFeatures) =>
  ({ d }: { readonly d: DownlinkFeatures }): boolean => {
    const before = pathsOn(d.link)
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

/**
 * Do this participant's packets take too long for a conversation?
 *
 * Witnesses: the round trip by the SFU's RTCP on the way down, and by the client's (RTCP of what it sends, else its
 * connectivity checks) on the way up: two transports, two clocks. A round trip does not tell in which direction it
 * grew. Delay that comes of a queue belongs to the congestion that fills it, which is judged first.
 */
import { mean } from '../counters.ts';
import type { CallFeatures } from '../features/call.ts';
import type { DownlinkFeatures } from '../features/downlink.ts';
import { clientShortMs, fresh, longMs, staleClientMs } from '../features/trailing.ts';
import { measureConsumer } from '../measure.ts';
import { atLeast, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';

/**
 * With capture, buffers and the other's half of the way, 300 ms between one participant and the SFU is over 300 ms from
 * mouth to ear; G.107 starts to fall steeply at 150 to 200 ms.
 */
const onsetMs = 300;
/** It stands: the mean of 5 s is up as well. A busy machine is late for a second. */
const standingMs = 220;
const clearMs = 200;
const severeMs = 500;

export const highDelay: Detector = {
  name: 'high_delay',
  version: 1,
  question: 'Do this participant’s packets take too long for a conversation?',
  onset:
    'round trip >= 300 ms (over 300 ms from mouth to ear with buffers and the other’s way) both by the SFU’s RTCP and by the client’s, and a mean >= 220 ms over 5 s at the SFU: a busy machine is late for a second only',
  clearing: 'both <= 200 ms',
  aftermathMs: 20_000,
  explains: [{ kinds: ['audio_video_desync'], of: 'own' }],
  sentence: ({ name, facts, when }) =>
    `${name}'s packets took ${facts.roundTripMs} ms to the media server and back ${when}, too long for a conversation.`,
  judge: (features) => features.downlinks.map((d) => judgeParticipant(d, features)),
};

function judgeParticipant(d: DownlinkFeatures, features: CallFeatures): Verdict {
  const { atMs } = features;
  const up = features.uplinks.find((u) => u.participantId === d.participantId);
  const clientMs = up?.roundTripMs ?? pairRoundTripMs(d, atMs);
  const sfuMs = d.roundTripMs;
  const high = atLeast(sfuMs, onsetMs) && atLeast(clientMs, onsetMs);
  if (!high || !atLeast(standing(d, features), standingMs)) {
    const good = sfuMs !== undefined && sfuMs <= clearMs && (clientMs ?? 0) <= clearMs;
    return calm(good ? 'good' : 'unclear', d.participantId, '', atMs);
  }
  return {
    state: 'bad',
    hop: 'far_network',
    participantId: d.participantId,
    subjectId: '',
    severity: Math.min(sfuMs!, clientMs!) >= severeMs ? 'severe' : 'moderate',
    confidence: 0.85,
    sinceMs: atMs - 4_000,
    evidence: evidenceOf({
      roundTripMs: Math.round(sfuMs!),
      clientRoundTripMs: clientMs,
      roundTripBeforeMs: d.roundTripBeforeMs,
      lossRatio: d.lossNow,
    }),
    affected: [d.participantId, ...features.receiversOf(d.participantId)],
  };
}

/** Mean over 5 s at the SFU; asked for only of those who are over the onset already. */
function standing(d: DownlinkFeatures, { paths }: CallFeatures): number | undefined {
  const newest = d.sfuTimeMs ?? 0;
  return mean(
    paths
      .filter((p) => p.path.link === d.link)
      .map((p) => measureConsumer(p.path.sfu, { fromMs: newest - longMs, toMs: newest + 1 }).roundTripMs),
  );
}

function pairRoundTripMs({ link }: DownlinkFeatures, atMs: number): number | undefined {
  const rows = fresh(link.pair, atMs, staleClientMs);
  const newest = rows.at(-1)?.time ?? 0;
  const us = mean(
    rows.filter((r) => r.time > newest - clientShortMs).map((r) => r.current_round_trip_time_us),
  );
  return us === undefined ? undefined : us / 1000;
}

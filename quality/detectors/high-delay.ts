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
import { clientShortMs, fresh, highest, staleClientMs, staleSfuMs } from '../features/trailing.ts';
import { atLeast, calm, type Detector, evidenceOf, type Verdict } from './detector.ts';
import { devicePrompt, settledMs } from './device-late.ts';
import { nodeLate } from './node-late.ts';

/**
 * With capture, buffers and the other's half of the way, 300 ms between one participant and the SFU is over 300 ms from
 * mouth to ear; G.107 starts to fall steeply at 150 to 200 ms.
 */
const onsetMs = 300;
/** It stands: two samples of the SFU say so, one after the other. A busy machine is late for a second. */
const standingForMs = 900;
const clearMs = 200;
const severeMs = 500;

export const highDelay: Detector = {
  name: 'high_delay',
  version: 3,
  question: 'Do this participant’s packets take too long for a conversation?',
  onset:
    'round trip >= 300 ms (over 300 ms from mouth to ear with buffers and the other’s way) in two samples of the SFU one after the other and in the client’s newest, or, once media has flowed for 10 s, while its page’s timers are prompt: a busy machine is late as well, and so is everybody while a call is set up',
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
  const clientMs = up?.roundTripNowMs ?? pairRoundTripMs(d, atMs);
  const sfuMs = standing(d, features);
  // A busy device answers late too; one whose page gets its turn does not.
  const prompt = atLeast(d.flowingMs, settledMs) && devicePrompt(d.participantId, features) && !nodeLate(d);
  if (!(atLeast(sfuMs, onsetMs) && (atLeast(clientMs, onsetMs) || prompt))) {
    const good =
      d.roundTripMs !== undefined &&
      d.roundTripMs <= clearMs &&
      (up?.roundTripMs ?? clientMs ?? 0) <= clearMs;
    return calm(good ? 'good' : 'unclear', d.participantId, '', atMs);
  }
  return {
    state: 'bad',
    hop: 'far_network',
    participantId: d.participantId,
    subjectId: '',
    severity: sfuMs! >= severeMs ? 'severe' : 'moderate',
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

/** The least of the SFU's two newest samples, of the stream whose reports say the most. */
function standing(d: DownlinkFeatures, { pathsOn, atMs }: CallFeatures): number | undefined {
  return highest(
    pathsOn(d.link).map(({ path }) => {
      const rows = fresh(path.sfu, atMs, staleSfuMs);
      const newest = toldUpTo(rows, rows.length - 1);
      const before = toldUpTo(rows, newest - 1);
      if (before < 0 || rows[newest]!.time - rows[before]!.time < standingForMs) return undefined;
      return Math.min(rows[newest]!.round_trip_time!, rows[before]!.round_trip_time!);
    }),
  );
}

/** Where the newest sample up to the given one stands that tells a round trip; below 0: nowhere. */
function toldUpTo(rows: readonly { readonly round_trip_time: number | null }[], from: number): number {
  let at = from;
  while (at >= 0 && rows[at]!.round_trip_time === null) at--;
  return at;
}

function pairRoundTripMs({ link }: DownlinkFeatures, atMs: number): number | undefined {
  const rows = fresh(link.pair, atMs, staleClientMs);
  const newest = rows.at(-1)?.time ?? 0;
  const us = mean(
    rows.filter((r) => r.time > newest - clientShortMs).map((r) => r.current_round_trip_time_us),
  );
  return us === undefined ? undefined : us / 1000;
}

/**
 * Has the media server, or its worker, gone?
 *
 * The node says so itself when a worker dies and its room is closed. When the node dies with it, nobody says anything:
 * its samples end, and all clients lose their path within seconds of one another. Both are asked for: samples alone may
 * be late, and clients alone may share a network.
 */
import { events as names } from '../../telemetry/events.ts';
import type { CallFeatures } from '../features/call.ts';
import { atLeast, calm, type Detector, evidenceOf, suffered, type Verdict } from './detector.ts';

/** Samples come every second and are in the store within another. */
const sfuSilentMs = 4_000;
const clientStalledMs = 1_900;
/** One sample is missing: the newest may be 1.7 s old when all is well. */
const sfuMissedMs = 2_200;
/** Sockets that break one by one are networks'; a node's break together. */
const togetherMs = 3_000;
/** Of the participants whose clients tell. */
const lostShare = 0.8;
/** A rejoin takes a few seconds; after this it is over either way. */
const wordHoldsMs = 30_000;

export const sfuDeath: Detector = {
  name: 'sfu_death',
  version: 2,
  question: 'Has the media server, or its worker, gone?',
  onset:
    'the node says that a worker died under the room; or its samples are >= 2.2 s old (one is missing) and the signaling sockets of >= 2 clients, and >= 80 % of those in the call, broke within 3 s of one another; or no SFU sample for >= 4 s (four sampling intervals) while >= 2 clients, and >= 80 % of all that tell, receive nothing or have lost ICE',
  clearing: 'participants joined again, the SFU’s samples are back, or 30 s after the node’s word',
  explains: [
    {
      kinds: [
        ...suffered,
        'ice_loss',
        'dtls_wave',
        'connection_not_established',
        'ice_flapping',
        'sfu_congestion',
        'relay_degraded',
        'uplink_congestion',
        'downlink_congestion',
        'video_source_frozen',
        'track_not_forwarded',
        'unconsumed_track',
        'telemetry_gap',
        'estimate_collapse',
        'sender_cpu_limited',
        'receiver_cpu_limited',
        'high_delay',
      ],
      of: 'affected',
    },
  ],
  sentence: ({ affected, when }) =>
    `The media server stopped working ${when}, so ${affected} lost the call until they were connected anew.`,
  judge: judgeNode,
};

function judgeNode(features: CallFeatures): Verdict[] {
  const { atMs, events } = features;
  const died = events.filter(
    (e) => e.name === names.participantLeft && e.attributes.reason === 'worker_died',
  );
  const lastDeathMs = died.at(-1)?.time;
  const back =
    lastDeathMs !== undefined &&
    events.some((e) => e.name === names.participantJoined && e.time > lastDeathMs);
  const told = lastDeathMs !== undefined && atMs - lastDeathMs < wordHoldsMs;
  if (told && !(back && atMs - lastDeathMs > 4_000)) {
    const wave = died.filter((e) => lastDeathMs - e.time < 5_000);
    return [
      verdict(wave[0]!.time, [...new Set(wave.map((e) => e.participant_id))], 0.95, {
        nodeSaysWorkerDied: true,
      }),
    ];
  }

  const sfuTimes = features
    .presence()
    .map((p) => p.sfuTimeMs)
    .filter((t) => t !== undefined);
  const newestMs = sfuTimes.length > 0 ? Math.max(...sfuTimes) : undefined;
  const silentMs = newestMs === undefined ? undefined : atMs - newestMs;
  const cut = socketsCut(features);
  if (atLeast(silentMs, sfuMissedMs) && cut.length >= 2 && cut.length >= lostShare * present(features).size) {
    return [
      verdict(
        Math.min(...cut.map((e) => e.time)),
        cut.map((e) => e.participant_id),
        0.9,
        { sfuSilentMs: silentMs, socketsLost: cut.length },
      ),
    ];
  }
  const telling = features.ice.filter((i) => !i.left && i.clientTimeMs !== undefined);
  const lost = telling.filter(
    (i) =>
      atLeast(i.clientStalledMs, clientStalledMs) ||
      i.clientIceState === 'disconnected' ||
      i.clientIceState === 'failed',
  );
  if (atLeast(silentMs, sfuSilentMs) && lost.length >= 2 && lost.length >= lostShare * telling.length) {
    return [
      verdict(
        newestMs!,
        lost.map((i) => i.participantId),
        0.85,
        { sfuSilentMs: silentMs, clientsLost: lost.length, clientsTelling: telling.length },
      ),
    ];
  }
  const good = (silentMs !== undefined && silentMs < 2_500) || (lastDeathMs !== undefined && !told);
  return [calm(good ? 'good' : 'unclear', '', 'sfu', atMs)];
}

/** Who has come and not left, by the SFU's word. */
function present({ events }: CallFeatures): Set<string> {
  const here = new Set<string>();
  for (const e of events) {
    if (e.name === names.participantJoined) here.add(e.participant_id);
    else if (e.name === names.participantLeft) here.delete(e.participant_id);
  }
  return here;
}

/** The first word of each present client that its signaling is lost, of those that came together with the last. */
function socketsCut(features: CallFeatures) {
  const here = present(features);
  const lost = new Map<string, (typeof features.events)[number]>();
  for (const e of features.events) {
    if (e.name !== names.signalingState || !here.has(e.participant_id)) continue;
    if (e.attributes.state === 'connected') lost.delete(e.participant_id);
    else if (!lost.has(e.participant_id)) lost.set(e.participant_id, e);
  }
  const newestMs = Math.max(...[...lost.values()].map((e) => e.time));
  return [...lost.values()].filter(
    (e) => newestMs - e.time <= togetherMs && features.atMs - e.time <= wordHoldsMs,
  );
}

const verdict = (
  sinceMs: number,
  affected: readonly string[],
  confidence: number,
  facts: Record<string, number | boolean | undefined>,
): Verdict => ({
  state: 'bad',
  hop: 'sfu',
  participantId: '',
  subjectId: 'sfu',
  severity: 'severe',
  confidence,
  sinceMs,
  evidence: evidenceOf(facts),
  affected,
});

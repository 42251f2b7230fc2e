/**
 * Has the media server, or its worker, gone?
 *
 * The node says so itself when a worker dies and its room is closed, and another one when it takes the call over from a
 * node that is lost. Where no other takes it, nobody says anything: samples end, and all clients lose their path within
 * seconds of one another. Both are asked for: samples alone may be late, and clients alone may share a network.
 */
import { events as names } from '../../telemetry/events.ts';
import type { CallFeatures } from '../features/call.ts';
import type { EventSample } from '../samples.ts';
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
/** The worker's people are told to have left one by one. */
const waveMs = 5_000;
/** Until somebody who has joined again is heard and seen. */
const settledMs = 4_000;

export const sfuDeath: Detector = {
  name: 'sfu_death',
  version: 4,
  question: 'Has the media server, or its worker, gone?',
  onset:
    'the node says that a worker died under the room; or another node says that it took the call over from one that is lost, or that people of the call left with such a node; or its samples are >= 2.2 s old (one is missing) and the signaling sockets of >= 2 clients, and >= 80 % of those in the call, broke within 3 s of one another; or no SFU sample for >= 4 s (four sampling intervals) while >= 2 clients, and >= 80 % of all that tell, receive nothing or have lost ICE',
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
  sentence: ({ affected, when, facts }) =>
    `The media server${facts.lostNodeId ? ` ${facts.lostNodeId}` : ''} stopped working ${when}, so ${affected} lost the call until they were connected anew.`,
  judge: judgeNode,
};

function judgeNode(features: CallFeatures): Verdict[] {
  const { atMs, events } = features;
  const { here, lost } = followPeople(events);
  const word = lastWord(events, lost);
  const back =
    word !== undefined && events.some((e) => e.name === names.participantJoined && e.time > word.atMs);
  const told = word !== undefined && atMs - word.atMs < wordHoldsMs;
  if (told && !(back && atMs - word.atMs > settledMs)) {
    return [verdict(word.sinceMs, word.affected, 0.95, word.facts)];
  }

  const sfuTimes = features
    .presence()
    .map((p) => p.sfuTimeMs)
    .filter((t) => t !== undefined);
  const newestMs = sfuTimes.length > 0 ? Math.max(...sfuTimes) : undefined;
  const silentMs = newestMs === undefined ? undefined : atMs - newestMs;
  const cut = socketsCut(features, here);
  if (atLeast(silentMs, sfuMissedMs) && cut.length >= 2 && cut.length >= lostShare * here.size) {
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
  const cutOff = telling.filter(
    (i) =>
      atLeast(i.clientStalledMs, clientStalledMs) ||
      i.clientIceState === 'disconnected' ||
      i.clientIceState === 'failed',
  );
  if (atLeast(silentMs, sfuSilentMs) && cutOff.length >= 2 && cutOff.length >= lostShare * telling.length) {
    return [
      verdict(
        newestMs!,
        cutOff.map((i) => i.participantId),
        0.85,
        { sfuSilentMs: silentMs, clientsLost: cutOff.length, clientsTelling: telling.length },
      ),
    ];
  }
  const good = (silentMs !== undefined && silentMs < 2_500) || (word !== undefined && !told);
  return [calm(good ? 'good' : 'unclear', '', 'sfu', atMs)];
}

/** What the media service says of its own end. */
interface Word {
  readonly atMs: number;
  readonly sinceMs: number;
  readonly affected: readonly string[];
  readonly facts: Record<string, string | boolean | undefined>;
}

/** Who has come and not left, by the SFU's word, and whom the last lost node took along. */
function followPeople(events: readonly EventSample[]): { here: Set<string>; lost: Word | undefined } {
  const here = new Set<string>();
  let lost: Word | undefined;
  for (const e of events) {
    if (e.name === names.participantJoined) here.add(e.participant_id);
    else if (e.name === names.participantLeft) here.delete(e.participant_id);
    // Two entrances may tell of the same: the second finds nobody.
    else if (e.name === names.callTakenOver && here.size > 0) {
      const { lost_node_id: lostNodeId, new_node_id: newNodeId } = e.attributes;
      lost = { atMs: e.time, sinceMs: e.time, affected: [...here], facts: { lostNodeId, newNodeId } };
      here.clear();
    }
  }
  return { here, lost };
}

/** Of a worker or of a node, whichever was the last. */
function lastWord(events: readonly EventSample[], lost: Word | undefined): Word | undefined {
  const died = events.filter(
    ({ name, attributes: { reason } }) =>
      name === names.participantLeft && (reason === 'worker_died' || reason === 'node_lost'),
  );
  const last = died.at(-1);
  if (!last || (lost && lost.atMs > last.time)) return lost;
  const atMs = last.time;
  const lostNodeId = last.attributes.lost_node_id;
  const wave = died.filter((e) => atMs - e.time < waveMs);
  return {
    atMs,
    sinceMs: wave[0]!.time,
    affected: [...new Set(wave.map((e) => e.participant_id))],
    facts: lostNodeId ? { lostNodeId } : { nodeSaysWorkerDied: true },
  };
}

/** The first word of each present client that its signaling is lost, of those that came together with the last. */
function socketsCut(features: CallFeatures, here: ReadonlySet<string>) {
  const lost = new Map<string, EventSample>();
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
  facts: Record<string, number | string | boolean | undefined>,
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

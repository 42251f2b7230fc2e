/**
 * The node's own quick hand: where a downlink breaks, the first cap is decided here, on the samples just taken,
 * with the detector and the policy that the pipelines use. It needs neither store nor queue, so it acts within a
 * sample or two, and goes on acting when they are away.
 *
 * It takes one decision an incident and leaves it at that: to keep it alive, to take more, to let go again is the
 * pipelines' business, which see both ends of the path. With them gone the cap ends with its time to live.
 * docs/decisions/reflex.md has the line between the two.
 */
import { downlinkCongestion } from '../../quality/detectors/downlink-congestion.ts';
import { type CallFeatures, callFeatures } from '../../quality/features/call.ts';
import { downlinkFeatures } from '../../quality/features/downlink.ts';
import { feedbackStands } from '../../quality/features/drowned.ts';
import { followIncidents } from '../../quality/incidents.ts';
import { joinPaths, type Link } from '../../quality/paths.ts';
import { decide, messageOf } from '../../quality/policy.ts';
import type { Sample } from '../../quality/samples.ts';
import { events } from '../../telemetry/events.ts';
import type { LoopMode } from '../../telemetry/loop.ts';
import type { DecisionMessage } from '../../telemetry/queues.ts';
import { takenAttributes } from '../../telemetry/reflex.ts';
import type { DecisionRow, IncidentRow } from '../../telemetry/rows.ts';
import type { Room } from '../Room.ts';
import type { Telemetry } from '../telemetry/Telemetry.ts';
import type { RecentSamples } from './RecentSamples.ts';

/** Below the detector's onsets: who is under both needs no closer look. */
const doubtfulLoss = 0.02;
const doubtfulFall = 0.25;
/** Of what is sent. */
const doubtfulResent = 0.02;
/** Where no feedback comes back at all, audio that is asked for again is the first sign: a tenth of two streams. */
const doubtfulUntoldBps = 8_000;
/** A decision that ended by itself, or an incident that has ended, is of no more use after this. */
const rememberedMs = 120_000;

export interface ReflexOptions {
  readonly mode: LoopMode;
  readonly telemetry: Telemetry;
  readonly decisions: {
    take(message: DecisionMessage): void;
    /** Whether a decision for this participant is in force, whoever took it. */
    holds(callId: string, participantId: string): boolean;
  };
  readonly onTaken?: (decision: DecisionRow, incident: IncidentRow) => void;
  /** A fault of ours; the media go on without a reflex. */
  readonly onFault?: (error: unknown) => void;
}

interface Known {
  incidents: IncidentRow[];
  decisions: DecisionRow[];
}

/** What of a room is asked here. */
export type ReflexRoom = Pick<Room, 'callId' | 'identity'> & {
  readonly participants: ReadonlyMap<string, { readonly displayName: string }>;
};

export class Reflex {
  readonly #options: ReflexOptions;
  readonly #known = new WeakMap<ReflexRoom, Known>();

  constructor(options: ReflexOptions) {
    this.#options = options;
  }

  /** After each pass of sampling. Costs next to nothing while every downlink is well. Never throws. */
  judge(room: ReflexRoom, samples: RecentSamples, atMs: number): void {
    if (this.#options.mode === 'off') return;
    try {
      this.#judge(room, samples, atMs);
    } catch (error) {
      this.#options.onFault?.(error);
    }
  }

  #judge(room: ReflexRoom, samples: RecentSamples, atMs: number): void {
    const known = this.#known.get(room);
    const open = known?.incidents.filter((i) => i.ended_at === null).map((i) => i.participant_id) ?? [];
    const doubtful = new Set(open);
    for (const { participantId, samples: link } of samples.downlinks()) {
      if (room.participants.has(participantId) && isDoubtful(link, atMs)) doubtful.add(participantId);
    }
    if (doubtful.size === 0) return;
    this.#look(room, samples, doubtful, atMs);
  }

  #look(room: ReflexRoom, samples: RecentSamples, doubtful: ReadonlySet<string>, atMs: number): void {
    const { tenant_id: tenantId = '' } = room.identity;
    const { callId } = room;
    const known: Known = this.#known.get(room) ?? { incidents: [], decisions: [] };
    this.#known.set(room, known);
    const call = samples.call(tenantId, callId, doubtful);
    const features = callFeatures(joinPaths(call), [], { tenantId, callId, atMs });
    const names = new Map([...room.participants].map(([id, { displayName }]) => [id, displayName]));
    const found = followIncidents(features, known.incidents, names, [downlinkCongestion]);
    const changed = new Set(found.map((i) => i.incident_id));
    known.incidents = [...known.incidents.filter((i) => !changed.has(i.incident_id)), ...found].filter(
      (i) => i.ended_at === null || atMs - i.ended_at < rememberedMs,
    );
    known.decisions = known.decisions.filter((d) => atMs - d.decided_at < rememberedMs);
    this.#act(known, features, doubtful);
  }

  #act(known: Known, features: CallFeatures, doubtful: ReadonlySet<string>): void {
    const { decisions, telemetry, mode, onTaken } = this.#options;
    const { callId, atMs } = features;
    const answered = new Set(known.decisions.map((d) => d.incident_id));
    const free = features.downlinks.filter(
      ({ participantId }) => doubtful.has(participantId) && !decisions.holds(callId, participantId),
    );
    const unanswered = known.incidents.filter((i) => !answered.has(i.incident_id));
    for (const step of decide({ ...features, downlinks: free }, unanswered, [])) {
      const { decision } = step;
      const incident = unanswered.find((i) => i.incident_id === decision.incident_id)!;
      known.decisions.push(decision);
      telemetry.event(
        events.decisionTaken,
        {
          tenant_id: decision.tenant_id,
          call_id: callId,
          participant_id: decision.participant_id,
          sfu_node_id: decision.sfu_node_id,
        },
        { ...takenAttributes({ incident, decision }), decision_id: decision.decision_id, mode },
      );
      if (mode === 'on') decisions.take(messageOf(step, atMs));
      onTaken?.(decision, incident);
    }
  }
}

/** By the transport alone: whether its consumers are worth a look. */
function isDoubtful(samples: readonly Sample<'sfu_transport'>[], atMs: number): boolean {
  const newest = samples.at(-1);
  if (!newest) return false;
  const link: Link = {
    participantId: newest.participant_id,
    transportId: newest.transport_id,
    direction: 'recv',
    sfuNodeId: newest.sfu_node_id,
    sfu: samples,
    pair: [],
    client: [],
  };
  const { lossNow = 0, bweFall = 0, rtxBps = 0, sendBps = 0 } = downlinkFeatures(link, [], atMs);
  return (
    lossNow >= doubtfulLoss ||
    bweFall >= doubtfulFall ||
    (sendBps > 0 && rtxBps >= doubtfulResent * sendBps) ||
    (rtxBps >= doubtfulUntoldBps && feedbackStands(samples))
  );
}

/**
 * From what is known of a call to its page, wherever it comes from: the store or a recording. Pure; the two sources
 * (stored-call.ts, recorded-call.ts) only bring the facts.
 */
import { callVerdict, shortId } from '../../quality/verdict/call-verdict.ts';
import type { BadWindow } from '../../quality/verdict/symptoms.ts';
import { events as names } from '../../telemetry/events.ts';
import type { DecisionRow, IncidentRow, ParticipantSummaryRow } from '../../telemetry/rows.ts';
import type {
  CallEvent,
  CallPage,
  Cell,
  Decision,
  Incident,
  JoinSpan,
  Mean,
  Person,
  Strip,
  Way,
} from '../contract.ts';

export interface PersonFacts {
  readonly participantId: string;
  readonly displayName: string;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  readonly audio: Mean;
  readonly video: Mean;
  readonly badRatio: number | null;
}

/** As the summary of a call has it. */
export const personFacts = (row: ParticipantSummaryRow): PersonFacts => ({
  participantId: row.participant_id,
  displayName: row.display_name,
  firstSeenAt: row.first_seen_at,
  lastSeenAt: row.last_seen_at,
  audio: { mean: row.audio_mos_mean, worstMinute: row.audio_mos_worst_minute },
  video: { mean: row.video_mos_mean, worstMinute: row.video_mos_worst_minute },
  badRatio: row.bad_window_ratio,
});

export interface CallFacts {
  readonly callId: string;
  readonly roomId: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly live: boolean;
  readonly origin: CallPage['origin'];
  readonly notes: readonly string[];
  readonly people: readonly PersonFacts[];
  readonly cells: readonly Cell[];
  readonly strips: { readonly from: number; readonly stepMs: number; readonly rows: readonly Strip[] };
  readonly badWindows: readonly BadWindow[];
  readonly incidents: readonly IncidentRow[];
  readonly decisions: readonly DecisionRow[];
  /** In order of time; those of `pageEventNames` at least. */
  readonly events: readonly CallEvent[];
  readonly spans: readonly JoinSpan[];
  /** What the browser calls itself, where nothing else tells. */
  readonly userAgent?: string;
}

/** What the page needs of the events: marks on strips, ways taken, devices, ratings. */
export const pageEventNames: readonly string[] = [
  names.participantJoined,
  names.participantLeft,
  names.iceState,
  names.icePairChanged,
  names.iceCandidateError,
  names.dtlsState,
  names.connectionState,
  names.signalingState,
  names.mediaError,
  names.deviceChange,
  names.sourceToggled,
  names.visibility,
  names.uplinkProbed,
  names.uplinkThinned,
  names.rating,
  names.workerDied,
  names.signalingRefused,
];

const mostEvents = 4_000;

export function callPage(facts: CallFacts): CallPage {
  const people = facts.people
    .map((person) => personOf(person, facts))
    .toSorted((a, b) => a.joinedAt - b.joinedAt || a.name.localeCompare(b.name));
  const scored = facts.cells.reduce((sum, cell) => sum + cell.scoredMs, 0);
  const whyNot = facts.cells.toSorted((a, b) => b.unscoredMs - a.unscoredMs)[0]?.unclassified ?? '';
  return {
    callId: facts.callId,
    roomId: facts.roomId,
    startedAt: facts.startedAt,
    endedAt: facts.endedAt,
    live: facts.live,
    origin: facts.origin,
    notes: facts.notes,
    verdict: callVerdict({
      from: facts.startedAt,
      to: facts.endedAt,
      live: facts.live,
      names: new Map(people.map((p) => [p.participantId, p.name])),
      participants: people.map((p) => p.participantId),
      joinedAt: new Map(people.map((p) => [p.participantId, p.joinedAt])),
      scoredMs: scored,
      unclassified: whyNot,
      badWindows: facts.badWindows,
      incidents: facts.incidents,
      decisions: facts.decisions,
    }),
    people,
    cells: facts.cells,
    strips: facts.strips,
    incidents: facts.incidents.map(incidentOf).toSorted((a, b) => a.started_at - b.started_at),
    decisions: facts.decisions.map(decisionOf).toSorted((a, b) => a.decided_at - b.decided_at),
    events: facts.events.filter((e) => pageEventNames.includes(e.name)).slice(0, mostEvents),
    spans: facts.spans,
    ratings: facts.events
      .filter((e) => e.name === names.rating && Number.isFinite(Number(e.attributes.rating)))
      .map((e) => ({ participantId: e.participantId, time: e.time, rating: Number(e.attributes.rating) })),
  };
}

function personOf(person: PersonFacts, facts: CallFacts): Person {
  const own = facts.events.filter((e) => e.participantId === person.participantId);
  const joined = own.find((e) => e.name === names.participantJoined);
  const left = own.findLast((e) => e.name === names.participantLeft);
  const told = (...keys: string[]): string => {
    for (const key of keys) {
      const found = own.findLast((e) => e.attributes[key]);
      if (found) return found.attributes[key]!;
    }
    return '';
  };
  const name = told('browser_name', 'user_agent.name');
  const version = told('browser_version', 'user_agent.version');
  const original = told('user_agent.original') || (facts.userAgent ?? '');
  return {
    participantId: person.participantId,
    name: person.displayName || joined?.attributes.display_name || shortId(person.participantId),
    joinedAt: joined?.time ?? person.firstSeenAt,
    leftAt: left && (!joined || left.time > joined.time) ? left.time : null,
    audio: person.audio,
    video: person.video,
    badRatio: person.badRatio,
    browser: name ? `${name} ${version}`.trim() : original.slice(0, 200),
    platform: told('os_name', 'browser.platform', 'os.name'),
    region: told('country', 'geo_country', 'geo.country.iso_code', 'region'),
    networkType: told('network_type'),
    sfuNodeId: told('sfu_node_id', 'service.instance.id'),
    ways: own.filter((e) => e.name === names.icePairChanged).map(wayOf),
  };
}

const wayOf = ({ time, transportId, attributes }: CallEvent): Way => ({
  time,
  transportId,
  localType: attributes.local_type ?? '',
  remoteType: attributes.remote_type ?? '',
  protocol: attributes.protocol ?? '',
  relayProtocol: attributes.relay_protocol ?? '',
});

function incidentOf({ tenant_id: _, call_id: __, revision: ___, evidence, ...rest }: IncidentRow): Incident {
  return { ...rest, evidence: object(evidence) };
}

function decisionOf(row: DecisionRow): Decision {
  const { tenant_id: _, call_id: __, revision: ___, evidence, params, outcome_evidence, ...rest } = row;
  return {
    ...rest,
    evidence: object(evidence),
    params: object(params),
    outcomeEvidence: object(outcome_evidence),
  };
}

function object(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json || '{}');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

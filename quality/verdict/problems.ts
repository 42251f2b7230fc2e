/**
 * From incidents to problems: what a person would call one thing that went wrong. Incidents of one participant (or of
 * the media server) that overlap are one problem, told by the one that explains most.
 */
import type { IncidentRow } from '../../telemetry/rows.ts';
import { suffered } from '../detectors/detector.ts';

export interface Problem {
  /** The one that is told. */
  readonly main: IncidentRow;
  /** All of them, the main one first. */
  readonly incidents: readonly IncidentRow[];
  readonly from: number;
  /** null while it lasts. */
  readonly to: number | null;
  readonly affected: readonly string[];
}

const severityRank = { minor: 0, moderate: 1, severe: 2 } as const;

/** Two that are no further apart are one: effects linger, links relapse. */
const joinMs = 10_000;

/** Told only when there is nothing else to tell of the same time: they say what followed, or that data are missing. */
const effects = new Set<string>([
  ...suffered.filter((kind) => kind !== 'publisher_fault'),
  'estimate_collapse',
  'telemetry_gap',
  'unconsumed_track',
]);

export function problemsOf(incidents: readonly IncidentRow[]): Problem[] {
  const bySubject = Map.groupBy(incidents, (i) => `${i.participant_id}\n${side(i)}`);
  const groups = [...bySubject.values()].flatMap(overlapping);
  return groups.map(problemOf).sort((a, b) => weight(b) - weight(a) || a.from - b.from);
}

/** What a participant sends and what they receive are two things. */
function side(incident: IncidentRow): string {
  switch (incident.hop) {
    case 'sender_device':
    case 'uplink':
      return 'sent';
    case 'sfu':
    case 'relay':
      return incident.hop;
    default:
      return 'received';
  }
}

function overlapping(own: readonly IncidentRow[]): IncidentRow[][] {
  const groups: IncidentRow[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const incident of own.toSorted((a, b) => a.started_at - b.started_at)) {
    const last = groups.at(-1);
    if (last && incident.started_at - end <= joinMs) last.push(incident);
    else groups.push([incident]);
    end = Math.max(end, incident.ended_at ?? Number.POSITIVE_INFINITY);
  }
  return groups;
}

function problemOf(group: readonly IncidentRow[]): Problem {
  // Of two that weigh the same the longer one is told: the time told is that of both.
  const incidents = group.toSorted(
    (a, b) => rank(b) - rank(a) || lengthOf(b) - lengthOf(a) || a.started_at - b.started_at,
  );
  const main = incidents[0]!;
  // Side effects linger longer: the time told is that of incidents like the main one, unless all are open.
  const causes = incidents.filter((i) => effects.has(i.kind) === effects.has(main.kind));
  const ends = causes.map((i) => i.ended_at);
  return {
    main,
    incidents,
    from: Math.min(...causes.map((i) => i.started_at)),
    to: ends.includes(null) ? null : Math.max(...(ends as number[])),
    affected: [...new Set(incidents.flatMap((i) => i.affected))],
  };
}

const lengthOf = (i: IncidentRow): number => (i.ended_at ?? Number.MAX_SAFE_INTEGER) - i.started_at;

const rank = (i: IncidentRow): number =>
  severityRank[i.severity] * 10 +
  (effects.has(i.kind) ? 0 : 5) +
  (i.hop === 'unknown' ? 0 : 2) +
  i.confidence;

/** The worst first: severity, then how many suffered, then how long. */
function weight({ main, affected, from, to }: Problem): number {
  const minutes = to === null ? 1 : Math.min(1, (to - from) / 600_000);
  return severityRank[main.severity] * 100 + Math.min(affected.length, 50) + minutes;
}

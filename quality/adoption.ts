/**
 * Takes up what an SFU found and decided by itself: from then on incident and decision are ours to follow, as if
 * we had found and decided. Pure, and without memory: a decision that is among ours is known already.
 */
import { events as eventNames } from '../telemetry/events.ts';
import { readTaken } from '../telemetry/reflex.ts';
import type { DecisionRow, IncidentRow } from '../telemetry/rows.ts';
import { explainedBy } from './causes.ts';
import type { Evidence } from './detectors/detector.ts';
import { detectors } from './detectors/list.ts';
import type { EventSample } from './samples.ts';

export interface Adopted {
  readonly incidents: IncidentRow[];
  readonly decisions: DecisionRow[];
}

/**
 * @param events of one call
 * @param incidents the call's open and lately ended incidents
 * @param decisions the call's decisions since `sinceMs` at least
 * @returns the rows that are new or changed
 */
export function adopt(
  events: readonly EventSample[],
  incidents: readonly IncidentRow[],
  decisions: readonly DecisionRow[],
  sinceMs: number,
): Adopted {
  const known = new Set(decisions.map((d) => d.decision_id));
  const adopted = { incidents: new Map<string, IncidentRow>(), decisions: [] as DecisionRow[] };
  for (const event of events) {
    if (event.name !== eventNames.decisionTaken || event.time < sinceMs) continue;
    const taken = readTaken(event);
    if (!taken || known.has(taken.decision.decision_id)) continue;
    known.add(taken.decision.decision_id);
    const { incident, changed } = troubleOf(taken.incident, incidents);
    if (changed) adopted.incidents.set(incident.incident_id, incident);
    adopted.decisions.push({ ...taken.decision, incident_id: incident.incident_id });
  }
  return { incidents: [...adopted.incidents.values()], decisions: adopted.decisions };
}

/**
 * Both sides may have found it; it is one incident, found when the first of them did. And it may be an effect of what is
 * known here: an SFU knows its links, not the devices at their ends.
 */
function troubleOf(
  found: IncidentRow,
  incidents: readonly IncidentRow[],
): { incident: IncidentRow; changed: boolean } {
  const ours =
    incidents.find((i) => i.incident_id === found.incident_id) ??
    incidents.find(
      (i) =>
        i.ended_at === null &&
        i.kind === found.kind &&
        i.participant_id === found.participant_id &&
        i.subject_id === found.subject_id,
    );
  if (!ours) {
    const cause = causeOf(found, incidents);
    return cause ? { incident: cause, changed: false } : { incident: found, changed: true };
  }
  if (found.detected_at >= ours.detected_at) return { incident: ours, changed: false };
  const incident = {
    ...ours,
    started_at: Math.min(ours.started_at, found.started_at),
    detected_at: found.detected_at,
    revision: ours.revision + 1,
  };
  return { incident, changed: true };
}

function causeOf(found: IncidentRow, incidents: readonly IncidentRow[]): IncidentRow | undefined {
  const by = detectors.find(({ name }) => name === found.kind);
  if (!by) return undefined;
  const verdict = {
    hop: found.hop,
    participantId: found.participant_id,
    affected: found.affected,
    evidence: JSON.parse(found.evidence) as Evidence,
  };
  return explainedBy(by, verdict, incidents, found.detected_at);
}

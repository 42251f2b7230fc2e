/**
 * What explains what, and how to say it. One cause is one incident: its effects on others are named in it
 * and are not incidents of their own.
 */
import type { IncidentRow } from '../telemetry/rows.ts';
import type { Detector, Evidence, Explains, Verdict } from './detectors/detector.ts';
import { detectors } from './detectors/list.ts';
import type { CallFeatures } from './features/call.ts';

/** Display name by participant id. */
export type Names = ReadonlyMap<string, string>;

/** Effects linger: buffers refill, estimates climb, key frames are awaited. */
const lingerMs = 8_000;

const detectorOf = new Map(detectors.map((detector) => [detector.name, detector]));

/** The incident that already explains this finding, if any; what explains what stands with each detector. */
export function explainedBy(
  found: Detector,
  verdict: Finding,
  incidents: readonly IncidentRow[],
  atMs: number,
): IncidentRow | undefined {
  const stillMs = found.aftermathMs ?? lingerMs;
  return incidents.find((cause) => {
    if (cause.kind === found.name || cause.detected_at > atMs) return false;
    if (cause.ended_at !== null && atMs - cause.ended_at >= stillMs) return false;
    const { explains = [] } = detectorOf.get(cause.kind) ?? {};
    return explains.some(({ kinds, of }) => kinds.includes(found.name) && follows[of](verdict, cause));
  });
}

/** What of a verdict tells whose doing it may be. */
export type Finding = Pick<Verdict, 'hop' | 'participantId' | 'affected' | 'evidence'>;

const follows: Record<Explains['of'], (finding: Finding, cause: IncidentRow) => boolean> = {
  own: (verdict, cause) => verdict.participantId === cause.participant_id,
  received: (verdict, cause) =>
    verdict.hop !== 'sender_device' &&
    verdict.hop !== 'uplink' &&
    verdict.affected.length > 0 &&
    verdict.affected.every((id) => id === cause.participant_id),
  sent: (verdict, cause) =>
    cause.participant_id !== '' &&
    (verdict.evidence.senderId === cause.participant_id || verdict.participantId === cause.participant_id),
  affected: (verdict, cause) =>
    cause.affected.includes(verdict.participantId) ||
    cause.affected.includes(String(verdict.evidence.senderId ?? '')),
};

/** One plain sentence that a support agent can read to a customer. Times are UTC. */
export function sentenceOf(incident: IncidentRow, features: CallFeatures, names: Names): string {
  const name = nameOf(incident.participant_id, names);
  const when =
    incident.ended_at === null
      ? `from ${clock(incident.started_at)}`
      : `from ${clock(incident.started_at)} to ${clock(incident.ended_at)}`;
  const detector = detectorOf.get(incident.kind);
  if (!detector) return `${name}: ${incident.kind.replaceAll('_', ' ')} ${when}.`;
  return detector.sentence({
    incident,
    facts: JSON.parse(incident.evidence) as Evidence,
    name,
    when,
    affected: affectedPhrase(incident, names),
    others: othersPhrase(incident, features),
    nameOf: (id) => nameOf(id, names),
  });
}

/** True only when it was looked at: the others have samples, and none of them is in trouble. */
function othersPhrase(incident: IncidentRow, features: CallFeatures): string {
  const others = features.downlinks.filter((d) => d.participantId !== incident.participant_id);
  if (others.length === 0) return 'nobody else was in the call to compare with';
  const known = others.filter((d) => d.lossNow !== undefined);
  if (known.length === 0) return 'how the others did is not known';
  const bad = known.filter((d) => (d.lossNow ?? 0) >= 0.03 || (d.silentMs ?? 0) >= 2_900);
  return bad.length === 0
    ? 'others in the call were fine'
    : `${bad.length} of ${known.length} others had trouble too`;
}

function affectedPhrase(incident: IncidentRow, names: Names): string {
  const people = incident.affected.map((id) => nameOf(id, names));
  if (people.length === 0) return 'others';
  if (people.length <= 3) return people.join(people.length === 2 ? ' and ' : ', ');
  return `${people.slice(0, 2).join(', ')} and ${people.length - 2} more`;
}

const nameOf = (id: string, names: Names): string => names.get(id) || id || 'somebody';
const clock = (epochMs: number): string => new Date(epochMs).toISOString().slice(11, 19);

/**
 * What explains what, and how to say it. One cause is one incident: its effects on others are named in it
 * and are not incidents of their own.
 */
import type { IncidentRow } from '../telemetry/rows.ts';
import type { Verdict } from './detectors/detector.ts';
import type { CallFeatures } from './features/call.ts';

/** Display name by participant id. */
export type Names = ReadonlyMap<string, string>;

/** Effects linger: buffers refill, estimates climb, key frames are awaited. */
const lingerMs = 8_000;

/**
 * The incident that already explains this finding, if any.
 * - lost network path of a participant: congestion on its links, freezes of what it sends and receives
 * - uplink congestion of a sender: freezes of its video anywhere
 * - downlink congestion of a receiver: freezes it sees, unless the flow stops before the SFU
 */
export function explainedBy(
  kind: string,
  verdict: Verdict,
  incidents: readonly IncidentRow[],
  atMs: number,
): IncidentRow | undefined {
  const holds = (incident: IncidentRow) =>
    incident.detected_at <= atMs && (incident.ended_at === null || atMs - incident.ended_at < lingerMs);
  const senderId = typeof verdict.evidence.senderId === 'string' ? verdict.evidence.senderId : '';
  return incidents.find((cause) => {
    if (!holds(cause) || cause.kind === kind) return false;
    if (cause.kind === 'ice_loss') {
      return (
        cause.participant_id === verdict.participantId ||
        (kind === 'freeze' && cause.participant_id === senderId)
      );
    }
    if (kind !== 'freeze') return false;
    if (cause.kind === 'uplink_congestion') return cause.participant_id === senderId;
    if (cause.kind === 'downlink_congestion') {
      const atReceiver = verdict.hop !== 'sender_device' && verdict.hop !== 'uplink';
      return atReceiver && verdict.affected.every((id) => id === cause.participant_id);
    }
    return false;
  });
}

/** One plain sentence that a support agent can read to a customer. Times are UTC. */
export function sentenceOf(incident: IncidentRow, features: CallFeatures, names: Names): string {
  const facts = JSON.parse(incident.evidence) as Record<string, number | string | boolean>;
  const name = nameOf(incident.participant_id, names);
  const when =
    incident.ended_at === null
      ? `from ${clock(incident.started_at)}`
      : `from ${clock(incident.started_at)} to ${clock(incident.ended_at)}`;
  switch (incident.kind) {
    case 'downlink_congestion':
      return `${name}'s own downlink ${linkTrouble(facts)} ${when}; ${othersPhrase(incident, features)}.`;
    case 'uplink_congestion':
      return `${name}'s uplink ${linkTrouble(facts)} ${when}, so ${affectedPhrase(incident, names)} received ${name} badly.`;
    case 'ice_loss':
      return `${name} had no network path to the media server ${when}; ${othersPhrase(incident, features)}.`;
    case 'freeze': {
      const sender = typeof facts.senderId === 'string' ? nameOf(facts.senderId, names) : 'a participant';
      return `${sender}'s video stood still for ${affectedPhrase(incident, names)} ${when}: ${freezePlace[incident.hop] ?? 'the place is not known'}.`;
    }
    default:
      return `${name}: ${incident.kind.replaceAll('_', ' ')} ${when}.`;
  }
}

const freezePlace: Partial<Record<IncidentRow['hop'], string>> = {
  sender_device: 'the sender’s device made no frames',
  uplink: 'it did not get from the sender to the media server',
  sfu: 'the media server did not pass it on',
  downlink: 'it did not get from the media server to the receiver',
  receiver_device: 'packets arrived but could not be shown',
};

function linkTrouble(facts: Record<string, number | string | boolean>): string {
  const loss = Math.max(
    ...['lossRatio', 'receiverLossRatio', 'reportedLossRatio', 'producerLossRatio'].map((k) =>
      Number(facts[k] ?? 0),
    ),
  );
  const fall =
    facts.estimateBps !== undefined && facts.estimateBeforeBps !== undefined
      ? ` and what it can carry fell from ${kbps(facts.estimateBeforeBps)} to ${kbps(facts.estimateBps)} kbit/s`
      : '';
  const fell = Number(facts.estimateBps ?? 1) < 0.8 * Number(facts.estimateBeforeBps ?? 0);
  if (loss >= 0.01) return `lost ${Math.round(loss * 100)} % of packets${fell ? fall : ''}`;
  return 'carried too little';
}

const kbps = (bps: number | string | boolean) => Math.round(Number(bps) / 1000);

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

/**
 * What the people in a call are told: one level for each participant's media. Of what a participant sends, the
 * best-served receiver counts (if even that is bad, it is the sender's side); of what it receives, the best
 * stream (if even that is bad, it is the receiver's side). The worse of the two is the participant's.
 */
import type { QualityMessage } from '../telemetry/queues.ts';
import type { IncidentRow, MediaKind, StreamScoreRow } from '../telemetry/rows.ts';
import type { CallKey } from './store/samples.ts';

type Level = QualityMessage['participants'][number]['level'];

/**
 * MOS from which media counts as good, and as fair; each scale has its own, as they may not share one.
 * Fullband and wideband: G.107.1/2 put R 80 and R 60 of 100 ("satisfied", "many dissatisfied") at these.
 * Video: our own model, whose best is 4.5; a lowest layer shown large lies near 2.8.
 */
const limits: Record<StreamScoreRow['scale'], { good: number; fair: number }> = {
  narrowband: { good: 4.03, fair: 3.1 },
  wideband: { good: 4.03, fair: 3.1 },
  fullband: { good: 4.03, fair: 3.1 },
  video: { good: 3.5, fair: 2.5 },
};

export function qualityOf(
  call: CallKey,
  scores: readonly StreamScoreRow[],
  openIncidents: readonly IncidentRow[],
): QualityMessage {
  const received = scores.filter((row) => row.point === 'receiver');
  const people = [...new Set(scores.flatMap((row) => [row.sender_id, row.receiver_id]))].filter(
    (id) => id !== '',
  );
  return {
    type: 'quality',
    tenantId: call.tenant_id,
    callId: call.call_id,
    participants: people.slice(0, 1000).map((participantId) => {
      const audio = worseSide(received, participantId, 'audio');
      const video = worseSide(received, participantId, 'video');
      const incident = openIncidents.find((i) => i.participant_id === participantId);
      const level = incident ? incidentLevel(incident) : worst([levelOf(audio), levelOf(video)]);
      return {
        participantId,
        level,
        reason: incident?.sentence.slice(0, 300) ?? reasonFor(audio, video),
        audioMos: audio?.mos ?? null,
        videoMos: video?.mos ?? null,
      };
    }),
  };
}

function worseSide(
  received: readonly StreamScoreRow[],
  participantId: string,
  kind: MediaKind,
): StreamScoreRow | undefined {
  const ofKind = received.filter((row) => row.kind === kind && row.mos !== null);
  const best = (rows: readonly StreamScoreRow[]) => [...rows].sort((a, b) => b.mos! - a.mos!)[0];
  const sides = [
    best(ofKind.filter((row) => row.sender_id === participantId)),
    best(ofKind.filter((row) => row.receiver_id === participantId)),
  ].filter((row) => row !== undefined);
  return sides.sort((a, b) => a.mos! - b.mos!)[0];
}

function levelOf(row: StreamScoreRow | undefined): Level {
  if (!row || row.mos === null) return 'unknown';
  const { good, fair } = limits[row.scale];
  return row.mos >= good ? 'good' : row.mos >= fair ? 'fair' : 'poor';
}

const order: readonly Level[] = ['poor', 'fair', 'good', 'unknown'];
const worst = (levels: readonly Level[]): Level =>
  [...levels].sort((a, b) => order.indexOf(a) - order.indexOf(b))[0] ?? 'unknown';

const incidentLevel = (incident: IncidentRow): Level => (incident.severity === 'minor' ? 'fair' : 'poor');

function reasonFor(audio: StreamScoreRow | undefined, video: StreamScoreRow | undefined): string {
  const said = [
    levelOf(audio) === 'poor' ? 'audio is bad' : levelOf(audio) === 'fair' ? 'audio is impaired' : '',
    levelOf(video) === 'poor' ? 'video is bad' : levelOf(video) === 'fair' ? 'video is impaired' : '',
  ].filter((words) => words !== '');
  return said.length === 0 ? '' : `${said.join(', ')}.`.replace(/^./, (letter) => letter.toUpperCase());
}

/** A verdict for people: connections, scores, issues and the order of events, as plain text. */
import type { ConnectionSummary } from '../../quality/recordings/connections.ts';
import type { IncidentVerdict, Moment, StreamVerdict, Verdict } from '../../quality/recordings/verdict.ts';
import { inline } from './plain.ts';

/** Longer lists are told in full by --json only. */
const longestTimeline = 200;

const formatNames: Record<Verdict['recording']['format'], string> = {
  rtcstats: 'rtcstats dump',
  'webrtc-internals': 'webrtc-internals dump',
  callscope: 'Callscope export',
};

export function verdictText(verdict: Verdict): string {
  return [
    recordingLines(verdict),
    section('Connections', verdict.connections.map(connectionLine), 'none'),
    section(
      `Scores (MOS of ${verdict.recording.windowMs / 1000} s windows; scales are not comparable)`,
      [...verdict.scores].sort(byStream).map(scoreLine),
      `unclassified: ${verdict.unclassified}`,
    ),
    section('Issues', verdict.incidents.flatMap(incidentLines), 'none found'),
    section('Timeline (UTC)', timelineLines(verdict.timeline), 'nothing told'),
  ].join('\n');
}

function section(title: string, lines: readonly string[], otherwise: string): string {
  return `${title}\n${(lines.length > 0 ? lines : [otherwise]).map((line) => `  ${inline(line)}\n`).join('')}`;
}

function recordingLines({ recording, connections }: Verdict): string {
  const { format, userAgent, from, to, samples, warnings } = recording;
  const span =
    from === undefined || to === undefined
      ? 'no times'
      : `${date(from)} to ${clock(to)} UTC (${duration(to - from)})`;
  const lines = [
    `${formatNames[format]}, ${span}`,
    `${count(connections.length, 'connection')}, ${count(samples, 'sample')}${userAgent ? `, ${userAgent}` : ''}`,
    ...warnings.map((warning) => `note: ${warning}`),
  ];
  return `${lines.map((line) => `${inline(line)}\n`).join('')}`;
}

function connectionLine(connection: ConnectionSummary): string {
  const { id, failed, failedAt, lastState, pair, roundTripMs, connectedAt } = connection;
  const state =
    failed && lastState !== 'failed' ? `${lastState}, failed before` : lastState || 'state not told';
  const parts = [
    connection.timeToConnectMs !== undefined && `connected after ${duration(connection.timeToConnectMs)}`,
    failedAt !== undefined &&
      (connectedAt === undefined
        ? `never connected, failed at ${clock(failedAt)}`
        : `failed at ${clock(failedAt)}, ${duration(failedAt - connectedAt)} after connecting`),
    connection.reconnects > 0 &&
      `came back ${count(connection.reconnects, 'time')} (after ${connection.interruptionsMs.map(duration).join(', ')})`,
    connection.iceRestarts > 0 && count(connection.iceRestarts, 'ICE restart'),
    connection.failures.length > 0 && `${count(connection.failures.length, 'failed call')}`,
    pair && `${pair.localType || '?'} to ${pair.remoteType || '?'} over ${pair.protocol || '?'}`,
    pair && (pair.relayed ? `relay${pair.relayProtocol ? ` over ${pair.relayProtocol}` : ''}` : 'no relay'),
    roundTripMs && `round trip ${Math.round(roundTripMs.mean)} ms`,
    connection.peerToPeer === true && 'peer to peer',
  ].filter((part) => typeof part === 'string');
  return `${id}  ${state}${parts.length > 0 ? `: ${parts.join('; ')}` : ''}`;
}

const byStream = (a: StreamVerdict, b: StreamVerdict): number =>
  a.kind.localeCompare(b.kind) || a.point.localeCompare(b.point) || a.producerId.localeCompare(b.producerId);

function scoreLine(stream: StreamVerdict): string {
  const name = `${stream.kind} ${pointNames[stream.point]} ${stream.consumerId || stream.producerId}`;
  const source = stream.source === 'screen' ? ' (screen)' : '';
  if (stream.summaries.length === 0) return `${name}${source}: unclassified: ${stream.unclassified}`;
  const parts = stream.summaries.map(
    (s) =>
      `${s.mean.toFixed(2)} ${s.scale}, worst minute ${s.worstMinute.toFixed(2)} from ${clock(s.worstMinuteStartMs)}, ` +
      `bad ${Math.round(100 * s.badRatio)} % of ${duration(s.scoredMs)}`,
  );
  const rest =
    stream.unclassifiedMs > 0
      ? `; ${duration(stream.unclassifiedMs)} unclassified: ${stream.unclassified}`
      : '';
  return `${name}${source}: ${parts.join('; ')}; confidence ${stream.confidence.toFixed(2)}${rest}`;
}

const pointNames: Record<StreamVerdict['point'], string> = {
  sender: 'sent as',
  sfu_in: 'at the SFU',
  sfu_out: 'from the SFU as',
  receiver: 'received as',
};

function incidentLines(incident: IncidentVerdict): string[] {
  const evidence = Object.entries(incident.evidence).map(([name, value]) => `${name} ${String(value)}`);
  return [
    `${clock(incident.started_at)}  ${incident.severity} ${incident.kind.replaceAll('_', ' ')}${incident.subject_id ? ` (${incident.subject_id})` : ''}, lost at: ` +
      `${incident.hop.replaceAll('_', ' ')}, confidence ${incident.confidence.toFixed(2)}`,
    `          ${incident.sentence}`,
    `          ${evidence.join(', ')}`,
  ];
}

function timelineLines(moments: readonly Moment[]): string[] {
  const lines = moments.slice(0, longestTimeline).map(({ time, what }) => `${clock(time)}  ${what}`);
  const more = moments.length - lines.length;
  return more > 0 ? [...lines, `${more} more, with --json`] : lines;
}

const clock = (epochMs: number): string => new Date(epochMs).toISOString().slice(11, 19);
const date = (epochMs: number): string => new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ');
const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

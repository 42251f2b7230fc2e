/** What the terminal shows while the call runs, as a pure function: state in, lines out. */
import { events } from '../../telemetry/events.ts';
import { describeFault, type Marks } from './marks.ts';
import type { CallRecords, Score } from './records.ts';
import { bitrateText, clock, columns, fit, mosText, wrap } from './table.ts';
import { layerName, type TimelineEntry, type TimelineKind } from './timeline.ts';

export type Tone = 'plain' | 'title' | 'dim' | 'good' | 'warn' | 'bad';

/** A line has one tone; the screen turns it into colour where there is any. */
export interface Line {
  text: string;
  tone: Tone;
}

/** What one participant gets, as of the last windows and samples. */
export interface Standing {
  name: string;
  isTarget: boolean;
  audioMos: number | null;
  videoMos: number | null;
  /** Cameras that the SFU forwards to this participant. */
  receives: { from: string; layer: string; bitrateBps: number | null }[];
  /** Open incidents, in the service's own words; empty when all is well. */
  trouble: string[];
  /** What is in force for this participant; empty when nothing is. */
  decision: string;
}

export interface LiveState {
  nowMs: number;
  startMs: number;
  marks: Marks;
  standings: Standing[];
  timeline: TimelineEntry[];
  /** Where a person may join. */
  joinAddress: string;
  /** When the fault comes and goes and the report is due, epoch ms. */
  plan: { faultOnMs: number; faultOffMs: number; endMs: number };
}

/** MOS 3.6 and 3.1: below them the E-model speaks of some and of many users dissatisfied (R 70 and 60). */
const fairBelow = 3.6;
const poorBelow = 3.1;

export function liveView(state: LiveState, width: number, height: number): Line[] {
  const lines: Line[] = [
    {
      text: `Callscope demo  ${clock(state.nowMs - state.startMs)}  ${stage(state)}`,
      tone: stageTone(state),
    },
    plain(''),
    ...standingLines(state.standings, width),
    plain(''),
  ];
  const footer: Line[] = [
    plain(''),
    ...wrap(`Join too: ${state.joinAddress}`, Number.MAX_SAFE_INTEGER).map((text) => dim(text)),
  ];
  const happened = state.timeline.flatMap((entry) => eventLines(entry, state.startMs, width));
  const room = Math.max(3, height - lines.length - footer.length - 1);
  return [
    ...lines.map((line) => ({ ...line, text: fit(line.text, width) })),
    ...happened.slice(-room),
    // The address is never cut: a part of it is of no use.
    ...footer,
  ];
}

/** One line per participant, for logs. */
export function standingText({ name, audioMos, videoMos, receives, trouble, decision }: Standing): string {
  const layers = receives.map(({ from, layer }) => `${from} ${layer}`).join(', ') || 'nothing';
  const what = [...trouble, decision].filter(Boolean).join('; ');
  return `${name}: audio ${mosText(audioMos)}, video ${mosText(videoMos)}, receives ${layers}${what ? ` - ${what}` : ''}`;
}

export function eventText(entry: TimelineEntry, startMs: number): string {
  const who = entry.subject ? `${entry.subject}: ` : '';
  return `${clock(entry.atMs - startMs, true)}  ${eventNames[entry.kind].padEnd(9)} ${who}${entry.text}`;
}

const eventNames: Record<TimelineKind, string> = {
  joined: 'joined',
  ready: 'ready',
  fault_on: 'FAULT ON',
  fault_off: 'FAULT OFF',
  incident_detected: 'detected',
  incident_ended: 'over',
  decision_sent: 'decided',
  decision_applied: 'applied',
  decision_refused: 'refused',
  decision_lifted: 'lifted',
  layers_changed: 'layer',
  left: 'left',
};

const eventTones: Partial<Record<TimelineKind, Tone>> = {
  ready: 'good',
  fault_on: 'bad',
  fault_off: 'good',
  incident_detected: 'bad',
  incident_ended: 'good',
  decision_sent: 'warn',
  decision_applied: 'warn',
  decision_refused: 'bad',
  decision_lifted: 'good',
  layers_changed: 'dim',
};

/** Lowest first line after the clock; the words stand under one another. */
function eventLines(entry: TimelineEntry, startMs: number, width: number): Line[] {
  const tone = eventTones[entry.kind] ?? 'plain';
  return wrap(eventText(entry, startMs), width, width < 60 ? 2 : 18).map((text) => ({ text, tone }));
}

function standingLines(standings: Standing[], width: number): Line[] {
  const narrow = width < 72;
  const head = ['', 'audio', 'video', narrow ? 'is sent' : 'is sent (layer and bit rate of each camera)'];
  const rows = standings.map(({ name, isTarget, audioMos, videoMos, receives }) => [
    `${isTarget ? '>' : ' '} ${name}`,
    mosText(audioMos),
    mosText(videoMos),
    receives
      .map(({ from, layer, bitrateBps }) =>
        narrow
          ? `${from} ${layer}`
          : `${from} ${layer}${layer === 'none' ? '' : ` ${bitrateText(bitrateBps)}`}`,
      )
      .join(narrow ? ', ' : '   '),
  ]);
  const [header, ...texts] = columns([head, ...rows]);
  const lines: Line[] = [dim(header ?? '')];
  for (const [i, standing] of standings.entries()) {
    lines.push({ text: texts[i] ?? '', tone: standingTone(standing) });
    for (const trouble of standing.trouble) {
      lines.push(...wrap(`    ${trouble}`, width, 4).map((text): Line => ({ text, tone: 'bad' })));
    }
    if (standing.decision) lines.push({ text: `    in force: ${standing.decision}`, tone: 'warn' });
  }
  return lines;
}

function standingTone({ audioMos, videoMos, trouble }: Standing): Tone {
  const worst = Math.min(audioMos ?? 5, videoMos ?? 5);
  if (worst < poorBelow) return 'bad';
  if (worst < fairBelow || trouble.length > 0) return 'warn';
  return audioMos === null && videoMos === null ? 'plain' : 'good';
}

function stage({ nowMs, marks, plan }: LiveState): string {
  const left = (untilMs: number) => `${Math.max(0, Math.ceil((untilMs - nowMs) / 1000))} s`;
  const { name } = marks.target;
  if (marks.endMs !== null) return 'the call goes on';
  if (marks.faultOnMs === null) return `all well; ${name}'s downlink goes bad in ${left(plan.faultOnMs)}`;
  if (marks.faultOffMs === null) {
    return `FAULT: ${name}'s downlink at ${describeFault(marks.fault)}, ${left(plan.faultOffMs)} to go`;
  }
  return `recovering; report in ${left(plan.endMs)}`;
}

const stageTone = ({ marks }: LiveState): Tone =>
  marks.faultOnMs !== null && marks.faultOffMs === null ? 'bad' : 'title';

const plain = (text: string): Line => ({ text, tone: 'plain' });
const dim = (text: string): Line => ({ text, tone: 'dim' });

/** How each participant fares now. Those who joined beside the demo's own are shown as well. */
export function standingsOf(marks: Marks, records: CallRecords): Standing[] {
  const names = new Map(marks.participants.map(({ participantId, name }) => [participantId, name]));
  for (const { name, participant_id, attributes } of records.events) {
    if (name === events.participantJoined && !names.has(participant_id)) {
      names.set(participant_id, attributes.display_name || participant_id);
    }
    if (name === events.participantLeft) names.delete(participant_id);
  }
  return [...names].map(([participantId, name]) => {
    const inForce = records.decisions.filter(
      (decision) => decision.participant_id === participantId && decision.lifted_at === null,
    );
    return {
      name,
      isTarget: participantId === marks.target.participantId,
      audioMos: latestMos(records.scores, participantId, 'audio'),
      videoMos: latestMos(records.scores, participantId, 'video'),
      receives: records.forwarding
        .filter(({ receiver_id, kind }) => receiver_id === participantId && kind === 'video')
        .map(({ sender_id, paused, spatial_layer, bitrate_bps }) => ({
          from: names.get(sender_id) ?? sender_id,
          layer: paused ? 'none' : layerName(spatial_layer),
          bitrateBps: bitrate_bps,
        })),
      trouble: records.incidents
        .filter((incident) => incident.participant_id === participantId && incident.ended_at === null)
        .map(({ sentence }) => sentence),
      decision: inForce.at(-1)?.reason ?? '',
    };
  });
}

/** Mean over the streams of the newest window that has a score. */
function latestMos(scores: Score[], participantId: string, kind: Score['kind']): number | null {
  const own = scores.filter(
    (row) => row.point === 'receiver' && row.receiver_id === participantId && row.kind === kind,
  );
  const newest = Math.max(...own.filter(({ mos }) => mos !== null).map(({ window_start }) => window_start));
  const values = own.flatMap(({ window_start, mos }) =>
    window_start === newest && mos !== null ? [mos] : [],
  );
  return values.length > 0 ? values.reduce((sum, mos) => sum + mos, 0) / values.length : null;
}

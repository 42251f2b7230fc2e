/** The report for people, as lines of a terminal. */

import { phases, type Report } from './report.ts';
import { bitrateText, clock, columns, fit, mosText, percentText, wrap } from './table.ts';
import { actionLimitMs } from './verdict.ts';
import type { Line, Tone } from './view.ts';

/** @param width of the terminal in characters */
export function reportText(report: Report, width: number): Line[] {
  // A title too is cut where the terminal is narrow.
  const section = (title: string, lines: Line[]): Line[] =>
    lines.length > 0 ? [line(''), line(fit(title, width), 'title'), ...lines] : [];
  return [
    ...section('What happened', timelineLines(report, width)),
    ...section('Opinion score (MOS) of what each heard and saw', mosLines(report, width)),
    ...section(`Where it was lost: the way to ${report.fault.targetName}`, pathLines(report, width)),
    ...section('What the service found', incidentLines(report, width)),
    ...section('What it did', decisionLines(report, width)),
    ...section('The loop', loopLines(report)),
    line(''),
    ...verdictLines(report, width),
  ];
}

const line = (text: string, tone: Tone = 'plain'): Line => ({ text, tone });

function timelineLines({ timeline }: Report, width: number): Line[] {
  return timeline.flatMap(({ tMs, kind, subject, text }) => {
    const tone: Tone = kind.startsWith('fault') ? 'bad' : kind === 'layers_changed' ? 'dim' : 'plain';
    const whole = `  ${clock(tMs, true).padStart(6)}  ${kind.padEnd(18)} ${subject ? `${subject}: ` : ''}${text}`;
    return wrapped(whole, width, 29).map((part) => line(part, tone));
  });
}

function mosLines({ participants }: Report, width: number): Line[] {
  const head = ['', '', 'scale', ...phases, 'worst', 'confidence'];
  const rows = participants.flatMap((participant) =>
    (['audio', 'video'] as const).map((kind) => [
      kind === 'audio' ? `  ${participant.name}` : '',
      kind,
      participant.mos[kind].scale ?? '–',
      ...phases.map((phase) => mosText(participant[phase][kind].score)),
      mosText(participant.mos[kind].worst),
      participant.mos[kind].confidence?.toFixed(2) ?? '–',
    ]),
  );
  return columns([head, ...rows]).map((text, i) => line(fit(text, width), i === 0 ? 'dim' : 'plain'));
}

const pointNames = {
  sender: 'sender sends',
  sfu_in: 'SFU receives',
  sfu_out: 'SFU sends on',
  receiver: 'receiver gets',
};

function pathLines({ path, fault, network }: Report, width: number): Line[] {
  const head = ['  before → during', '', 'loss', 'bit rate', 'MOS'];
  const rows = path.map(({ point, kind, phases: { before, during } }) => [
    `  ${pointNames[point]}`,
    kind,
    `${percentText(before.lossRatio)} → ${percentText(during.lossRatio)}`,
    `${bitrateText(before.bitrateBps)} → ${bitrateText(during.bitrateBps)}`,
    `${mosText(before.mos)} → ${mosText(during.mos)}`,
  ]);
  const table = columns([head, ...rows]).map((text, i) => line(fit(text, width), i === 0 ? 'dim' : 'plain'));
  const truth = network.find(({ participant }) => participant === fault.target)?.counters;
  if (!truth) return table;
  const down = truth.down;
  const lost = Object.values(down.dropped).reduce((sum, count) => sum + count, 0);
  const said =
    `  In truth the line dropped ${lost} of ${down.packetsIn} packets down (${down.dropped.loss} at random, ` +
    `${down.dropped.queue_full} by a full queue) and ${sum(truth.up.dropped)} of ${truth.up.packetsIn} up while the fault lasted.`;
  return [...table, ...wrapped(said, width, 2).map((text) => line(text, 'dim'))];
}

const sum = (counts: Record<string, number>) =>
  Object.values(counts).reduce((total, count) => total + count, 0);

function incidentLines({ incidents }: Report, width: number): Line[] {
  if (incidents.length === 0) return [line('  nothing')];
  return incidents.flatMap((incident) => {
    const end = incident.endMs === null ? 'still open' : `until ${clock(incident.endMs, true)}`;
    const head =
      `  ${incident.kind} at hop ${incident.hop}, ${incident.participantName}: from ${clock(incident.startMs, true)}, ` +
      `detected ${clock(incident.detectedMs, true)}, ${end}; ${incident.severity}, confidence ${incident.confidence.toFixed(2)}`;
    return [
      ...wrapped(head, width, 4).map((text) => line(text)),
      ...wrapped(`    ${incident.sentence}`, width, 4).map((text) => line(text)),
      ...wrapped(`    ${evidenceText(incident.evidence)}`, width, 4).map((text) => line(text, 'dim')),
    ];
  });
}

function decisionLines({ decisions }: Report, width: number): Line[] {
  if (decisions.length === 0) return [line('  nothing')];
  return decisions.flatMap((decision) => {
    const at = (ms: number | null) => (ms === null ? 'never' : clock(ms, true));
    const params = evidenceText(decision.params);
    const head =
      `  ${decision.kind}${params ? ` (${params})` : ''} for ${decision.targetName}: sent ${at(decision.sentMs)}, ` +
      `applied ${at(decision.appliedMs)}, lifted ${at(decision.liftedMs)}` +
      (decision.liftReason ? ` (${decision.liftReason})` : '') +
      (decision.outcome ? `; outcome: ${decision.outcome}` : '');
    return [
      ...wrapped(head, width, 4).map((text) => line(text)),
      ...wrapped(`    ${decision.reason}`, width, 4).map((text) => line(text, 'dim')),
    ];
  });
}

/** `lossRatio 0.052, roundTripMs 312`; what the line says already is left out. */
function evidenceText(evidence: Record<string, unknown>): string {
  return Object.entries(evidence)
    .filter(([name]) => name !== 'kind')
    .map(
      ([name, value]) => `${name} ${typeof value === 'number' ? numberText(value) : JSON.stringify(value)}`,
    )
    .join(', ');
}

/** Three digits, but whole numbers whole: they count things or name a time. */
const numberText = (value: number) => String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));

function loopLines({ loop }: Report): Line[] {
  const text = (ms: number | null) => (ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`);
  return [
    line(`  fault to detection        ${text(loop.faultToDetectionMs)}`),
    line(`  fault to action           ${text(loop.faultToActionMs)}  (limit ${actionLimitMs / 1000} s)`),
    line(`  end of fault to release   ${text(loop.faultEndToLiftMs)}`),
  ];
}

function verdictLines({ passed, failures, seed }: Report, width: number): Line[] {
  if (passed) return [line(`The loop closed. (seed ${seed})`, 'good')];
  return [
    line(`The loop did not close: (seed ${seed})`, 'bad'),
    ...failures.flatMap((failure) => wrapped(`  - ${failure}`, width, 4).map((text) => line(text, 'bad'))),
  ];
}

/** `wrap` that keeps the spaces a line starts with. */
function wrapped(text: string, width: number, indent: number): string[] {
  const lead = /^ */.exec(text)![0];
  return wrap(text.slice(lead.length), width - lead.length, Math.max(0, indent - lead.length)).map(
    (part) => lead + part,
  );
}

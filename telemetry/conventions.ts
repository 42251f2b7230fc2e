/**
 * Writes docs/conventions.md from the vocabulary, so that the page cannot differ from what is sent and stored.
 *
 *   node telemetry/conventions.ts          writes the page
 */
import { writeFileSync } from 'node:fs';
import { events, metrics, spans } from './events.ts';
import { attributeName, identityColumns, resourceAttributes } from './identity.ts';
import { clientStats, type Member, type MemberType, type StatsKind, sfuStats } from './stats.ts';

const storedAs: Record<MemberType, string> = {
  count: 'UInt64, nullable',
  signed: 'Int64, nullable',
  seconds: 'UInt64, nullable, microseconds',
  gauge: 'Float64, nullable',
  flag: 'Bool, nullable',
  word: 'LowCardinality(String)',
  id: 'String',
};

const row = (...cells: string[]) => `| ${cells.join(' | ')} |`;
const code = (text: string) => `\`${text}\``;

function memberTable(members: readonly Member[]): string[] {
  return [
    row('attribute', 'from', 'column type'),
    row('---', '---', '---'),
    ...members.map((m) => row(code(attributeName(m.column)), code(m.member), storedAs[m.type])),
  ];
}

function kindSection(title: string, kind: StatsKind): string[] {
  return [
    `### ${title}`,
    '',
    `Event ${code(kind.event)}, table ${code(kind.table)}.`,
    '',
    ...memberTable(kind.members),
    '',
  ];
}

const nameList = (names: Record<string, string>) => [...Object.values(names).map((n) => `- ${code(n)}`), ''];

/** The whole page, as Markdown. */
export function conventionsPage(): string {
  const lines = [
    '# RTC semantic conventions',
    '',
    'What Callscope sends and stores, by name. Written by `npm run conventions` from `telemetry/`; do not edit.',
    '',
    'Samples and state changes are OTLP log records with an event name, joins are traces, process health is',
    'metrics. Attributes are `rtc.` + column name. Counters travel as counters. W3C times in seconds travel as',
    'whole microseconds (`_us`).',
    '',
    '## Identity',
    '',
    'On the resource where they hold for everything a sender writes, else on the record; columns of every raw table.',
    '',
    ...identityColumns.map((column) => `- ${code(attributeName(column))}`),
    '',
    'On the resource only:',
    '',
    ...nameList(resourceAttributes),
    '## Client statistics (W3C webrtc-stats)',
    '',
    ...Object.entries(clientStats)
      .filter(([type]) => type !== 'remote-candidate')
      .flatMap(([type, kind]) => kindSection(code(type), kind)),
    'Local and remote candidates share one kind; `rtc.is_remote` tells them apart.',
    '',
    '## SFU statistics (mediasoup)',
    '',
    ...Object.entries(sfuStats).flatMap(([name, kind]) => kindSection(`SFU ${name}`, kind)),
    '## Events',
    '',
    ...nameList(events),
    '## Spans',
    '',
    ...nameList(spans),
    '## Metrics',
    '',
    ...nameList(metrics),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

if (import.meta.main) {
  writeFileSync(new URL('../docs/conventions.md', import.meta.url), conventionsPage());
}

/** The scoreboard: scores with all that is needed to judge them, as an object for JSON and as a page. */
import { families } from './families/list.ts';
import { crowdedAt, isCrowded, type RunRow } from './row.ts';
import { type DetectorScore, type FamilyScore, type Scores, score } from './score.ts';
import { judgeRun } from './verdicts.ts';

export interface Scoreboard extends Scores {
  /** Of the last run, ISO 8601; empty without any. */
  date: string;
  loop: string;
  /** Every set of versions and machine that runs were made with. */
  madeWith: Record<string, string>[];
  /** `name@version` of every detector that said something. */
  detectors: string[];
  load: { median: number | null; highest: number | null };
  notRun: string[];
  /** Runs that are left out of everything here, by their load alone (`isCrowded`). */
  crowded: number;
  /** Each run, short: enough to see what was counted as what. */
  runs: {
    family: string;
    severity: string;
    seed: number;
    load: RunRow['load'];
    mos: RunRow['mos'];
    missed: string[];
    found: { kind: string; hop: string; seat: number | null; detectedMs: number; verdict: string }[];
  }[];
}

export function buildScoreboard(all: readonly RunRow[], notRun: readonly string[]): Scoreboard {
  const rows = all.filter((row) => !isCrowded(row));
  const loads = rows.map((row) => row.load.before).sort((a, b) => a - b);
  const scores = score(rows);
  return {
    result: scores.result,
    date:
      rows
        .map(({ date }) => date)
        .sort()
        .at(-1) ?? '',
    loop: [...new Set(rows.map(({ loop }) => loop))].sort().join(' and '),
    madeWith: [...new Map(rows.map(({ versions }) => [JSON.stringify(versions), versions])).values()],
    detectors: [...new Set(rows.flatMap(({ found }) => found.map(({ detector }) => detector)))].sort(),
    load: { median: loads[Math.floor(loads.length / 2)] ?? null, highest: loads.at(-1) ?? null },
    counts: scores.counts,
    mild: scores.mild,
    byDetector: scores.byDetector,
    confusion: scores.confusion,
    notRun: [...notRun],
    crowded: all.length - rows.length,
    runs: rows.map((row) => {
      const { incidents, findings } = judgeRun(row);
      return {
        family: row.family,
        severity: row.severity,
        seed: row.seed,
        load: row.load,
        mos: row.mos,
        missed: findings.filter(({ hit }) => !hit).map(({ expected }) => expected.kinds[0]!),
        found: row.found.map(({ kind, hop, seat, detectedMs }, i) => ({
          kind,
          hop,
          seat,
          detectedMs,
          verdict: incidents[i]!,
        })),
      };
    }),
  };
}

/** What the project set out to reach, beside what it reached. */
const goals = {
  precision: 0.95,
  recall: 0.95,
  causeAccuracy: 0.9,
  detectMedianMs: 2_500,
  detectP95Ms: 5_000,
  falseAlarmsPerCleanHour: 1,
} as const;

export function scoreboardText(board: Scoreboard): string {
  const { result, counts } = board;
  const rows: string[][] = [
    goalRow(
      'precision',
      share(result.precision),
      `at least ${share(goals.precision)}`,
      atLeast(result.precision, goals.precision),
    ),
    goalRow(
      'recall',
      share(result.recall),
      `at least ${share(goals.recall)}`,
      atLeast(result.recall, goals.recall),
    ),
    goalRow(
      'cause right (hop and participant)',
      share(result.causeAccuracy),
      `at least ${share(goals.causeAccuracy)}`,
      atLeast(result.causeAccuracy, goals.causeAccuracy),
    ),
    goalRow(
      'fault to detection, median',
      seconds(result.detectMedianMs),
      `at most ${seconds(goals.detectMedianMs)}`,
      atMost(result.detectMedianMs, goals.detectMedianMs),
    ),
    goalRow(
      'fault to detection, p95',
      seconds(result.detectP95Ms),
      `at most ${seconds(goals.detectP95Ms)}`,
      atMost(result.detectP95Ms, goals.detectP95Ms),
    ),
    goalRow(
      'false alarms per clean participant-hour',
      number(result.falseAlarmsPerCleanHour),
      `at most ${goals.falseAlarmsPerCleanHour}`,
      atMost(result.falseAlarmsPerCleanHour, goals.falseAlarmsPerCleanHour),
    ),
  ];
  return [
    '# Scoreboard',
    '',
    `How often the verdicts are right: ${board.runs.length} real calls of three Chromium participants under faults that the lab made, played up to ${board.date.slice(0, 10) || 'now'} with the loop in mode \`${board.loop || 'shadow'}\`.`,
    'Written by `npm run lab -- --publish`; [lab.md](lab.md) tells how to repeat it, [decisions/truth.md](decisions/truth.md) what counts as right. The same figures with every run: [scoreboard.json](scoreboard.json). The TURN fleet has [a page of its own](scoreboard-turn.md).',
    '',
    '## Against what was set out',
    '',
    `Faults of moderate severity and above, and clean calls: ${result.runs} runs, ${counts.expected} findings due, ${counts.found} found.`,
    '',
    table(['', 'reached', 'wanted', ''], rows),
    '',
    `Clean time: ${counts.cleanParticipantHours} participant-hours with ${counts.falseAlarmsInCleanTime} false alarms. Besides: ${counts.duplicates} duplicates and ${counts.sideEffects} side effects, which count neither way.`,
    '',
    '## By family',
    '',
    familyTable(result.byFamily),
    '',
    '## Mild faults',
    '',
    'At the edge of what people notice; not in the figures above.',
    '',
    familyTable(board.mild),
    '',
    '## By detector',
    '',
    'Recall is of the findings that the detector is made for. Precision counts its own word also where another kind was first.',
    '',
    detectorTable(board.byDetector),
    '',
    '## What was said of what',
    '',
    'All severities. Each cell: how often it was said as hit (or duplicate) / side effect / false alarm.',
    '',
    confusionTable(board.confusion),
    '',
    '## Made with',
    '',
    ...board.madeWith.map(
      (versions) =>
        `- ${Object.entries(versions)
          .map(([name, version]) => `${name} ${version}`)
          .join(', ')}`,
    ),
    `- detectors that spoke: ${board.detectors.join(', ') || 'none'}`,
    `- cores in use before the faults: ${share(board.load.median)} median, ${share(board.load.highest)} at most`,
    `- left out, and played again where the family stands above: ${board.crowded} runs before whose fault over ${share(crowdedAt)} of the cores were busy`,
    '',
    '## Not run',
    '',
    notRunText(board.notRun),
    '',
  ].join('\n');
}

function familyTable(byFamily: Record<string, FamilyScore>): string {
  const known = families.filter(({ name }) => byFamily[name]);
  if (known.length === 0) return 'None was played.';
  return table(
    ['family', 'runs', 'found', 'false alarms', 'precision', 'recall', 'cause right', 'median', 'p95'],
    known.map(({ name }) => {
      const f = byFamily[name]!;
      return [
        name,
        String(f.runs),
        f.expected > 0 ? `${f.found} of ${f.expected}` : '–',
        String(f.falseAlarms),
        share(f.precision),
        share(f.recall),
        share(f.causeAccuracy),
        seconds(f.detectMedianMs),
        seconds(f.detectP95Ms),
      ];
    }),
  );
}

function detectorTable(byDetector: Record<string, DetectorScore>): string {
  const rows = Object.entries(byDetector).map(([kind, d]) => [
    kind,
    d.recall.of > 0 ? `${share(d.recall.value)} of ${d.recall.of}` : '–',
    share(d.precision.value),
    String(d.hits),
    String(d.duplicates),
    String(d.sideEffects),
    String(d.falseAlarms),
    seconds(d.delay.medianMs),
    seconds(d.delay.p95Ms),
  ]);
  if (rows.length === 0) return 'None spoke.';
  return table(
    [
      'detector',
      'recall',
      'precision',
      'hits',
      'duplicates',
      'side effects',
      'false alarms',
      'median',
      'p95',
    ],
    rows,
  );
}

function confusionTable(confusion: Scores['confusion']): string {
  const rows = families
    .filter(({ name }) => confusion[name])
    .map(({ name }) => {
      const { said, missed } = confusion[name]!;
      const cells = Object.entries(said).map(
        ([kind, n]) => `${kind} ${n.hit + n.duplicate}/${n.side_effect}/${n.false_alarm}`,
      );
      return [name, cells.join(', ') || 'nothing', String(missed)];
    });
  return rows.length > 0 ? table(['fault', 'said', 'missed'], rows) : 'None was played.';
}

function notRunText(notRun: readonly string[]): string {
  if (notRun.length === 0) return 'Nothing that was asked for was left out.';
  return notRun.map((name) => `- ${name}`).join('\n');
}

function goalRow(name: string, reached: string, wanted: string, holds: boolean | null): string[] {
  return [name, reached, wanted, holds === null ? 'not known' : holds ? 'reached' : '**missed**'];
}

const atLeast = (value: number | null, goal: number) => (value === null ? null : value >= goal);
const atMost = (value: number | null, goal: number) => (value === null ? null : value <= goal);
const share = (value: number | null) => (value === null ? '–' : `${(value * 100).toFixed(1)} %`);
const seconds = (ms: number | null) => (ms === null ? '–' : `${(ms / 1000).toFixed(1)} s`);
const number = (value: number | null) => (value === null ? '–' : value.toFixed(2));

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

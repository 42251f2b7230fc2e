/** What came of the runs: figures per scenario, the table for the screen and the page. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { FailureRun, FailureScenario } from './scenario.ts';

export interface ScenarioResult {
  readonly runs: number;
  /** Runs in which the service wrote down what is wrong. */
  readonly detected: number;
  readonly detectP95Ms: number | null;
  readonly mitigateP95Ms: number | null;
  readonly recoverP95Ms: number | null;
  /** Runs in which not all was as before at the end. */
  readonly notRecovered: number;
  readonly lost: number;
  /** By kind: in how many runs. */
  readonly incidents: Readonly<Record<string, number>>;
  readonly alerts: AlertsResult;
  /** The worst of all runs. */
  readonly also: Readonly<Record<string, number>>;
}

export interface AlertsResult {
  readonly expected: readonly string[];
  /** Runs that raised these and no others. */
  readonly right: number;
  /** By name: in how many runs. */
  readonly raised: Readonly<Record<string, number>>;
}

export interface FailuresReport {
  readonly date: string;
  readonly result: Readonly<Record<string, ScenarioResult>>;
}

export function resultOf(
  runs: readonly FailureRun[],
  { raises }: Pick<FailureScenario, 'raises'>,
): ScenarioResult {
  const also: Record<string, number> = {};
  for (const run of runs) {
    for (const [name, value] of Object.entries(run.also ?? {}))
      also[name] = Math.max(also[name] ?? value, value);
  }
  const known = (times: (number | null)[]) => times.filter((time) => time !== null);
  return {
    runs: runs.length,
    detected: known(runs.map(({ detectMs }) => detectMs)).length,
    detectP95Ms: p95(known(runs.map(({ detectMs }) => detectMs))),
    mitigateP95Ms: p95(known(runs.map(({ mitigateMs }) => mitigateMs))),
    recoverP95Ms: p95(known(runs.map(({ recoverMs }) => recoverMs))),
    notRecovered: runs.filter(({ recoverMs }) => recoverMs === null).length,
    lost: runs.reduce((sum, { lost }) => sum + lost, 0),
    incidents: countOf(runs.map(({ incidents }) => incidents)),
    alerts: {
      expected: raises,
      right: runs.filter(({ alerts }) => isSame(alerts, raises)).length,
      raised: countOf(runs.map(({ alerts }) => alerts)),
    },
    also,
  };
}

const isSame = (raised: readonly string[], expected: readonly string[]) =>
  [...new Set(raised)].sort().join() === [...expected].sort().join();

/** In how many of the lists each name is. */
function countOf(lists: readonly (readonly string[])[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const list of lists) for (const name of new Set(list)) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Nearest rank: of fewer than twenty the largest. */
export function p95(values: readonly number[]): number | null {
  const inOrder = [...values].sort((a, b) => a - b);
  return inOrder[Math.ceil(inOrder.length * 0.95) - 1] ?? null;
}

export const tableHead = [
  'scenario',
  'runs',
  'detected',
  'mitigated',
  'recovered',
  'lost',
  'alerts',
  'incidents, and what else',
] as const;

/** One row of the table; times are 95th percentiles. */
export function rowOf(name: string, result: ScenarioResult): string[] {
  const share = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([what, runs]) => `${what} ${runs}/${result.runs}`);
  const { right, raised } = result.alerts;
  const worst = Object.entries(result.also).map(([what, value]) => `${what} ${value}`);
  const late = result.notRecovered > 0 ? `, ${result.notRecovered} not` : '';
  return [
    name,
    String(result.runs),
    `${result.detected} in ${seconds(result.detectP95Ms)}`,
    seconds(result.mitigateP95Ms),
    `${seconds(result.recoverP95Ms)}${late}`,
    String(result.lost),
    `${right}/${result.runs} right: ${share(raised).join(', ') || 'none'}`,
    [...share(result.incidents), ...worst].join(', ') || '–',
  ];
}

const seconds = (ms: number | null) => (ms === null ? '–' : `${(ms / 1000).toFixed(1)} s`);

/** What was written before, so that scenarios can be played one by one; a file that is not there is none. */
export function readReport(file: string): FailuresReport['result'] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return {};
  }
  return z.object({ result: z.record(z.string(), z.custom<ScenarioResult>()) }).parse(JSON.parse(text))
    .result;
}

/** docs/scoreboard-failures.md */
export function failuresText(report: FailuresReport, scenarios: readonly FailureScenario[]): string {
  const played = scenarios.filter(({ name }) => report.result[name]);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `# Scoreboard: failures

Written by \`npm run lab -- failures --publish\` on ${report.date}: real processes, real Chromium. Times are 95th
percentiles from the fault on (nearest rank: of fewer than twenty runs, the worst). "Alerts" says in how many runs exactly
those came that the scenario must raise, and which came. The last column lists incidents with the share of runs that had
them, then the worst of whatever else was measured. [failures.md](failures.md) says what happens in each and why.

${line(tableHead)}
${line(tableHead.map(() => '---'))}
${played.map(({ name }) => line(rowOf(name, report.result[name]!))).join('\n')}

${played
  .map(
    ({ name, fault, detection, mitigation, raises, lossOf }) =>
      `- **${name}**: ${fault}. Noticed by ${detection}; then ${mitigation}. Must raise ${raises.join(', ') || 'no alert'}. "Lost" counts ${lossOf}.`,
  )
  .join('\n')}
`;
}

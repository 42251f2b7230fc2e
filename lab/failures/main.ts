/** `npm run lab -- failures`: parts of the service are killed, cut off or slowed down under real calls. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { readCommandLine, someOf, whole } from '../../runtime/command-line.ts';
import type { Screen } from '../../runtime/demo/screen.ts';
import { endedFromOutside } from '../../runtime/demo/signals.ts';
import { failureScenarios } from './list.ts';
import {
  type FailuresReport,
  failuresText,
  readReport,
  resultOf,
  rowOf,
  type ScenarioResult,
  tableHead,
} from './report.ts';
import type { FailureRun, FailureScenario } from './scenario.ts';

const names = failureScenarios.map(({ name }) => name);

export const failuresHelp = `npm run lab -- failures [options]

Kills, cuts off and slows down parts of the service under real calls, and tells how soon that is noticed, what becomes of
it without anybody's doing, what was lost, and whether exactly the alerts came that must.

  --scenario NAME    only these; may be given several times                      (all)
  --runs N           of each                                                     (3)
  --json FILE        write the figures as JSON
  --publish          put them into docs/scoreboard-failures.md and .json, beside those of other scenarios
  --help             this text

Scenarios:
${failureScenarios.map(({ name, fault }) => `  ${name.padEnd(26)} ${fault}`).join('\n')}

Exit code: 0 when all runs could be played, everybody was as before at their end and the alerts were right, 1 when not,
130 after Ctrl-C.
`;

const optionsSchema = z.object({
  scenario: someOf('scenario', names),
  runs: whole(1, 100).default(3),
  json: z.string().min(1, 'expected a file name').optional(),
  publish: z.boolean().default(false),
});

/** @returns exit code. @throws UsageError */
export async function failuresLab(args: string[], projectDir: string, screen: Screen): Promise<number> {
  const options = readCommandLine(args, {
    flags: {
      scenario: { type: 'string', multiple: true },
      runs: { type: 'string' },
      json: { type: 'string' },
      publish: { type: 'boolean' },
    },
    schema: optionsSchema,
  });
  if (options === 'help') {
    process.stdout.write(failuresHelp);
    return 0;
  }
  const signal = endedFromOutside();
  const result: Record<string, ScenarioResult> = {};
  let broken = 0;
  for (const scenario of failureScenarios.filter(({ name }) => options.scenario.includes(name))) {
    if (signal.aborted) break;
    const runs = await playRuns(scenario, options.runs, screen, signal);
    broken += options.runs - runs.length;
    if (runs.length > 0) result[scenario.name] = resultOf(runs, scenario);
  }
  const date = new Date().toISOString().slice(0, 10);
  const report: FailuresReport = { date, result };
  for (const line of table(report)) screen.print(line);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.publish && !signal.aborted) publish(report, path.join(projectDir, 'docs'));
  if (signal.aborted) return 130;
  const behind = Object.values(result).some(
    ({ notRecovered, lost, alerts, runs }) => notRecovered > 0 || lost > 0 || alerts.right < runs,
  );
  return broken > 0 || behind ? 1 : 0;
}

/** A run that does not come about is told, and counts for nothing. */
async function playRuns(scenario: FailureScenario, count: number, screen: Screen, signal: AbortSignal) {
  const { name } = scenario;
  const dataDir = mkdtempSync(path.join(tmpdir(), `callscope-${name}-`));
  const played: FailureRun[] = [];
  const failed = (what: string, error: unknown) =>
    screen.print(`${name}: ${what}: ${error instanceof Error ? error.message : String(error)}`, 'warn');
  try {
    const open = await scenario.open({ dataDir, screen, signal });
    try {
      for (let run = 0; run < count && !signal.aborted; run++) {
        try {
          const one = await open.play(run);
          played.push(one);
          screen.print(`${name} ${run + 1}: ${JSON.stringify(one)}`, 'dim');
        } catch (error) {
          if (!signal.aborted) failed(`run ${run + 1} could not be played`, error);
        }
      }
    } finally {
      await open.close();
    }
  } catch (error) {
    if (!signal.aborted) failed('cannot be opened', error);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
  return played;
}

function table({ result }: FailuresReport): string[] {
  const rows = [[...tableHead], ...Object.entries(result).map(([name, one]) => rowOf(name, one))];
  const widths = tableHead.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function publish(report: FailuresReport, docsDir: string): void {
  mkdirSync(docsDir, { recursive: true });
  const json = path.join(docsDir, 'scoreboard-failures.json');
  const all = { ...report, result: { ...readReport(json), ...report.result } };
  writeFileSync(json, `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(path.join(docsDir, 'scoreboard-failures.md'), failuresText(all, failureScenarios));
}

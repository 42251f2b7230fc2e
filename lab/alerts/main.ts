/** `npm run lab -- alerts`: what must wake people, played through the real path, and a week in which nothing must. */
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { readCommandLine, someOf, whole } from '../../runtime/command-line.ts';
import type { Screen } from '../../runtime/demo/screen.ts';
import { playScenario } from './play.ts';
import { type AlertsReport, alertsReport, outcomeLine } from './report.ts';
import { scenarios } from './scenarios.ts';
import { openStage } from './stage.ts';
import { playCleanWeek } from './week.ts';

const week = 'clean-week';
const names = [...scenarios.map(({ name }) => name), week];

export const alertsHelp = `npm run lab -- alerts [options]

Plays faults of a made-up fleet as telemetry through the real collector, evaluates every minute on a clock that runs
faster, delivers to Debian's Alertmanager, and checks that exactly the right alert came of each; then a clean week, which
must page nobody.

  --scenario NAME    only these; may be given several times                      (all)
  --seed N           of the clean week                                           (1)
  --json FILE        write the report as JSON
  --help             this text

Scenarios: ${names.join(', ')}.

Exit code: 0 when all came out right, 1 when not.
`;

const optionsSchema = z.object({
  scenario: someOf('scenario', names),
  seed: whole(0, 99_999).default(1),
  json: z.string().min(1, 'expected a file name').optional(),
});

/** @returns exit code. @throws UsageError */
export async function alertsLab(args: string[], screen: Screen): Promise<number> {
  const options = readCommandLine(args, {
    flags: {
      scenario: { type: 'string', multiple: true },
      seed: { type: 'string' },
      json: { type: 'string' },
    },
    schema: optionsSchema,
  });
  if (options === 'help') {
    process.stdout.write(alertsHelp);
    return 0;
  }
  const report = await played(options.scenario, options.seed, screen);
  for (const [name, value] of Object.entries(report.result))
    screen.print(`  ${name.padEnd(28)} ${value ?? '–'}`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  return report.right ? 0 : 1;
}

async function played(wanted: readonly string[], seed: number, screen: Screen): Promise<AlertsReport> {
  const stage = await openStage();
  try {
    const outcomes = [];
    for (const scenario of scenarios.filter(({ name }) => wanted.includes(name))) {
      const outcome = await playScenario(stage, scenario);
      for (const line of outcomeLine(outcome)) screen.print(line);
      outcomes.push(outcome);
    }
    const clean = wanted.includes(week) ? await playCleanWeek(stage, seed) : undefined;
    return alertsReport(outcomes, clean);
  } finally {
    await stage.close();
  }
}

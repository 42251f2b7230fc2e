/** `npm run lab -- turn`: real calls over real relays that become full, are killed, are drained. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { readCommandLine, UsageError, whole } from '../../runtime/command-line.ts';
import type { Screen } from '../../runtime/demo/screen.ts';
import { endedFromOutside } from '../../runtime/demo/signals.ts';
import { createProgress } from '../progress.ts';
import { parseLines } from '../row.ts';
import { type Session, startSession } from '../session.ts';
import { createSessions } from '../sessions.ts';
import { drainCostMs, drainEnv, playDrain } from './drain.ts';
import { killCostMs, playKill } from './kill.ts';
import { playRelief, reliefCostMs, reliefEnv } from './relief.ts';
import {
  type Part,
  parts,
  type TurnRow,
  turnLine,
  turnReport,
  turnRowSchema,
  withTurnSection,
} from './report.ts';

interface PlayedPart {
  readonly env: Readonly<Record<string, string>>;
  readonly costMs: number;
  readonly play: (session: Session, run: number, signal: AbortSignal) => Promise<TurnRow>;
}

const played: Record<Part, PlayedPart> = {
  relief: { env: reliefEnv, costMs: reliefCostMs, play: playRelief },
  kill: { env: {}, costMs: killCostMs, play: playKill },
  drain: { env: drainEnv, costMs: drainCostMs, play: playDrain },
};

export const turnHelp = `npm run lab -- turn [options]

Plays real calls whose media goes over coturn only:
  relief   load grows until the only relay is full: how long until new calls are given another one
  kill     a relay is killed in mid-call: how long until media is back, and does anybody leave
  drain    the scaler drains a relay with calls on it: is any of them cut

  --part NAME        only this; may be given several times                       (all)
  --runs N           of each part                                                (5)
  --resume FILE      keep results in this file and skip what it holds            (a new file)
  --no-play          play nothing: report what the file of --resume holds
  --json FILE        write the report as JSON
  --publish          write it into docs/scoreboard-turn.md, and docs/scoreboard-turn.json
  --data FOLDER      where the store and the results live                        (.callscope/lab)
  --help             this text

Exit code: 0 when everything was played, 1 when some runs could not be, 130 after Ctrl-C.
`;

const optionsSchema = z.object({
  part: z.array(z.enum(parts)).default([...parts]),
  runs: whole(1, 100).default(5),
  resume: z.string().min(1).optional(),
  play: z.boolean().default(true),
  json: z.string().min(1).optional(),
  publish: z.boolean().default(false),
  data: z.string().min(1).default('.callscope/lab'),
});
type TurnOptions = z.infer<typeof optionsSchema>;

const lineSchema = z.object({ row: turnRowSchema, versions: z.record(z.string(), z.string()) });
type Line = z.infer<typeof lineSchema>;

/** @throws UsageError */
export function readTurnOptions(args: readonly string[]): TurnOptions | 'help' {
  const options = readCommandLine(args, {
    schema: optionsSchema,
    negatable: true,
    flags: {
      part: { type: 'string', multiple: true },
      runs: { type: 'string' },
      resume: { type: 'string' },
      play: { type: 'boolean' },
      json: { type: 'string' },
      publish: { type: 'boolean' },
      data: { type: 'string' },
    },
  });
  if (options !== 'help' && !options.play && !options.resume)
    throw new UsageError('--no-play needs --resume FILE: the results to report');
  return options;
}

/** @returns exit code. @throws UsageError */
export async function turnLab(args: string[], projectDir: string, screen: Screen): Promise<number> {
  const options = readTurnOptions(args);
  if (options === 'help') {
    process.stdout.write(turnHelp);
    return 0;
  }
  const dataDir = path.resolve(projectDir, options.data);
  mkdirSync(dataDir, { recursive: true });
  const file = path.resolve(options.resume ?? path.join(dataDir, `turn-${Date.now()}.jsonl`));
  const lines = existsSync(file) ? parseLines(readFileSync(file, 'utf8'), file, lineSchema) : [];
  const signal = endedFromOutside();
  const missing = options.play ? await playParts(options, { dataDir, file, lines, screen, signal }) : 0;

  const report = turnReport(
    lines.map(({ row }) => row),
    lines.at(-1)?.versions ?? {},
  );
  const { runs, ...figures } = report.result;
  screen.print(`\n${parts.map((part) => `${part} ${runs[part]}`).join(', ')}`, 'title');
  for (const [name, value] of Object.entries(figures)) screen.print(`  ${name.padEnd(26)} ${value ?? '–'}`);
  screen.print(`The runs are in ${file}.`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.publish && !signal.aborted) {
    const page = path.join(projectDir, 'docs', 'scoreboard-turn.md');
    writeFileSync(page, withTurnSection(readFileSync(page, 'utf8'), report));
    writeFileSync(
      path.join(projectDir, 'docs', 'scoreboard-turn.json'),
      `${JSON.stringify(report, null, 2)}\n`,
    );
  }
  if (signal.aborted) return 130;
  return missing > 0 ? 1 : 0;
}

interface Playing {
  readonly dataDir: string;
  readonly file: string;
  readonly lines: Line[];
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

/** One part after the other: each has a fleet of its own kind. @returns how many runs did not come about */
async function playParts(options: TurnOptions, { dataDir, file, lines, screen, signal }: Playing) {
  const due = options.part.flatMap((part) =>
    Array.from({ length: options.runs }, (_, i) => ({ part, run: i + 1 })).filter(
      ({ run }) => !lines.some(({ row }) => row.part === part && row.run === run),
    ),
  );
  const progress = createProgress(
    screen,
    due.length,
    due.reduce((sum, { part }) => sum + played[part].costMs, 0),
  );
  let missing = due.length;
  try {
    for (const [part, runs] of Map.groupBy(due, (one) => one.part)) {
      const { env, costMs, play } = played[part];
      const sessions = createSessions(() =>
        startSession({
          dataDir: path.join(dataDir, 'turn-stack'),
          loop: 'on',
          env,
          log: (text) => screen.print(`  ${text}`, 'dim'),
          signal,
        }),
      );
      try {
        for (const { run } of runs) {
          progress.begin(`${part} ${run}`);
          const line = await sessions.withRetry(
            async (session) => ({ row: await play(session, run, signal), versions: session.versions }),
            (error) => {
              if (signal.aborted) return;
              const said = error instanceof Error ? error.message : String(error);
              screen.print(`${part} ${run}: ${said}`, 'warn');
            },
            signal,
          );
          if (signal.aborted) return missing;
          if (line) {
            missing--;
            lines.push(line);
            appendFileSync(file, `${JSON.stringify(line)}\n`);
            screen.print(turnLine(line.row));
          }
          progress.end(costMs);
        }
      } finally {
        await sessions.close();
      }
    }
  } finally {
    progress.close();
  }
  return missing;
}

/** `npm run lab -- loop`: the same seeds of faults with the loop off and on, side by side. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { keyOf as callKeyOf, readCalls } from '../../pipelines/store/samples.ts';
import { Store } from '../../pipelines/store/store.ts';
import type { Screen } from '../../runtime/demo/screen.ts';
import { endedFromOutside } from '../../runtime/demo/signals.ts';
import type { Severity } from '../families/family.ts';
import { families } from '../families/list.ts';
import { UsageError } from '../options.ts';
import { castOf, expectedMs, playRun, type RunSpec } from '../play.ts';
import { createProgress } from '../progress.ts';
import { keyOf, type RunRow } from '../row.ts';
import { seedsFor } from '../seeds.ts';
import { type Session, startSession } from '../session.ts';
import { createSessions } from '../sessions.ts';
import { type LoopRow, loopReport, loopRowSchema, loopText } from './report.ts';
import { suffered } from './suffered.ts';

const cases: readonly (readonly [string, Severity])[] = [
  ['downlink-bandwidth', 'moderate'],
  ['downlink-bandwidth', 'severe'],
  ['uplink-bandwidth', 'moderate'],
  ['uplink-bandwidth', 'severe'],
  ['downlink-loss', 'severe'],
  ['cpu-receiver', 'moderate'],
  ['cpu-sender', 'moderate'],
  ['clean', 'mild'],
  ['clean', 'severe'],
];
const modes = ['off', 'on'] as const;
/** Recovery takes 12 to 22 s by itself. */
const tailMs = 26_000;

export const loopHelp = `npm run lab -- loop [options]

Plays the same faults with the same seeds twice, with the loop off and on, and compares what people went through:
seconds frozen, seconds of bad audio, MOS, time to recover, time to act; and that clean calls are left alone.

  --runs N           seeds of each fault                                         (1)
  --seed N           the first of them, counted within its range                 (0)
  --tune             take the seeds for fitting, not the scoreboard's
  --resume FILE      keep results in this file and skip what it holds            (a new file)
  --no-play          play nothing: compare what the file of --resume holds
  --json FILE        write the comparison as JSON
  --publish          write docs/scoreboard-loop.md and docs/scoreboard-loop.json; not with --tune
  --data FOLDER      where the store and the results live                        (.callscope/lab)
  --help             this text

${cases.length * 2} calls a seed, some ${Math.round((cases.length * 2 * 60) / 60)} minutes.
`;

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const optionsSchema = z.object({
  runs: whole(1, 100).default(1),
  seed: whole(0, 99_999).default(0),
  tune: z.boolean().default(false),
  resume: z.string().min(1).optional(),
  play: z.boolean().default(true),
  json: z.string().min(1).optional(),
  publish: z.boolean().default(false),
  data: z.string().min(1).default('.callscope/lab'),
});
type LoopOptions = z.infer<typeof optionsSchema>;

/** @returns exit code: 0, 1 when some runs could not be played, 130 after Ctrl-C. @throws UsageError */
export async function loopLab(args: string[], projectDir: string, screen: Screen): Promise<number> {
  const options = readLoopOptions(args);
  if (options === 'help') {
    process.stdout.write(loopHelp);
    return 0;
  }
  const dataDir = path.resolve(projectDir, options.data);
  mkdirSync(dataDir, { recursive: true });
  const file = path.resolve(options.resume ?? path.join(dataDir, `loop-${Date.now()}.jsonl`));
  const rows = existsSync(file) ? parseLoopRows(readFileSync(file, 'utf8'), file) : [];
  const signal = endedFromOutside();
  const missing = options.play ? await playBoth(options, { dataDir, rows, file, screen, signal }) : 0;

  const report = loopReport(rows);
  const { result } = report;
  screen.print(`\n${result.runs} runs, each seed with the loop off and on`, 'title');
  for (const [name, value] of Object.entries(result)) screen.print(`  ${name.padEnd(24)} ${value ?? '–'}`);
  screen.print(`The runs are in ${file}.`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.publish && !signal.aborted) {
    writeFileSync(path.join(projectDir, 'docs', 'scoreboard-loop.md'), loopText(report));
    writeFileSync(
      path.join(projectDir, 'docs', 'scoreboard-loop.json'),
      `${JSON.stringify({ ...report, rows }, null, 1)}\n`,
    );
  }
  if (signal.aborted) return 130;
  return missing > 0 ? 1 : 0;
}

interface Playing {
  readonly dataDir: string;
  readonly rows: LoopRow[];
  readonly file: string;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

/** One mode after the other: changing it starts the stack anew. @returns how many runs did not come about */
async function playBoth(options: LoopOptions, { dataDir, rows, file, screen, signal }: Playing) {
  const seeds = seedsFor(options.tune ? 'tune' : 'scoreboard', options.seed, options.runs);
  const have = new Set(rows.map((row) => `${keyOf(row)} ${row.loop}`));
  const due = modes.flatMap((mode) =>
    seeds.flatMap((seed) =>
      cases.map(([name, severity]) => ({
        mode,
        spec: { family: families.find((f) => f.name === name)!, severity, seed, tailMs } satisfies RunSpec,
      })),
    ),
  );
  const left = new Set(
    due.filter(({ mode, spec }) => !have.has(`${keyOf({ ...spec, family: spec.family.name })} ${mode}`)),
  );
  const costOf = (spec: RunSpec) => expectedMs(spec.family.plan(spec.severity, castOf(spec)), tailMs);
  const progress = createProgress(
    screen,
    left.size,
    [...left].reduce((sum, { spec }) => sum + costOf(spec), 0),
  );
  try {
    for (const mode of modes) {
      const sessions = createSessions(() =>
        startSession({
          dataDir: path.join(dataDir, 'stack'),
          loop: mode,
          log: (text) => screen.print(`  ${text}`, 'dim'),
          signal,
        }),
      );
      try {
        for (const one of [...left].filter((run) => run.mode === mode)) {
          const name = `${one.spec.family.name} ${one.spec.severity} ${one.spec.seed} ${mode}`;
          progress.begin(name);
          const row = await sessions.withRetry(
            async (session) => withSuffering(await playRun(session, one.spec, signal), session),
            (error) =>
              screen.print(`${name}: ${error instanceof Error ? error.message : String(error)}`, 'warn'),
            signal,
          );
          if (signal.aborted) return left.size;
          if (row) {
            left.delete(one);
            rows.push(row);
            appendFileSync(file, `${JSON.stringify(row)}\n`);
            const { frozenSeconds, badAudioSeconds, recoverMs } = row.suffered;
            screen.print(
              `${name}: ${frozenSeconds} s frozen, ${badAudioSeconds} s bad audio, recovered ${recoverMs === null ? 'not by the end' : `after ${Math.round(recoverMs / 100) / 10} s`}, ${row.decisions.length} decisions`,
            );
          }
          progress.end(costOf(one.spec));
        }
      } finally {
        await sessions.close();
      }
    }
  } finally {
    progress.close();
  }
  return left.size;
}

async function withSuffering(row: RunRow, session: Session): Promise<LoopRow> {
  const onsetMs = Date.parse(row.date);
  const span = { onsetMs, faultEndMs: onsetMs + row.faultEndMs, endMs: onsetMs + row.endMs };
  const seats = row.truth.affected.length > 0 ? row.truth.affected : row.seats.map((_, seat) => seat);
  const receivers = new Set(seats.flatMap((seat) => row.seats[seat] ?? []));
  const store = new Store(session.stack.urls.clickhouse, 'patient');
  try {
    const total = { frozenSeconds: 0, badAudioSeconds: 0, recoverMs: 0 as number | null };
    for (const callId of row.callIds) {
      const key = { tenant_id: 'default', call_id: callId };
      const read = await readCalls(store, [key], { fromMs: onsetMs - 10_000, toMs: span.endMs });
      const of = suffered(read.get(callKeyOf(key))!, receivers, span);
      total.frozenSeconds += of.frozenSeconds;
      total.badAudioSeconds += of.badAudioSeconds;
      total.recoverMs =
        total.recoverMs === null || of.recoverMs === null ? null : Math.max(total.recoverMs, of.recoverMs);
    }
    return { ...row, suffered: total };
  } finally {
    await store.close();
  }
}

function parseLoopRows(text: string, file: string): LoopRow[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      return [loopRowSchema.parse(JSON.parse(line))];
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new UsageError(`${file}, line ${i + 1} is no result of the loop's lab: ${why}`);
    }
  });
}

/** @throws UsageError */
export function readLoopOptions(args: string[]): LoopOptions | 'help' {
  let values: ReturnType<typeof parsed>;
  try {
    values = parsed(args);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return 'help';
  const result = optionsSchema.safeParse(values);
  if (!result.success) {
    throw new UsageError(
      result.error.issues.map((issue) => `--${String(issue.path[0])}: ${issue.message}`).join('\n'),
    );
  }
  if (!result.data.play && !result.data.resume)
    throw new UsageError('--no-play needs --resume FILE: the results to compare');
  if (result.data.publish && result.data.tune)
    throw new UsageError(
      '--publish and --tune exclude each other: the scoreboard takes no seeds used for fitting',
    );
  return result.data;
}

function parsed(args: string[]) {
  return parseArgs({
    args,
    allowNegative: true,
    options: {
      runs: { type: 'string' },
      seed: { type: 'string' },
      tune: { type: 'boolean' },
      resume: { type: 'string' },
      play: { type: 'boolean' },
      json: { type: 'string' },
      publish: { type: 'boolean' },
      data: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}

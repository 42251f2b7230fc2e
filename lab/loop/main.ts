/** `npm run lab -- loop`: the same seeds of faults with the loop off and on, side by side. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { keyOf as callKeyOf, readCalls } from '../../pipelines/store/samples.ts';
import { Store } from '../../pipelines/store/store.ts';
import { readCommandLine, UsageError, whole } from '../../runtime/command-line.ts';
import type { Screen } from '../../runtime/demo/screen.ts';
import { endedFromOutside } from '../../runtime/demo/signals.ts';
import type { Severity } from '../families/family.ts';
import { families } from '../families/list.ts';
import { playRun, type RunSpec } from '../play.ts';
import { playAll, progressOf } from '../play-all.ts';
import { keyOf, parseLines, type RunRow } from '../row.ts';
import { seedsFor } from '../seeds.ts';
import type { Session } from '../session.ts';
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

  --family NAME      only these faults; may be given several times               (all)
  --loop MODE        only with the loop off, or on                               (both)
  --runs N           seeds of each fault                                         (1)
  --seed N           the first of them, counted within its range                 (0)
  --tune             take the seeds for fitting, not the scoreboard's
  --resume FILE      keep results in this file and skip what it holds            (a new file)
  --no-play          play nothing: compare what the file of --resume holds
  --json FILE        write the comparison as JSON
  --publish          write docs/scoreboard-loop.md and docs/scoreboard-loop.json; not with --tune
  --data FOLDER      where the store and the results live                        (.callscope/lab)
  --help             this text

${cases.length * 2} calls a seed, of about a minute each.
`;

const names = [...new Set(cases.map(([name]) => name))];

const optionsSchema = z.object({
  family: z
    .array(
      z.string().refine((name) => names.includes(name), {
        error: ({ input }) => `"${String(input)}" is not played here; there are ${names.join(', ')}`,
      }),
    )
    .default(names),
  loop: z.array(z.enum(modes)).default([...modes]),
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
  const rows = existsSync(file) ? parseLines(readFileSync(file, 'utf8'), file, loopRowSchema) : [];
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
      `${JSON.stringify({ ...report, rows }, null, 2)}\n`,
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
  const all = seeds.flatMap((seed) =>
    cases
      .filter(([name]) => options.family.includes(name))
      .map(
        ([name, severity]): RunSpec => ({
          family: families.find((f) => f.name === name)!,
          severity,
          seed,
          tailMs,
        }),
      ),
  );
  const due = options.loop.map((mode) => ({
    mode,
    specs: all.filter((spec) => !have.has(`${keyOf({ ...spec, family: spec.family.name })} ${mode}`)),
  }));
  const progress = progressOf(
    screen,
    due.flatMap(({ specs }) => specs),
  );
  let missing = 0;
  try {
    for (const { mode, specs } of due) {
      const nameOf = ({ family, severity, seed }: RunSpec) => `${family.name} ${severity} ${seed} ${mode}`;
      const left = await playAll(signal.aborted ? [] : specs, {
        dataDir: path.join(dataDir, 'stack'),
        loop: mode,
        screen,
        progress,
        signal,
        nameOf,
        play: async (session, spec) => withSuffering(await playRun(session, spec, signal), session),
        onRow: (row, spec) => {
          rows.push(row);
          appendFileSync(file, `${JSON.stringify(row)}\n`);
          screen.print(`${nameOf(spec)}: ${toldOf(row)}`);
        },
      });
      missing += left.length;
    }
  } finally {
    progress.close();
  }
  return missing;
}

function toldOf({
  suffered: { frozenSeconds, withheldSeconds, badAudioSeconds, recoverMs },
  decisions,
}: LoopRow): string {
  const recovered = recoverMs === null ? 'not by the end' : `after ${Math.round(recoverMs / 100) / 10} s`;
  return `${frozenSeconds} s frozen, ${withheldSeconds} s held back, ${badAudioSeconds} s bad audio, recovered ${recovered}, ${decisions.length} decisions`;
}

async function withSuffering(row: RunRow, session: Session): Promise<LoopRow> {
  const onsetMs = Date.parse(row.date);
  const span = { onsetMs, faultEndMs: onsetMs + row.faultEndMs, endMs: onsetMs + row.endMs };
  const seats = row.truth.affected.length > 0 ? row.truth.affected : row.seats.map((_, seat) => seat);
  const receivers = new Set(seats.flatMap((seat) => row.seats[seat] ?? []));
  const store = new Store(session.stack.urls.clickhouse, 'patient');
  try {
    const total = { frozenSeconds: 0, withheldSeconds: 0, badAudioSeconds: 0, recoverMs: 0 as number | null };
    for (const callId of row.callIds) {
      const key = { tenant_id: 'default', call_id: callId };
      const read = await readCalls(store, [key], { fromMs: onsetMs - 10_000, toMs: span.endMs });
      const of = suffered(read.get(callKeyOf(key))!, receivers, span);
      total.frozenSeconds += of.frozenSeconds;
      total.withheldSeconds += of.withheldSeconds;
      total.badAudioSeconds += of.badAudioSeconds;
      total.recoverMs =
        total.recoverMs === null || of.recoverMs === null ? null : Math.max(total.recoverMs, of.recoverMs);
    }
    return { ...row, suffered: total };
  } finally {
    await store.close();
  }
}

/** @throws UsageError */
export function readLoopOptions(args: string[]): LoopOptions | 'help' {
  const options = readCommandLine(args, {
    schema: optionsSchema,
    negatable: true,
    flags: {
      family: { type: 'string', multiple: true },
      loop: { type: 'string', multiple: true },
      runs: { type: 'string' },
      seed: { type: 'string' },
      tune: { type: 'boolean' },
      resume: { type: 'string' },
      play: { type: 'boolean' },
      json: { type: 'string' },
      publish: { type: 'boolean' },
      data: { type: 'string' },
    },
  });
  if (options === 'help') return 'help';
  if (!options.play && !options.resume)
    throw new UsageError('--no-play needs --resume FILE: the results to compare');
  if (options.publish && options.tune)
    throw new UsageError(
      '--publish and --tune exclude each other: the scoreboard takes no seeds used for fitting',
    );
  return options;
}

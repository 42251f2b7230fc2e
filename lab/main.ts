/** `npm run lab`: what is to be played is played, run by run, and scored. See options.ts for what may be asked. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createScreen } from '../runtime/demo/screen.ts';
import { endedFromOutside } from '../runtime/demo/signals.ts';
import { alertsLab } from './alerts/main.ts';
import { failuresLab } from './failures/main.ts';
import { loopLab } from './loop/main.ts';
import { help, type LabOptions, readOptions, UsageError } from './options.ts';
import { playRun, type RunSpec } from './play.ts';
import { playAll, progressOf } from './play-all.ts';
import { programme } from './programme.ts';
import { rejudge } from './rejudge.ts';
import { crowdedAt, isCrowded, keyOf, parseRows } from './row.ts';
import { buildScoreboard, scoreboardText } from './scoreboard.ts';
import { purposeOf } from './seeds.ts';
import { runLine, summaryLines } from './summary.ts';
import { turnLab } from './turn/main.ts';
import { wordsLab } from './words/main.ts';

const exitCodes = { played: 0, incomplete: 1, wrongUse: 2, notStarted: 3, interrupted: 130 } as const;
const crowdedNote = `not counted: over ${crowdedAt * 100} % of the cores were busy before the fault; --resume plays it again`;
const projectDir = path.join(import.meta.dirname, '..');

const screen = createScreen(process.stdout);

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  try {
    if (args[0] === 'alerts') return await alertsLab(args.slice(1), screen);
    if (args[0] === 'failures') return await failuresLab(args.slice(1), projectDir, screen);
    if (args[0] === 'loop') return await loopLab(args.slice(1), projectDir, screen);
    if (args[0] === 'turn') return await turnLab(args.slice(1), projectDir, screen);
    if (args[0] === 'words') return await wordsLab(args.slice(1), projectDir, screen);
    const options = readOptions(args);
    if (options !== 'help') return await lab(options);
    process.stdout.write(help);
    return exitCodes.played;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\nnpm run lab -- --help tells what there is.\n`);
      return exitCodes.wrongUse;
    }
    process.stderr.write(`lab: ${error instanceof Error ? error.message : String(error)}\n`);
    return exitCodes.notStarted;
  }
}

async function lab(options: LabOptions): Promise<number> {
  const dataDir = path.resolve(projectDir, options.data);
  mkdirSync(dataDir, { recursive: true });
  const file = path.resolve(options.resume ?? path.join(dataDir, `runs-${stamp()}.jsonl`));
  const kept = existsSync(file) ? parseRows(readFileSync(file, 'utf8'), file) : [];
  const purpose = options.tune ? 'tune' : 'scoreboard';
  const wrong = kept.find(({ seed }) => purposeOf(seed) !== purpose);
  if (wrong) {
    throw new UsageError(
      `${file} holds a run of seed ${wrong.seed}, which is not one for ${purpose === 'tune' ? '--tune' : 'the scoreboard'}: keep them in files of their own`,
    );
  }
  const have = new Set(kept.filter((row) => !isCrowded(row)).map(keyOf));
  const all = programme(options);
  const due = all.filter(
    ({ family, severity, seed }) => !have.has(keyOf({ family: family.name, severity, seed })),
  );
  const plan = options.rejudge
    ? `${kept.length} runs of ${file} are judged once more`
    : `${all.length} runs, ${all.length - due.length} of them in ${file} already`;
  screen.print(`Callscope lab: ${plan}`, 'title');

  let rows = [...kept];
  const signal = endedFromOutside();
  let notRun: string[] = due.map(nameOf);
  if (options.rejudge) {
    rows = await rejudge(kept, stackDir(dataDir), (row) => screen.print(runLine(row)), signal);
  } else if (options.play && due.length > 0) {
    const progress = progressOf(screen, due);
    try {
      const left = await playAll(due, {
        dataDir: stackDir(dataDir),
        loop: options.loop,
        screen,
        progress,
        signal,
        nameOf,
        play: (session, spec) => playRun(session, spec, signal),
        onRow: (row) => {
          appendFileSync(file, `${JSON.stringify(row)}\n`);
          rows.push(row);
          screen.print(runLine(row), 'plain');
          if (isCrowded(row)) screen.print(`  ${crowdedNote}`, 'warn');
        },
      });
      notRun = left.map(nameOf);
    } finally {
      progress.close();
    }
  }

  const scoreboard = buildScoreboard(rows, notRun);
  for (const line of summaryLines(scoreboard)) screen.print(line);
  screen.print(`The runs are in ${file}.`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(scoreboard, null, 2)}\n`);
  if (options.publish && !signal.aborted) {
    writeFileSync(path.join(projectDir, 'docs', 'scoreboard.md'), scoreboardText(scoreboard));
    writeFileSync(
      path.join(projectDir, 'docs', 'scoreboard.json'),
      `${JSON.stringify(scoreboard, null, 2)}\n`,
    );
    screen.print('docs/scoreboard.md and docs/scoreboard.json are written.');
  }
  if (signal.aborted) return exitCodes.interrupted;
  return options.play && !options.rejudge && notRun.length > 0 ? exitCodes.incomplete : exitCodes.played;
}

function nameOf({ family, severity, seed }: RunSpec): string {
  return `${family.name} ${severity} ${seed}`;
}

function stackDir(dataDir: string): string {
  return path.join(dataDir, 'stack');
}

function stamp(): string {
  return new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
}

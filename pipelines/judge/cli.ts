/**
 * `npm run judge -- FILE`: judges a recorded call (a webrtc-internals dump, an rtcstats dump or an export of ours)
 * as the pipelines judge a live one, without any store. Exit code 0; 2 with an error that says what and where when
 * the recording or the command is at fault.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { RecordingError } from '../../quality/recordings/error.ts';
import { defaultLimits, type Limits } from '../../quality/recordings/limits.ts';
import { type Verdict, verdictOf } from '../../quality/recordings/verdict.ts';
import { readRecordingFile } from './input.ts';
import { plain } from './plain.ts';
import { verdictText } from './text.ts';

/** Of the heap, MiB. A recording at the bounds of quality/recordings/limits.ts takes about so much. */
const defaultMemoryMb = 2_048;

/** In the environment of the process whose memory is bounded. */
const boundedMark = 'CALLSCOPE_JUDGE_BOUNDED';

export interface CliResult {
  readonly exitCode: 0 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

/** The whole command, without touching the process. */
export async function runJudge(args: readonly string[]): Promise<CliResult> {
  if (args.includes('--help') || args.includes('-h')) return { exitCode: 0, stdout: help, stderr: '' };
  const command = commandOf(args);
  if (typeof command === 'string') return failed(command);
  const { file, json, windows, limits } = command;
  let verdict: Verdict;
  try {
    verdict = verdictOf(await readRecordingFile(file, limits));
  } catch (error) {
    if (error instanceof RecordingError) return failed(`${file}: ${error.message}`);
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    return failed(`${file} cannot be read: ${(error as Error).message}`);
  }
  if (!json) return { exitCode: 0, stdout: verdictText(verdict), stderr: '' };
  const { windows: all, ...rest } = verdict;
  const printed = windows ? { ...rest, windows: all } : rest;
  return { exitCode: 0, stdout: `${plain(JSON.stringify(printed, null, 2))}\n`, stderr: '' };
}

interface Command {
  readonly file: string;
  readonly json: boolean;
  readonly windows: boolean;
  readonly limits: Limits;
  readonly memoryMb: number;
}

/** @returns what is wrong, in words */
function commandOf(args: readonly string[]): Command | string {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return `${(error as Error).message}\n\n${help}`;
  }
  const { values, positionals } = parsed;
  const [file] = positionals;
  if (file === undefined) return `no recording given\n\n${help}`;
  if (positionals.length > 1) return `one recording expected, got ${positionals.length}`;
  const samples = wholeNumber(values['max-samples'], defaultLimits.samples);
  const megabytes = wholeNumber(values['max-mb'], defaultLimits.textLength / 2 ** 20, 500);
  if (samples === undefined) return `--max-samples ${values['max-samples']} is no whole number above 0`;
  const memoryMb = wholeNumber(values['max-memory-mb'], defaultMemoryMb);
  if (memoryMb === undefined) return `--max-memory-mb ${values['max-memory-mb']} is no whole number above 0`;
  if (megabytes === undefined) return `--max-mb ${values['max-mb']} is no whole number from 1 to 500`;
  return {
    // npm changes to the project's folder first; the file is meant from where the user stands.
    file: resolve(process.env.INIT_CWD ?? '.', file),
    json: values.json === true,
    windows: values.windows === true,
    limits: { ...defaultLimits, samples, textLength: megabytes * 2 ** 20 },
    memoryMb,
  };
}

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      windows: { type: 'boolean' },
      'max-samples': { type: 'string' },
      'max-mb': { type: 'string' },
      'max-memory-mb': { type: 'string' },
    },
  });

function wholeNumber(
  given: string | undefined,
  otherwise: number,
  highest = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (given === undefined) return otherwise;
  const value = Number(given);
  return /^\d+$/.test(given) && value >= 1 && value <= highest ? value : undefined;
}

const failed = (message: string): CliResult => ({
  exitCode: 2,
  stdout: '',
  stderr: `${plain(`judge: ${message}`).trimEnd()}\n`,
});

const help = `Usage: npm run judge -- FILE [--json] [--windows]

Judges a recorded call as a live one is judged: connections, scores per stream, issues with their causes, timeline.
FILE is a webrtc-internals dump, an rtcstats dump (jitsi's, or file format 3), or an export of Callscope; plain or
packed with gzip. Which of them it is, is told by its content. docs/recordings.md describes them.

  --json             print JSON: recording, connections, scores, incidents, timeline
  --windows          with --json: every window of every stream too
  --max-samples N    most samples taken in, default ${defaultLimits.samples}; one is about half a kilobyte of memory
  --max-mb N         longest webrtc-internals dump, MiB, 1 to 500, default ${defaultLimits.textLength / 2 ** 20}
  --max-memory-mb N  most memory that reading and judging may take, MiB, default ${defaultMemoryMb}
`;

/**
 * The command in a process whose memory ends where the limit says, with an error: what a file holds is not known before
 * it is read. A thread would not do: when memory ends in the middle of parsing, the whole process does.
 */
async function inBoundedMemory(args: readonly string[]): Promise<CliResult> {
  const command = commandOf(args);
  if (typeof command === 'string') return runJudge(args);
  const { file, memoryMb } = command;
  const child = spawn(process.execPath, [`--max-old-space-size=${memoryMb}`, import.meta.filename, ...args], {
    env: { ...process.env, [boundedMark]: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  // V8 aborts when its heap ends; the system kills when its own does.
  if (signal === 'SIGABRT' || signal === 'SIGKILL') {
    return failed(
      `${file}: it takes more than ${memoryMb} MiB of memory to read; raise it with --max-memory-mb`,
    );
  }
  if (code !== 0 && code !== 2) throw new Error(`judging ended with ${signal ?? code}: ${stderr}`);
  return { exitCode: code, stdout, stderr };
}

if (import.meta.main) {
  const { exitCode, stdout, stderr } = await (process.env[boundedMark] ? runJudge : inBoundedMemory)(
    process.argv.slice(2),
  );
  // `| head` closes the pipe before everything is read: that is its right.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exitCode;
}

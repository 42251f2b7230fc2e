/** Runs a program to its end: at low priority, since calls come first, and never longer than this process lives. */
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RecorderError } from '../errors.ts';

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly debianPackage: string;
  /** Its standard input. @default empty */
  readonly input?: AsyncIterable<Buffer>;
  /** Without any end by then it is taken for hung, ms. */
  readonly limitMs: number;
}

const keptErrorChars = 2_000;
/** Of standard output; what is asked for is text. */
const mostOutputChars = 4 * 1024 * 1024;

/** @returns its standard output. @throws RecorderError program_failed, program_missing; or what the input throws */
export async function runProgram(options: ProgramOptions): Promise<string> {
  const { command, args, debianPackage, input, limitMs } = options;
  // A finisher that is killed takes its programs along: two of them must not write one file.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'nice', '-n', '10', command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output.length < mostOutputChars) output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-keptErrorChars);
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new RecorderError('program_missing', `${debianPackage}: ${error.message}`)),
    );
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(output);
      if (code === 127) {
        return reject(
          new RecorderError('program_missing', `${command} is not there: apt-get install ${debianPackage}`),
        );
      }
      const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
      reject(new RecorderError('program_failed', `${command} ${how}: ${errors.trim()}`));
    });
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  child.stdin.on('error', () => {});
  const fed = pipeline(Readable.from(input ?? []), child.stdin).catch((error: NodeJS.ErrnoException) => {
    // A program that ended does not read to the end; how it ended says more.
    if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    child.kill('SIGKILL');
    throw error;
  });
  try {
    const [said] = await Promise.all([ended, fed]);
    return said;
  } finally {
    clearTimeout(timer);
  }
}

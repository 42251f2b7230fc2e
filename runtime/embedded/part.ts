/**
 * One part of the stack: a server in its own process, owned by the process that started it.
 * - It never outlives its starter, not even one killed by SIGKILL (`setpriv --pdeathsig`, and the end of stdin).
 * - It counts as started once it answers, not once it runs.
 * - Where it has a data folder, it is alone there: the kernel holds the lock (`flock`), so a crash leaves none.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { portAnswers } from './ports.ts';

export interface Embedded {
  readonly pid: number;
  /** SIGTERM, then SIGKILL when that takes too long. Resolves once the process is gone; may be called again. */
  stop(): Promise<void>;
  /** The exit code, null when ended by a signal. Never rejects. */
  readonly exited: Promise<number | null>;
}

/** One line of the part's own output. */
export type LineLog = (line: string) => void;

export type EmbeddedErrorCode =
  | 'in_use'
  | 'port_busy'
  | 'not_installed'
  | 'start_failed'
  | 'start_timeout'
  | 'aborted';

/** Thrown by the `start…` functions; the message says which part, where, and what to do. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
  readonly code: EmbeddedErrorCode;
  constructor(code: EmbeddedErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface PartSpec {
  /** As people call it, for messages. */
  readonly name: string;
  /** The Debian package that holds the command, where it is one. */
  readonly debianPackage?: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd: string;
  /** Made when missing, and locked while the part runs. */
  readonly dataDir?: string;
  /** Where it can be asked. @default 127.0.0.1 */
  readonly host?: string;
  readonly port: number;
  /** Asked again and again until true. A rejection counts as false; its message explains a start that fails. */
  readonly answers: () => Promise<boolean>;
  readonly log?: LineLog | undefined;
  /** @default 10 s */
  readonly stopLimitMs?: number;
  /** Ends an unfinished start. */
  readonly signal?: AbortSignal | undefined;
}

const startLimitMs = 60_000;
const defaultStopLimitMs = 10_000;
const pollMs = 25;
/** Lines of output kept to explain a failed start. */
const keptLines = 20;
/** `flock` answers with this code when another process holds the lock. */
const lockedExitCode = 75;
/** `setpriv` and `flock` (and the shell) answer with these when there is no such command. */
const commandNotFoundExitCodes = new Set([126, 127]);

/** @throws EmbeddedError when the part does not come to answer; nothing is left running then. */
export async function startPart(spec: PartSpec): Promise<Embedded> {
  // Asked beforehand: coturn would go on trying to bind, and a stranger's answer must not pass for the part's.
  if (await portAnswers(spec.port, spec.host)) throw portBusy(spec);
  const { child, exited } = spawnOwned(spec);
  const lastLines = readLines(child, spec.log);
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), spec.stopLimitMs ?? defaultStopLimitMs);
    await exited;
    clearTimeout(timer);
  };
  let ended: { code: number | null } | undefined;
  void exited.then((code) => {
    ended = { code };
  });

  const deadline = Date.now() + startLimitMs;
  let refusal = 'no answer';
  const answers = () =>
    spec.answers().catch((error: unknown) => {
      refusal = error instanceof Error ? error.message : String(error);
      return false;
    });
  while (!(await answers())) {
    if (ended) throw await explainExit(spec, ended.code, lastLines);
    if (spec.signal?.aborted) {
      await stop();
      throw new EmbeddedError('aborted', `${spec.name}: stopped while starting.`);
    }
    if (Date.now() > deadline) {
      await stop();
      throw new EmbeddedError(
        'start_timeout',
        `${spec.name} on port ${spec.port} was not ready within ${startLimitMs / 1000} s: ${refusal}.${quote(lastLines)}`,
      );
    }
    await delay(pollMs);
  }
  // Whatever answered must be this child: one that ended has left its port to somebody else.
  if (ended) throw await explainExit(spec, ended.code, lastLines);
  return { pid: child.pid!, stop, exited };
}

/** setpriv and flock replace themselves by the command, so the child's pid is the part's own. */
function spawnOwned(spec: PartSpec): { child: ChildProcess; exited: Promise<number | null> } {
  const { dataDir, command, args } = spec;
  if (dataDir) mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = dataDir
    ? [
        'flock',
        '--nonblock',
        '--no-fork',
        '--conflict-exit-code',
        `${lockedExitCode}`,
        path.join(dataDir, 'lock'),
      ]
    : [];
  // setpriv goes first: the death signal survives exec, and the moment in which a dying starter goes unseen
  // stays short. Detached, that is in a session of its own: a Ctrl-C in the terminal is for the starter, who
  // stops its parts in order.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', ...lock, command, ...args], {
    cwd: spec.cwd,
    env: spec.env ?? process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdin?.on('error', () => {}); // a part that ended must not end us by EPIPE
  const exited = new Promise<number | null>((resolve) => {
    child.on('exit', (code) => resolve(code));
    child.on('error', () => resolve(127));
  });
  return { child, exited };
}

function readLines(child: ChildProcess, log: LineLog | undefined): string[] {
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      last.push(line);
      if (last.length > keptLines) last.shift();
      log?.(line);
    });
  }
  return last;
}

async function explainExit(spec: PartSpec, code: number | null, lines: string[]): Promise<EmbeddedError> {
  const { name, dataDir, host, port } = spec;
  if (code === lockedExitCode && dataDir) {
    return new EmbeddedError(
      'in_use',
      `${name}: the data folder ${dataDir} is in use by another process. Stop that one, or choose another folder.`,
    );
  }
  if (code !== null && commandNotFoundExitCodes.has(code)) {
    return new EmbeddedError(
      'not_installed',
      `${name} cannot be started: ${spec.command} (or setpriv, flock) is missing. Run: apt-get install -y ${spec.debianPackage ?? 'util-linux'}`,
    );
  }
  if (await portAnswers(port, host)) return portBusy(spec);
  return new EmbeddedError('start_failed', `${name} ended while starting (${endOf(code)}).${quote(lines)}`);
}

const portBusy = ({ name, port }: PartSpec) =>
  new EmbeddedError(
    'port_busy',
    `${name} cannot listen on port ${port}: another process does. Stop it, or choose another port.`,
  );

/** How a process ended, in words. */
export const endOf = (code: number | null) => (code === null ? 'by a signal' : `exit code ${code}`);

const quote = (lines: string[]) => (lines.length ? ` Its last words:\n  ${lines.join('\n  ')}` : '');

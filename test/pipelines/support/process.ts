/** The pipelines as a process of their own, as they run for real. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.join(import.meta.dirname, '..', '..', '..');

export interface PipelinesProcess {
  readonly child: ChildProcess;
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Lines of its log so far. */
  readonly log: string[];
  /** Resolves once it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

/** @throws Error with its output when it does not get ready */
export async function startPipelines(env: Record<string, string>): Promise<PipelinesProcess> {
  const child = spawn(process.execPath, [path.join(root, 'pipelines/main.ts')], {
    env: {
      ...process.env,
      CALLSCOPE_PIPELINES_PORT: '0',
      CALLSCOPE_SUPERVISED: '1',
      CALLSCOPE_LOG_LEVEL: 'debug',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  child.stderr.on('data', (bytes) => log.push(String(bytes)));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.push(line);
      const said = JSON.parse(line) as { msg?: string; address?: string };
      if (said.msg === 'ready') resolve(said.address!);
    });
    void exited.then(([code]) => reject(new Error(`the pipelines ended with ${code}:\n${log.join('\n')}`)));
  });
  return {
    child,
    url,
    log,
    async end(signal) {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}

/** Asks again and again until it holds. @throws Error that names what was waited for */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  limitMs: number,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

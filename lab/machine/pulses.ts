/** Slows a process down as a device or host that is too weak would: it gets only part of the time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('pulser.ts', import.meta.url));

export interface Pulses {
  /** Of the first stop, epoch ms. */
  readonly startedAtMs: number;
  /** The process runs freely again afterwards. */
  end(): Promise<void>;
}

/** @throws Error when it does not begin */
export async function startPulses(pid: number, stopMs: number, runMs: number): Promise<Pulses> {
  const child = spawn(process.execPath, [script, String(pid), String(stopMs), String(runMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const first = await Promise.race([once(child.stdout, 'data'), exited.then(() => null)]);
  if (first === null) throw new Error(`the pulser of process ${pid} ended before it began`);
  return {
    startedAtMs: Number(String(first[0]).trim()),
    async end() {
      child.stdin.end();
      await exited;
    },
  };
}

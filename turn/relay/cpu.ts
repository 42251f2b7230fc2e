/** CPU time of a process, from /proc (proc(5), `stat`: fields 14 and 15 in clock ticks). */
import { readFileSync } from 'node:fs';

/** Linux has 100 a second on every architecture that Node runs on (USER_HZ). */
const ticksPerSecond = 100;

/** @returns seconds of CPU used so far; undefined when the process is gone */
export function cpuSeconds(pid: number): number | undefined {
  try {
    return readCpuSeconds(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param stat the file's text: the second field, a name in brackets, may hold spaces and brackets itself */
export function readCpuSeconds(stat: string): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks / ticksPerSecond : undefined;
}

/** Share of the given cores since the last call; undefined at first, and after the process changed. */
export function cpuMeter(cores: number): (pid: number, nowMs: number) => number | undefined {
  let last: { readonly pid: number; readonly seconds: number; readonly atMs: number } | undefined;
  let ratio: number | undefined;
  return (pid, nowMs) => {
    const seconds = cpuSeconds(pid);
    if (seconds === undefined || last?.pid !== pid) {
      last = seconds === undefined ? undefined : { pid, seconds, atMs: nowMs };
      ratio = undefined;
      return ratio;
    }
    const elapsedMs = nowMs - last.atMs;
    // A tick is 10 ms: over less than a second the figure would jump.
    if (elapsedMs < 900) return ratio;
    ratio = (seconds - last.seconds) / (elapsedMs / 1000) / cores;
    last = { pid, seconds, atMs: nowMs };
    return ratio;
  };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { busiestSince, workedBetween } from '../../../lab/machine/processes.ts';
import { startPulses } from '../../../lab/machine/pulses.ts';

let victim: ChildProcess | undefined;
afterEach(() => void victim?.kill('SIGKILL'));

/** State letter of /proc/PID/stat: T when stopped. */
const stateOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]![0];

describe('pulses', () => {
  it('stop a process and let it run in turns, and leave it running', async () => {
    victim = spawn('sleep', ['60']);
    await once(victim, 'spawn');
    const pid = victim.pid!;
    const before = Date.now();
    const pulses = await startPulses(pid, 80, 80);
    expect(pulses.startedAtMs).toBeGreaterThanOrEqual(before);
    const seen = new Set<string | undefined>();
    for (let i = 0; i < 60 && seen.size < 2; i++) {
      seen.add(stateOf(pid));
      await sleep(10);
    }
    expect(seen).toContain('T');
    expect(seen.size).toBe(2);
    await pulses.end();
    await sleep(50);
    expect(stateOf(pid)).not.toBe('T');
  });

  it('end by themselves when the process is gone', async () => {
    victim = spawn('sleep', ['60']);
    await once(victim, 'spawn');
    const pulses = await startPulses(victim.pid!, 20, 20);
    victim.kill('SIGKILL');
    await once(victim, 'exit');
    await pulses.end();
  });
});

describe('the renderer of a page', () => {
  const before = new Map([
    [1, 5],
    [2, 0.02],
  ]);
  const joined = new Map([
    [1, 5.05],
    [2, 0.8],
    [3, 0.6],
    [4, 0.01],
  ]);
  it('is among those that worked while the page was opened', () => {
    expect([...workedBetween(before, joined).keys()]).toEqual([2, 3]);
  });
  it('is the one that went on working', () => {
    const later = new Map([
      [1, 9],
      [2, 0.81],
      [3, 4.2],
    ]);
    expect(busiestSince(workedBetween(before, joined), later)).toBe(3);
  });
  it('may be gone', () => {
    expect(() => busiestSince(workedBetween(before, joined), new Map())).toThrow(/gone/);
  });
});

import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../lab/network/random.ts';
import { createSchedule } from '../../../lab/network/schedule.ts';

/** Runs a schedule in real time until everything added was done. */
async function runAll(times: number[]): Promise<{ atMs: number; doneMs: number; index: number }[]> {
  const start = performance.now();
  const clock = () => performance.now() - start;
  const done: { atMs: number; doneMs: number; index: number }[] = [];
  await new Promise<void>((resolve) => {
    const schedule = createSchedule<{ atMs: number; index: number }>((item) => {
      done.push({ ...item, doneMs: clock() });
      if (done.length === times.length) resolve();
    }, clock);
    for (const [index, atMs] of times.entries()) schedule.add(atMs, { atMs, index });
  });
  return done;
}

describe('schedule', () => {
  it('does things in order of time, and of arrival where the times are equal', async () => {
    const random = createRandom(3);
    const times = Array.from({ length: 400 }, () => Math.floor(random() * 50));
    const done = await runAll(times);
    const expected = times
      .map((atMs, index) => ({ atMs, index }))
      .sort((a, b) => a.atMs - b.atMs || a.index - b.index);
    expect(done.map(({ atMs, index }) => ({ atMs, index }))).toEqual(expected);
  });

  it('does nothing earlier than a millisecond before its time', async () => {
    const done = await runAll(Array.from({ length: 100 }, (_, i) => i * 1.7));
    expect(Math.min(...done.map(({ atMs, doneMs }) => doneMs - atMs))).toBeGreaterThan(-1);
  });

  it('forgets everything when cleared', async () => {
    let runs = 0;
    const schedule = createSchedule(
      () => runs++,
      () => performance.now(),
    );
    schedule.add(performance.now() + 5, 'never');
    schedule.clear();
    expect(schedule.size).toBe(0);
    await runAll([20]);
    expect(runs).toBe(0);
  });
});

describe('random', () => {
  it('is uniform over ten bins', () => {
    const random = createRandom(42, 'bins');
    const bins = Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) bins[Math.floor(random() * 10)]!++;
    for (const count of bins) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });

  it('repeats under one seed and label, and differs under others', () => {
    const first = (seed: number, label: string) => {
      const random = createRandom(seed, label);
      return [random(), random(), random()];
    };
    expect(first(1, 'a')).toEqual(first(1, 'a'));
    expect(first(1, 'a')).not.toEqual(first(2, 'a'));
    expect(first(1, 'a')).not.toEqual(first(1, 'b'));
  });
});

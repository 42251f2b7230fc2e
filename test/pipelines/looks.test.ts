import { describe, expect, it } from 'vitest';
import { Looks } from '../../pipelines/looks.ts';

/** Moments at which a call is looked at, asked every 250 ms, where a sample of `t` is known `lateMs` later. */
function looked(samplesMs: readonly number[], lateMs: number, untilMs: number): number[] {
  const looks = new Looks(500);
  const moments: number[] = [];
  for (let nowMs = 10_000; nowMs <= untilMs; nowMs += 250) {
    const newest = Math.max(0, ...samplesMs.filter((t) => t + lateMs <= nowMs));
    if (looks.due('call', newest, nowMs)) moments.push(nowMs);
  }
  return moments;
}

const everySecond = (fromMs: number, count: number) =>
  Array.from({ length: count }, (_, i) => fromMs + i * 1_000);

describe('when a call is looked at', () => {
  it('is at the first asking after its samples came in, once for each and half a second apart', () => {
    expect(looked(everySecond(9_640, 5), 500, 14_000)).toEqual([10_000, 10_500, 11_250, 12_250, 13_250]);
  });

  it('is still every 1.25 s when nothing comes any more', () => {
    expect(looked([9_000], 500, 15_000)).toEqual([10_000, 11_250, 12_500, 13_750, 15_000]);
  });

  it('is not more often than twice a second, however often news come', () => {
    const often = Array.from({ length: 50 }, (_, i) => 9_600 + i * 100);
    expect(looked(often, 0, 12_000)).toEqual([10_000, 10_500, 11_000, 11_500, 12_000]);
  });

  it('tells calls apart and knows nothing of what it has forgotten', () => {
    const looks = new Looks(500);
    expect(looks.due('a', 1_000, 2_000)).toBe(true);
    expect(looks.due('b', 1_000, 2_000)).toBe(true);
    expect(looks.due('a', 1_000, 2_250)).toBe(false);
    looks.forget(70_000);
    expect(looks.due('a', 1_000, 70_000)).toBe(true);
  });
});

import { expect, test } from 'vitest';
import { RateLimit } from '../../sfu/RateLimit.ts';

test('gives a burst at once, then the rate', () => {
  const rate = new RateLimit({ burst: 3, perSecond: 2, nowMs: 0 });
  const taken = [0, 0, 0, 0, 499, 500, 501, 1000].map((at) => rate.take(at));
  expect(taken).toEqual([true, true, true, false, false, true, false, true]);
});

test('a clock set back neither fills nor blocks it', () => {
  const rate = new RateLimit({ burst: 1, perSecond: 1, nowMs: 10_000 });
  expect(rate.take(10_000)).toBe(true);
  expect(rate.take(0)).toBe(false);
  expect(rate.take(1000)).toBe(true);
});

test('is full again only after a rest', () => {
  const rate = new RateLimit({ burst: 2, perSecond: 1, nowMs: 0 });
  rate.take(0);
  expect(rate.isFull(500)).toBe(false);
  expect(rate.isFull(1000)).toBe(true);
});

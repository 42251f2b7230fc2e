import fc from 'fast-check';
import { expect, it } from 'vitest';
import { reconnectDelayMs } from '../../../client/page/backoff.ts';

it.each([
  [0, 0, 0],
  [0, 1, 500],
  [1, 0, 0],
  [3, 0.5, 2_000],
  [4, 1, 8_000],
  // From the fifth on no longer than eight seconds.
  [5, 1, 8_000],
  [40, 1, 8_000],
  [1e9, 1, 8_000],
])('attempt %i at chance %d waits %i ms', (attempt, random, ms) => {
  expect(reconnectDelayMs(attempt, random)).toBe(ms);
});

it('spreads a crowd evenly over the whole wait', () => {
  fc.assert(
    fc.property(
      fc.nat(100),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (attempt, random) => {
        const longest = reconnectDelayMs(attempt, 1);
        expect(Math.abs(reconnectDelayMs(attempt, random) - longest * random)).toBeLessThanOrEqual(0.5);
      },
    ),
  );
});

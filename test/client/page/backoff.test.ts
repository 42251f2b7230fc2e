import fc from 'fast-check';
import { expect, it } from 'vitest';
import { reconnectDelayMs } from '../../../client/page/backoff.ts';

it.each([
  [0, 0, 250],
  [0, 1, 500],
  [1, 0, 500],
  [3, 0.5, 3_000],
  [4, 0, 4_000],
  // From the fifth on no longer than fifteen seconds.
  [5, 1, 15_000],
  [40, 1, 15_000],
  [1e9, 1, 15_000],
])('attempt %i at chance %d waits %i ms', (attempt, random, ms) => {
  expect(reconnectDelayMs(attempt, random)).toBe(ms);
});

it('spreads a crowd over at least half of the wait, and never hammers', () => {
  fc.assert(
    fc.property(
      fc.nat(100),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (attempt, random) => {
        const ms = reconnectDelayMs(attempt, random);
        const longest = reconnectDelayMs(attempt, 1);
        expect(ms).toBeGreaterThanOrEqual(longest / 2);
        expect(ms).toBeLessThanOrEqual(longest);
      },
    ),
  );
});

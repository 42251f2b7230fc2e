import { expect, it } from 'vitest';
import { estimateOffsetMs } from '../../../client/page/clock.ts';

const probe = (sentAtMs: number, roundTripMs: number, serverTimeMs: number) => ({
  sentAtMs,
  receivedAtMs: sentAtMs + roundTripMs,
  serverTimeMs,
});

it('knows nothing without a probe', () => {
  expect(estimateOffsetMs([])).toBeNull();
});

it('takes the middle of the round trip', () => {
  expect(estimateOffsetMs([probe(1_000, 40, 61_020)])).toBe(60_000);
});

it('believes the probe with the shortest round trip, wherever it stands', () => {
  // The clock is 500 ms behind; the slow probes were delayed on one side only, and are wrong by up to 200.
  const slow = probe(1_000, 400, 1_000 + 500 + 390);
  const quick = probe(2_000, 10, 2_000 + 500 + 5);
  const slower = probe(3_000, 410, 3_000 + 500 + 5);
  expect(estimateOffsetMs([slow, quick, slower])).toBe(500);
  expect(estimateOffsetMs([quick, slower, slow])).toBe(500);
});

it('works for a clock that is ahead', () => {
  expect(estimateOffsetMs([probe(10_000, 20, 4_010)])).toBe(-6_000);
});

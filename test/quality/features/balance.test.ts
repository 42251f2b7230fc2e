import { expect, test } from 'vitest';
import type { Counted } from '../../../quality/counters.ts';
import { arrivedOfSent } from '../../../quality/features/balance.ts';

interface Count extends Counted {
  readonly bytes: number | null;
}

const ratio = (sent: readonly Count[], arrived: readonly Count[]) => {
  const bytes = (count: Count) => count.bytes;
  return arrivedOfSent({ samples: sent, bytes }, { samples: arrived, bytes });
};

/** A counter that grows by so much a second, sampled every `everyMs` from `fromMs` on. */
const counts = (bytesPerSecond: number, fromMs: number, everyMs: number, samples: number): Count[] =>
  Array.from({ length: samples }, (_, i) => ({
    session_id: '',
    stat_id: '',
    transport_id: '',
    time: fromMs + i * everyMs,
    bytes: 5_000 + (bytesPerSecond * i * everyMs) / 1000,
  }));

test('samples of both ends need not be taken at the same time', () => {
  expect(ratio(counts(90_000, 130, 1_000, 8), counts(90_000, 700, 2_000, 4))).toBeCloseTo(1, 6);
  expect(ratio(counts(90_000, 130, 1_000, 8), counts(45_000, 700, 2_000, 4))).toBeCloseTo(0.5, 6);
});

test('speaks of the newest 2 s that both know', () => {
  const arrived = counts(90_000, 0, 1_000, 6).map((c, i) => ({ ...c, bytes: i < 4 ? c.bytes : 275_000 }));
  // Of the two seconds before 5 s, nothing came in the last.
  expect(ratio(counts(90_000, 0, 1_000, 9), arrived)).toBeCloseTo(0, 6);
});

test.each([
  ['nothing known', [], counts(90_000, 0, 1_000, 5)],
  ['a span that is not covered', counts(90_000, 4_000, 1_000, 2), counts(90_000, 0, 1_000, 6)],
  ['hardly anything sent', counts(3_000, 0, 1_000, 6), counts(1_000, 0, 1_000, 6)],
  ['a count that began anew', counts(90_000, 0, 1_000, 6), counts(-2_000, 0, 1_000, 6)],
  [
    'a sample without the count',
    counts(90_000, 0, 1_000, 6),
    counts(90_000, 0, 1_000, 6).map((count) => ({ ...count, bytes: null })),
  ],
])('says nothing of %s', (_, sent, arrived) => {
  expect(ratio(sent, arrived)).toBeUndefined();
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { burnOf, sumsOf, thresholdOf, windowPairs } from '../../alerts/burn.ts';
import { sloNamed } from '../../alerts/slos/list.ts';
import { minutesOf, randomOf } from './support/series.ts';

const [hour] = windowPairs;
const join = sloNamed('join-success');

test('sums over any span are those of adding up', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 40 }),
      fc.integer({ min: -5, max: 65 }),
      fc.integer({ min: 0, max: 70 }),
      (unsorted, from, length) => {
        const minutes = unsorted.toSorted((a, b) => a - b);
        const total = minutes.map((m) => m + 2);
        const sums = sumsOf({ minutes, good: total.map((t) => t - 1), total });
        const wanted = minutes.filter((m) => m >= from && m < from + length);
        expect(sums.total(from, from + length)).toBe(wanted.reduce((sum, m) => sum + m + 2, 0));
        expect(sums.good(from, from + length)).toBe(wanted.reduce((sum, m) => sum + m + 1, 0));
      },
    ),
  );
});

describe('a pair of windows', () => {
  const at = (badRatio: (minute: number) => number, events = 100) =>
    burnOf(join, sumsOf(minutesOf(0, 60, () => events, badRatio, randomOf(1))), hour!, 60);

  test.each([
    ['burns when both windows do', () => 0.02, true],
    [
      'does not when only the last minutes are bad and the budget of the hour is not touched',
      (m: number) => (m >= 59 ? 0.3 : 0),
      false,
    ],
    ['does not when it is over', (m: number) => (m < 50 ? 0.1 : 0), false],
    ['does not within the budget', () => 0.0005, false],
  ])('%s', (_name, badRatio, burns) => {
    expect(at(badRatio).burns).toBe(burns);
  });

  test('says nothing of few failures: two of four joins are no trend', () => {
    const few = burnOf(join, sumsOf({ minutes: [10, 57], good: [0, 1], total: [2, 2] }), hour!, 60);
    expect(few).toMatchObject({ burns: false, bad: 3 });
  });

  test('knows nothing where there are no events', () => {
    expect(burnOf(join, sumsOf({ minutes: [], good: [], total: [] }), hour!, 60)).toMatchObject({
      burn: undefined,
      burns: false,
    });
  });

  test('a budget of a tenth can burn only ten times as fast: the threshold is three quarters bad', () => {
    expect(thresholdOf({ objective: 0.999 }, hour!)).toBe(14.4);
    expect(thresholdOf({ objective: 0.95 }, hour!)).toBe(14.4);
    expect(thresholdOf({ objective: 0.9 }, hour!)).toBeCloseTo(7.5);
  });
});

import { describe, expect, it } from 'vitest';
import {
  difference,
  increase,
  longestGapMs,
  perSecond,
  share,
  signedDifference,
} from '../../quality/counters.ts';

const points = (
  values: [time: number, value: number | null][],
  life: Partial<{ ssrc: number; session_id: string }> = {},
) =>
  values.map(([time, value]) => ({
    time,
    value,
    session_id: 's',
    stat_id: 'i',
    transport_id: 't',
    ssrc: 1,
    ...life,
  }));
const value = (p: { value: number | null }) => p.value;

describe('difference', () => {
  const cases: [name: string, before: number, after: number, expected: number][] = [
    ['grows', 10, 25, 15],
    ['stands still', 10, 10, 0],
    ['wraps at 32 bits', 2 ** 32 - 10, 5, 15],
    ['starts anew after a reset', 50_000, 120, 120],
    ['starts anew near the top of 32 bits only if it lands near the bottom', 2 ** 32 - 10, 2 ** 31, 2 ** 31],
  ];
  it.each(cases)('%s', (_, before, after, expected) => expect(difference(before, after)).toBe(expected));

  it('lets a signed counter fall by a few, and takes a big fall for a new start', () => {
    expect(signedDifference(100, 97)).toBe(-3);
    expect(signedDifference(5_000, 3)).toBe(3);
  });
});

describe('increase', () => {
  const span = { fromMs: 1_000, toMs: 6_000 };

  it('gives the same rate whatever the polling interval', () => {
    const rates = [100, 250, 1_000, 2_000, 5_000].map((stepMs) => {
      const samples = [];
      for (let time = -stepMs; time <= 6_000 + stepMs; time += stepMs)
        samples.push([time, 3 * time + 90_000] as [number, number]);
      return perSecond(increase(points(samples), value, span))!;
    });
    for (const rate of rates) expect(rate).toBeCloseTo(3_000, 6);
  });

  it('adds up over neighbouring spans', () => {
    const samples = points([
      [0, 0],
      [2_300, 700],
      [4_100, 720],
      [7_000, 3_000],
    ]);
    const parts = [
      [0, 1_500],
      [1_500, 4_000],
      [4_000, 7_000],
    ].map(([fromMs, toMs]) => increase(samples, value, { fromMs: fromMs!, toMs: toMs! })!.amount);
    expect(parts.reduce((a, b) => a + b)).toBeCloseTo(3_000, 6);
  });

  it('takes no difference across lives: another SSRC, another page load', () => {
    for (const next of [{ ssrc: 2 }, { session_id: 's2' }]) {
      const samples = [
        ...points([
          [1_000, 900],
          [2_000, 1_000],
        ]),
        ...points(
          [
            [3_000, 10],
            [4_000, 30],
          ],
          next,
        ),
      ];
      expect(increase(samples, value, span)).toEqual({ amount: 120, coveredMs: 2_000 });
    }
  });

  it('counts what came since a reset within one life', () => {
    expect(
      increase(
        points([
          [1_000, 900],
          [2_000, 40],
          [3_000, 60],
        ]),
        value,
        span,
      )?.amount,
    ).toBe(60);
  });

  it.each([
    ['there is one sample', points([[2_000, 5]])],
    [
      'the source never said',
      points([
        [1_000, null],
        [2_000, null],
      ]),
    ],
    [
      'the gap is longer than says anything',
      points([
        [0, 5],
        [longestGapMs + 1, 9],
      ]),
    ],
    [
      'no pair touches the span',
      points([
        [6_000, 5],
        [7_000, 9],
      ]),
    ],
    [
      'time stands still',
      points([
        [2_000, 5],
        [2_000, 9],
      ]),
    ],
  ])('is unknown when %s', (_, samples) => expect(increase(samples, value, span)).toBeUndefined());
});

describe('share', () => {
  it.each([
    [1, 3, 0.25],
    [0, 5, 0],
    [-2, 5, 0],
    [0, 0, undefined],
    [undefined, 5, undefined],
  ])('%s of it and %s of the rest: %s', (part, rest, expected) => expect(share(part, rest)).toBe(expected));
});

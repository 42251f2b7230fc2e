import { expect, test } from 'vitest';
import { commonFactors } from '../../alerts/factors.ts';

const country = (value: string, people: number, bad: number) => ({
  dimension: 'country',
  value,
  people,
  bad,
});

test('the relative risk and its interval are those of the textbook', () => {
  const [found] = commonFactors([country('DE', 100, 40), country('FR', 300, 12)]);
  // 40.5/101 over 12.5/301; Katz: exp(ln rr - 1.96 sqrt(1/40.5 - 1/101 + 1/12.5 - 1/301)).
  expect(found).toMatchObject({ value: 'DE', otherPeople: 300, otherBad: 12 });
  expect(found!.relativeRisk).toBeCloseTo(9.656, 2);
  expect(found!.atLeast).toBeCloseTo(5.335, 2);
  expect(found!.share).toBeCloseTo(40 / 52, 5);
});

test.each([
  ['everybody suffers alike', [country('DE', 100, 10), country('FR', 100, 10)]],
  ['the group is small', [country('DE', 19, 10), country('FR', 300, 1)]],
  ['there is nobody to compare with', [country('DE', 100, 50), country('FR', 10, 0)]],
  ['it holds few of those who suffer', [country('DE', 30, 6), country('FR', 1000, 60)]],
  ['nobody knows the value', [country('', 100, 50), country('FR', 100, 0)]],
])('nothing stands out where %s', (_name, counts) => {
  expect(commonFactors(counts)).toEqual([]);
});

test('the surest leads, not the highest', () => {
  const factors = commonFactors([
    country('DE', 400, 200),
    country('FR', 400, 20),
    { dimension: 'browser', value: 'X', people: 25, bad: 22 },
    { dimension: 'browser', value: 'Y', people: 40, bad: 1 },
  ]);
  expect(factors[0]!.dimension).toBe('country');
});

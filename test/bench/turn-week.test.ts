import { expect, it } from 'vitest';
import { demandOf, regions, steps } from '../../bench/turn-week/demand.ts';
import { forecastHours } from '../../bench/turn-week/scalers.ts';
import { playWeek } from '../../bench/turn-week/world.ts';

const quiet = { deaths: new Set<number>(), flapFrom: steps, flapSteps: 0, blindFrom: steps, blindSteps: 0 };

it('makes the same week from the same seed, and another from another', () => {
  expect(demandOf('eu', 3)).toEqual(demandOf('eu', 3));
  expect(demandOf('eu', 3)).not.toEqual(demandOf('eu', 4));
  for (const region of regions) expect(Math.min(...demandOf(region, 1))).toBeGreaterThan(0);
});

it('counts relay-hours and saturated minutes of a fleet that never changes', () => {
  const still = { start: 0, resume: [], drain: [], remove: [] };
  const week = (load: number, startWith: number) =>
    playWeek({
      region: 'eu',
      demand: new Float64Array(steps).fill(load),
      faults: quiet,
      seed: 1,
      startWith,
      scaler: () => still,
    });
  expect(week(1.7, 2)).toMatchObject({ saturatedMinutes: 0, reversals: 0 });
  expect(week(1.7, 2).relayHours).toBeCloseTo(2 * 168);
  expect(week(1.9, 2).saturatedMinutes).toBe(7 * 24 * 60);
});

it('moves part of the calls off full relays once another is there', () => {
  // Two full relays, 90 s until the third: without moving, 25-minute calls would keep them full for long after it.
  const from = 400;
  const demand = new Float64Array(steps).fill(1.7).fill(2.4, from);
  const { saturatedMinutes } = playWeek({
    region: 'eu',
    demand,
    faults: quiet,
    seed: 1,
    startWith: 2,
    scaler: (_view, { step }) => ({ start: step === from ? 1 : 0, resume: [], drain: [], remove: [] }),
  });
  expect(saturatedMinutes).toBeGreaterThan(0);
  expect(saturatedMinutes).toBeLessThanOrEqual(3);
});

it('takes the least that carries the demand for the perfect forecast, and one more where it must spare one', () => {
  const demand = new Float64Array(steps).fill(2.6);
  expect(forecastHours(demand, 0)).toBeCloseTo(3 * 168);
  expect(forecastHours(demand, 1)).toBeCloseTo(4 * 168);
});

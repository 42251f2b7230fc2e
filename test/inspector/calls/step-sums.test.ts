import { describe, expect, it } from 'vitest';
import { stepsOf } from '../../../inspector/calls/series.ts';
import { StepSums } from '../../../inspector/calls/step-sums.ts';

const row = (time: number, value: number | null, stat = 's') => ({
  transport_id: 't',
  stat_id: stat,
  time,
  value,
});
const of = (r: ReturnType<typeof row>) => r.value;
const steps = { from: 0, stepMs: 1_000, steps: 6 };

describe('counters', () => {
  it('are spread over the time between two samples, wherever steps end', () => {
    const sums = StepSums.ofCounter([row(500, 0), row(2_500, 2_000)], of, steps);
    expect(sums.perSecond()).toEqual([1_000, 1_000, 1_000, null, null, null]);
  });
  it('add up over streams, per second of known time', () => {
    const rows = [row(0, 0), row(2_000, 200), row(0, 0, 'b'), row(2_000, 400, 'b')];
    expect(StepSums.ofCounter(rows, of, steps).perSecond()[0]).toBe(300);
    expect(StepSums.ofCounter(rows, of, steps).meanPerSecond()[0]).toBe(150);
  });
  it('that start anew tell nothing of the time before', () => {
    const rows = [row(0, 900), row(1_000, 1_000), row(2_000, 5), row(3_000, 105)];
    expect(StepSums.ofCounter(rows, of, steps).perSecond()).toEqual([100, null, 100, null, null, null]);
  });
  it('do not bridge gaps, and skip what is not known', () => {
    expect(
      StepSums.ofCounter([row(0, 0), row(60_000, 9)], of, steps)
        .perSecond()
        .every((v) => v === null),
    ).toBe(true);
    expect(StepSums.ofCounter([row(0, 0), row(500, null), row(1_000, 10)], of, steps).perSecond()[0]).toBe(
      10,
    );
  });
  it('give shares and ratios', () => {
    const lost = StepSums.ofCounter([row(0, 0), row(1_000, 5)], of, steps);
    const got = StepSums.ofCounter([row(0, 0), row(1_000, 95)], of, steps);
    expect(lost.shareOf(got, 100)[0]).toBe(5);
    expect(lost.ratioTo(got, 1)[0]).toBeCloseTo(5 / 95, 3);
  });
});

it('gauges hold until the next sample', () => {
  const values = StepSums.ofGauge([row(0, 4), row(3_000, 8)], of, 'max', steps).values(1);
  expect(values).toEqual([4, 4, 4, 8, null, null]);
});

describe('steps', () => {
  it('are whole seconds, at most as many as asked for and one more', () => {
    expect(stepsOf(10_500, 130_000, 60)).toEqual({ from: 10_000, stepMs: 2_000, steps: 60 });
    expect(stepsOf(0, 3_600_000, 400).steps).toBeLessThanOrEqual(401);
    expect(stepsOf(0, 500, 400)).toEqual({ from: 0, stepMs: 1_000, steps: 1 });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { delayOf, score } from '../../lab/score.ts';
import { cleanRow, found, row } from './rows.ts';

const hit = (detectedMs: number, hop: 'downlink' | 'uplink' = 'downlink') =>
  found('downlink_congestion', detectedMs, { hop });
const alarm = (detectedMs: number) => found('uplink_congestion', detectedMs, { hop: 'uplink', seat: 1 });

describe('score', () => {
  it('adds up a set whose figures are known', () => {
    const { result, counts } = score([
      row([hit(2_000)]),
      row([hit(4_000), hit(8_000)], { severity: 'severe' }),
      row([hit(3_000, 'uplink'), alarm(5_000)], { seed: 2 }),
      row([], { seed: 3 }),
      cleanRow([]),
      cleanRow([alarm(7_000)], { seed: 2 }),
    ]);
    expect(result).toMatchObject({
      runs: 6,
      precision: 0.6, // 3 hits, 2 alarms
      recall: 0.75, // 3 of 4
      causeAccuracy: 0.6667, // 2 of 3
      detectMedianMs: 3_000,
      detectP95Ms: 4_000,
    });
    expect(counts).toMatchObject({ expected: 4, found: 3, falseAlarms: 2, duplicates: 1, sideEffects: 0 });
    // Four lead-ins of 10 s and two clean calls of 30 s, three people each: 300 s, one alarm.
    expect(counts.cleanParticipantHours).toBeCloseTo(300 / 3600, 4);
    expect(counts.falseAlarmsInCleanTime).toBe(1);
    expect(result.falseAlarmsPerCleanHour).toBe(12);
  });

  it('keeps mild faults apart, but not what is false in their clean time', () => {
    const { result, mild, counts } = score([row([alarm(-4_000), hit(2_000)], { severity: 'mild' })]);
    expect(result).toMatchObject({ runs: 0, precision: null, recall: null, byFamily: {} });
    expect(mild['downlink-loss']).toMatchObject({ runs: 1, found: 1, recall: 1, precision: 0.5 });
    expect(counts.falseAlarmsInCleanTime).toBe(1);
    expect(result.falseAlarmsPerCleanHour).toBe(120); // 30 participant-seconds
  });

  it('counts an alarm in the lead-in of a fault as false in clean time, one within the fault not', () => {
    const { counts, result } = score([row([alarm(-1), alarm(1), hit(2_000)])]);
    expect(counts).toMatchObject({ falseAlarms: 2, falseAlarmsInCleanTime: 1 });
    expect(result.precision).toBe(0.3333);
  });

  it('knows nothing of nothing', () => {
    expect(score([])).toMatchObject({
      result: {
        precision: null,
        recall: null,
        causeAccuracy: null,
        detectMedianMs: null,
        detectP95Ms: null,
        falseAlarmsPerCleanHour: null,
        runs: 0,
        byFamily: {},
      },
      byDetector: {},
      confusion: {},
    });
  });

  it('has no precision where nothing was said, and none of zero where only wrong was said', () => {
    expect(score([row([])]).result).toMatchObject({ precision: null, recall: 0 });
    expect(score([row([alarm(2_000)])]).result).toMatchObject({ precision: 0, recall: 0 });
  });

  it('scores a detector on what it is made for, and its word wherever it was right', () => {
    const truth = {
      expected: [{ guilty: 0, hops: ['downlink' as const], kinds: ['high_jitter', 'downlink_congestion'] }],
      sideEffects: [],
      affected: [0],
    };
    const { byDetector } = score([
      row([hit(2_000), found('high_jitter', 3_000)], { truth }),
      row([hit(2_000)], { truth, seed: 2 }),
      row([hit(1_000)], { seed: 3 }),
      cleanRow([alarm(3_000)]),
    ]);
    expect(byDetector.high_jitter).toMatchObject({
      hits: 0,
      duplicates: 1,
      precision: { value: 1, of: 1 },
      recall: { value: 0.5, of: 2 },
      delay: { medianMs: 3_000, p95Ms: 3_000 },
    });
    expect(byDetector.downlink_congestion).toMatchObject({
      hits: 3,
      precision: { value: 1, of: 3 },
      recall: { value: 1, of: 1 },
      delay: { medianMs: 1_000 },
    });
    expect(byDetector.uplink_congestion).toMatchObject({
      falseAlarms: 1,
      precision: { value: 0, of: 1 },
      recall: { value: null, of: 0 },
    });
  });

  it('scores families apart and says what was said of what', () => {
    const { result, confusion } = score([
      row([hit(2_000), found('freeze', 3_000)]),
      row([], { family: 'uplink-loss', seed: 2 }),
      row([alarm(1_000)], { family: 'uplink-loss', severity: 'mild', seed: 3 }),
    ]);
    expect(result.byFamily['downlink-loss']).toMatchObject({
      runs: 1,
      recall: 1,
      precision: 1,
      detectP95Ms: 2_000,
    });
    expect(result.byFamily['uplink-loss']).toMatchObject({ runs: 1, recall: 0, precision: null });
    expect(confusion['downlink-loss']).toEqual({
      said: {
        downlink_congestion: { hit: 1, duplicate: 0, side_effect: 0, false_alarm: 0 },
        freeze: { hit: 0, duplicate: 0, side_effect: 1, false_alarm: 0 },
      },
      missed: 0,
    });
    expect(confusion['uplink-loss']).toMatchObject({ missed: 2 });
  });

  it('does not depend on the order of the rows', () => {
    const rows = [
      row([hit(2_000)]),
      row([alarm(2_000)], { seed: 2 }),
      cleanRow([]),
      row([hit(900, 'uplink')], { seed: 4 }),
    ];
    const whole = score(rows).result;
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
        expect(score(shuffled).result).toEqual(whole);
      }),
    );
  });
});

describe('delayOf', () => {
  it.each([
    [[], null, null],
    [[700], 700, 700],
    [[3, 1, 2], 2, 3],
    [[4, 1, 3, 2], 2, 4],
    [Array.from({ length: 100 }, (_, i) => i + 1), 50, 95],
    [Array.from({ length: 20 }, (_, i) => i + 1), 10, 19],
  ])('%j', (delays, medianMs, p95Ms) => {
    expect(delayOf(delays)).toEqual({ medianMs, p95Ms });
  });
});

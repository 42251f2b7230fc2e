import { describe, expect, it } from 'vitest';
import { readLoopOptions } from '../../../lab/loop/main.ts';
import { type LoopRow, loopReport, loopText } from '../../../lab/loop/report.ts';
import { row } from '../rows.ts';

const run = (loop: LoopRow['loop'], of: Partial<LoopRow>): LoopRow => ({
  ...row([]),
  loop,
  suffered: { frozenSeconds: 0, withheldSeconds: 0, badAudioSeconds: 0, recoverMs: 0 },
  ...of,
});
const fault = { family: 'downlink-bandwidth', severity: 'severe' as const, seed: 100_000 };
const take = (sentMs: number) => ({ kind: 'cap_layers', seat: 1, sentMs, outcome: 'better' });

describe('the comparison', () => {
  const rows = [
    run('off', {
      ...fault,
      suffered: { frozenSeconds: 20, withheldSeconds: 0, badAudioSeconds: 9, recoverMs: null },
      faultEndMs: 15_000,
      endMs: 41_000,
    }),
    run('on', {
      ...fault,
      suffered: { frozenSeconds: 5.5, withheldSeconds: 3, badAudioSeconds: 2, recoverMs: 6_000 },
      decisions: [take(1_400)],
    }),
    run('off', { family: 'clean', severity: 'mild', seed: 100_000 }),
    run('on', {
      family: 'clean',
      severity: 'mild',
      seed: 100_000,
      readyMs: -11_000,
      endMs: 25_000,
      participants: 3,
      decisions: [take(3_000)],
    }),
  ];

  it('sets off and on side by side', () => {
    const { result, cases } = loopReport(rows);
    expect(result).toMatchObject({
      frozenSecondsOff: 20,
      frozenSecondsOn: 5.5,
      withheldSecondsOn: 3,
      badAudioSecondsOff: 9,
      badAudioSecondsOn: 2,
      recoverP95MsOff: 26_000,
      recoverP95MsOn: 6_000,
      actionP95Ms: 1_400,
      withoutAction: 0,
      runs: 4,
    });
    expect(result.cleanDecisionsPerHour).toBeCloseTo(1 / (108_000 / 3_600_000), 1);
    expect(cases.map(({ name }) => name)).toEqual(['downlink-bandwidth severe', 'clean mild']);
    expect(loopText(loopReport(rows))).toMatch(/20 s → 5\.5 s \(73 % fewer\)/);
  });

  it('takes only seeds that were played both ways', () => {
    const { result } = loopReport(rows.slice(1, 2));
    expect(result).toMatchObject({ runs: 0, frozenSecondsOff: null, actionP95Ms: null });
  });

  it('counts a cap that follows a lift within a minute as a reversal', () => {
    const decisions = [
      { ...take(1_000), recoveredMs: 20_000 },
      { ...take(30_000), kind: 'limit_sending' },
      take(40_000),
      take(200_000),
    ];
    expect(loopReport([run('off', fault), run('on', { ...fault, decisions })]).result.flaps).toBe(1);
  });
});

describe('its command line', () => {
  it('has defaults and bounds', () => {
    expect(readLoopOptions([])).toMatchObject({ runs: 1, seed: 0, tune: false, play: true });
    expect(readLoopOptions(['--help'])).toBe('help');
    expect(() => readLoopOptions(['--runs', '0'])).toThrow(/--runs/);
    expect(() => readLoopOptions(['--no-play'])).toThrow(/--resume FILE/);
    expect(() => readLoopOptions(['--publish', '--tune'])).toThrow(/exclude each other/);
    expect(() => readLoopOptions(['--fast'])).toThrow(/--fast/);
  });
});

import { expect, test } from 'vitest';
import { failuresHelp } from '../../../lab/failures/main.ts';
import { failuresText, p95, resultOf, rowOf } from '../../../lab/failures/report.ts';
import type { FailureRun, FailureScenario } from '../../../lab/failures/scenario.ts';

const run = (changes: Partial<FailureRun> = {}): FailureRun => ({
  detectMs: 1_000,
  mitigateMs: null,
  recoverMs: 1_500,
  lost: 0,
  alerts: ['sfu_death'],
  ...changes,
});

test('a run that was not noticed, and one that did not recover, are counted and leave the times alone', () => {
  const result = resultOf([
    run(),
    run({ detectMs: null, alerts: [] }),
    run({ recoverMs: null, lost: 2, also: { gapMs: 7 } }),
    run({ also: { gapMs: 3 } }),
  ]);
  expect(result).toEqual({
    runs: 4,
    detected: 3,
    detectP95Ms: 1_000,
    mitigateP95Ms: null,
    recoverP95Ms: 1_500,
    notRecovered: 1,
    lost: 2,
    alerts: { sfu_death: 3 },
    also: { gapMs: 7 },
  });
  expect(rowOf('x', result)).toEqual([
    'x',
    '4',
    '3 in 1.0 s',
    '–',
    '1.5 s, 1 not',
    '2',
    'sfu_death 3/4, gapMs 7',
  ]);
});

test.each([
  [[], null],
  [[5], 5],
  [[3, 1, 2], 3],
  [Array.from({ length: 20 }, (_, i) => i + 1), 19],
])('the 95th percentile of %j is %j by nearest rank', (values, expected) => {
  expect(p95(values)).toBe(expected);
});

test('the page has the scenarios that were played, and no others', () => {
  const scenario = (name: string): FailureScenario => ({
    name,
    fault: `${name} is killed`,
    detection: 'the node',
    mitigation: 'it is replaced',
    lossOf: 'people',
    open: () => Promise.reject(new Error('not to be played')),
  });
  const text = failuresText({ date: '2026-01-02', result: { a: resultOf([run()]) } }, [
    scenario('a'),
    scenario('b'),
  ]);
  expect(text).toContain('| a | 1 | 1 in 1.0 s | – | 1.5 s | 0 | sfu_death 1/1 |');
  expect(text).not.toContain('b is killed');
});

test('the help names every scenario', () => {
  expect(failuresHelp).toContain('worker-kill');
});

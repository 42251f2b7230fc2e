import { expect, test } from 'vitest';
import { failuresHelp } from '../../../lab/failures/main.ts';
import { failuresText, p95, resultOf, rowOf } from '../../../lab/failures/report.ts';
import type { FailureRun, FailureScenario } from '../../../lab/failures/scenario.ts';

const run = (changes: Partial<FailureRun> = {}): FailureRun => ({
  detectMs: 1_000,
  mitigateMs: null,
  recoverMs: 1_500,
  lost: 0,
  incidents: ['sfu_death'],
  alerts: ['node-lost (ticket)'],
  ...changes,
});

const raising = { raises: ['node-lost (ticket)'] };

test('a run that was not noticed, and one that did not recover, are counted and leave the times alone', () => {
  const result = resultOf(
    [
      run(),
      run({ detectMs: null, incidents: [] }),
      run({ recoverMs: null, lost: 2, also: { gapMs: 7 } }),
      run({ also: { gapMs: 3 } }),
    ],
    raising,
  );
  expect(result).toEqual({
    runs: 4,
    detected: 3,
    detectP95Ms: 1_000,
    mitigateP95Ms: null,
    recoverP95Ms: 1_500,
    notRecovered: 1,
    lost: 2,
    incidents: { sfu_death: 3 },
    alerts: { expected: raising.raises, right: 4, raised: { 'node-lost (ticket)': 4 } },
    also: { gapMs: 7 },
  });
  expect(rowOf('x', result)).toEqual([
    'x',
    '4',
    '3 in 1.0 s',
    '–',
    '1.5 s, 1 not',
    '2',
    '4/4 right: node-lost (ticket) 4/4',
    'sfu_death 3/4, gapMs 7',
  ]);
});

test.each([
  [['node-lost (ticket)'], ['node-lost (ticket)'], true],
  [['node-lost (ticket)', 'mos (page)'], ['node-lost (ticket)'], false],
  [[], ['node-lost (ticket)'], false],
  [['node-lost (ticket)'], [], false],
  [[], [], true],
])('that %j is raised where %j must be is right: %s', (alerts, raises, right) => {
  expect(resultOf([run({ alerts })], { raises }).alerts.right).toBe(right ? 1 : 0);
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
    raises: raising.raises,
    lossOf: 'people',
    open: () => Promise.reject(new Error('not to be played')),
  });
  const text = failuresText({ date: '2026-01-02', result: { a: resultOf([run()], raising) } }, [
    scenario('a'),
    scenario('b'),
  ]);
  expect(text).toContain(
    '| a | 1 | 1 in 1.0 s | – | 1.5 s | 0 | 1/1 right: node-lost (ticket) 1/1 | sfu_death 1/1 |',
  );
  expect(text).not.toContain('b is killed');
});

test('the help names every scenario', () => {
  expect(failuresHelp).toContain('worker-kill');
});

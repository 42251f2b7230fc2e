import { expect, test } from 'vitest';
import { type Loss, missedForMs, stillMissed } from '../../../sfu/nodes/missed.ts';

const loss = (nodeId: string, others: string[], atMs = 0): Loss => ({
  nodeId,
  atMs,
  others: new Set(others),
});
const ids = (losses: readonly Loss[]) => losses.map(({ nodeId }) => nodeId);

test.each<[string, Loss[], string[], number, string[]]>([
  ['one that is away', [loss('b', ['a'])], ['a'], 1_000, ['b']],
  ['one that is back', [loss('b', ['a'])], ['a', 'b'], 1_000, []],
  ['one in whose place another has come', [loss('b', ['a'])], ['a', 'c'], 1_000, []],
  ['two, of whom one is replaced', [loss('b', ['a']), loss('c', ['a', 'b'])], ['a', 'd'], 1_000, ['c']],
  [
    'one beside another that is back',
    [loss('b', ['a', 'c']), loss('c', ['a', 'b'])],
    ['a', 'b'],
    1_000,
    ['c'],
  ],
  ['one whose time is over', [loss('b', ['a'])], ['a'], missedForMs, []],
])('%s', (_what, losses, living, nowMs, missed) => {
  expect(ids(stillMissed(losses, living, nowMs))).toEqual(missed);
});

test('who came stands in for one loss, however often one looks', () => {
  let missed: Loss[] = [loss('b', ['a']), loss('c', ['a', 'b'])];
  for (let look = 0; look < 3; look += 1) missed = stillMissed(missed, ['a', 'd'], look);
  expect(ids(missed)).toEqual(['c']);
});

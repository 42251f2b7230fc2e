import { expect, it } from 'vitest';
import { timeInScript } from '../../../bench/sdk/profile.ts';

it('counts samples under a script, native calls included, and no others', () => {
  const node = (id: number, url: string, children: number[] = []) => ({ id, callFrame: { url }, children });
  const profile = {
    nodes: [
      node(1, '', [2, 4]),
      node(2, 'http://x/sdk.js', [3]),
      node(3, ''), // a native function called by the SDK
      node(4, 'http://x/page.js'),
    ],
    samples: [2, 3, 4, 1, 3],
    timeDeltas: [0, 1_000, 2_000, 4_000, 8_000],
  };
  // A sample lasts until the next one: 1 ms in 2, 2 ms in 3; the last has no end.
  expect(timeInScript(profile, '/sdk.js', 1_000)).toBe(3);
  // The thread was away for most of the second.
  expect(timeInScript(profile, '/sdk.js', 500)).toBe(2);
});

import { describe, expect, it } from 'vitest';
import type { FlowNote } from '../../../lab/turn/flow.ts';
import { gapsOf, recoveredMs, relayedBps, stayed } from '../../../lab/turn/gaps.ts';

const killedMs = 10_000;

/** Ten notes a second until 20 s; a stream comes on in each, but for the times in which it stands. */
function notes(
  standing: Record<string, readonly (readonly [number, number])[]>,
  change: (atMs: number) => Partial<FlowNote> = () => ({}),
): FlowNote[] {
  const counts: Record<string, number> = {};
  return Array.from({ length: 200 }, (_, i) => {
    const atMs = (i + 1) * 100;
    for (const [name, stands] of Object.entries(standing)) {
      const still = stands.some(([from, until]) => atMs > from && atMs < until);
      counts[name] = (counts[name] ?? 0) + (still ? 0 : 1);
    }
    return { atMs, streams: { ...counts }, paths: {}, joined: true, others: 2, ...change(atMs) };
  });
}

describe('time to recover', () => {
  it.each([
    ['nothing stood still', { a: [], b: [] }, undefined],
    ['one of two stood still', { a: [], b: [[10_000, 12_500]] }, 2_500],
    ['the slowest counts', { a: [[10_000, 12_500]], b: [[10_000, 14_000]] }, 4_000],
    [
      'it stood still once more',
      {
        a: [
          [10_000, 12_000],
          [13_000, 16_000],
        ],
      },
      6_000,
    ],
    ['it never came back', { a: [[10_000, 30_000]] }, null],
    ['a pause shorter than half a second', { a: [[10_000, 10_400]] }, undefined],
    ['a stop that was over before', { a: [[5_000, 8_000]] }, undefined],
    ['a stream that stood still before already', { a: [[5_000, 12_000]], b: [] }, undefined],
  ] as const)('%s', (_what, standing, expected) => {
    expect(recoveredMs(notes(standing), killedMs, 20_000)).toBe(expected);
  });

  it('forgets what began after the time that is looked at', () => {
    expect(gapsOf(notes({ a: [[17_000, 19_000]] }), killedMs, 16_000)).toEqual([]);
  });
});

describe('staying in the call', () => {
  it('counts only from the moment on', () => {
    expect(
      stayed(
        notes({ a: [] }, (atMs) => ({ joined: atMs > 5_000 })),
        2,
        killedMs,
      ),
    ).toBe(true);
    expect(
      stayed(
        notes({ a: [] }, (atMs) => ({ joined: atMs < 15_000 })),
        2,
        killedMs,
      ),
    ).toBe(false);
    expect(
      stayed(
        notes({ a: [] }, (atMs) => ({ others: atMs < 15_000 ? 2 : 1 })),
        2,
        killedMs,
      ),
    ).toBe(false);
  });
});

describe('what is relayed', () => {
  const path = (relayUrl: string, bytes: number, pairId = 'p') => ({ relayUrl, bytes, pairId });
  const over = (paths: (atMs: number) => FlowNote['paths']) => notes({}, (atMs) => ({ paths: paths(atMs) }));

  it('is added up over the connections on the relay', () => {
    const two = over((atMs) => ({
      0: path('a', atMs * 100),
      1: path('a', atMs * 25),
      2: path('b', atMs * 50),
    }));
    expect(relayedBps(two, ['a'], 1_000)).toBe(1_000_000);
    expect(relayedBps(two, ['c'], 1_000)).toBe(0);
  });

  it('begins anew with another candidate pair', () => {
    const moved = over((atMs) => ({
      0: atMs < 19_500 ? path('b', atMs * 100) : path('a', (atMs - 19_500) * 100, 'q'),
    }));
    expect(relayedBps(moved, ['a'], 1_000)).toBe(400_000);
  });

  it('is nothing where there is one note or none', () => {
    expect(relayedBps([], ['a'], 1_000)).toBe(0);
    expect(relayedBps(notes({}).slice(0, 1), ['a'], 1_000)).toBe(0);
  });
});

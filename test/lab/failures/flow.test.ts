import { expect, test } from 'vitest';
import { type FlowLook, interruptionOf } from '../../../lab/failures/flow.ts';

const faultAtMs = 10_000;

/** Looks every 50 ms from the fault on; each flow is given by the times between which nothing of it comes. */
function looks(...silences: (readonly [fromMs: number, toMs: number] | null)[]): FlowLook[] {
  return Array.from({ length: 100 }, (_, i) => {
    const atMs = faultAtMs + i * 50;
    const times = silences.map((silence) =>
      silence && atMs > silence[0] && atMs < silence[1] ? silence[0] : atMs,
    );
    return { atMs, audioMs: times, videoMs: times };
  });
}

test('the longest silence counts, and everybody must be back', () => {
  expect(interruptionOf(looks([10_000, 11_200], [10_000, 12_000]), 2, faultAtMs)).toEqual({
    gapMs: 1_950,
    backMs: 2_000,
  });
});

test('who stays silent is not back', () => {
  expect(interruptionOf(looks(null, [10_000, 99_000]), 2, faultAtMs).backMs).toBeNull();
});

test('what still came of a dead connection is not taken for the new one', () => {
  expect(interruptionOf(looks([10_100, 11_500], null), 2, faultAtMs).backMs).toBe(1_500);
});

test('a flow that never broke has a gap of one look at most', () => {
  expect(interruptionOf(looks(null, null), 2, faultAtMs).gapMs).toBeLessThanOrEqual(50);
});

/**
 * A score must be about the call, not about how it was watched: the same stream gets the same score however often it
 * was sampled, in whatever order its samples come and however they are split. Where that holds only within a
 * bound, the bound is what is tested.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinPaths } from '../../quality/paths.ts';
import type { CallSamples, SampleTable } from '../../quality/samples.ts';
import { sampleColumns } from '../../quality/samples.ts';
import { scoreWindow } from '../../quality/windows.ts';
import type { StreamScoreRow } from '../../telemetry/rows.ts';
import { callId, onePath, startMs, type Truth, tenantId } from './support/one-path.ts';

const windowFrom = 20;
const windowTo = 25;
/** Rows hold three digits. */
const rounding = 0.0011;

const scored = (call: CallSamples): StreamScoreRow[] =>
  scoreWindow(joinPaths(call), {
    tenantId,
    callId,
    windowStart: startMs + windowFrom * 1000,
    windowMs: (windowTo - windowFrom) * 1000,
    scoredAt: 0,
    revision: 1,
    audioOnly: new Set(),
  });

/** Samples every so often from 10 to 35 s. */
const every = (seconds: number, phase = 0): number[] => {
  const moments: number[] = [];
  for (let at = 10 + phase; at <= 35; at += seconds) moments.push(at);
  return moments;
};

function expectSame(rows: StreamScoreRow[], others: StreamScoreRow[], within = rounding): void {
  expect(others.map((r) => r.point)).toEqual(rows.map((r) => r.point));
  for (const [i, row] of rows.entries()) {
    const other = others[i]!;
    expect(other.unclassified, row.point).toBe(row.unclassified);
    expect(row.mos, row.point).not.toBeNull();
    expect(Math.abs(other.mos! - row.mos!), `${row.point}: ${row.mos} and ${other.mos}`).toBeLessThan(within);
    expect(Math.abs(other.confidence - row.confidence), row.point).toBeLessThan(rounding);
  }
}

/** In steps of a ten-thousandth: counters count whole things. */
const share = (max: number) => fc.integer({ min: 0, max: max * 10_000 }).map((n) => n / 10_000);
/** Amounts for each half second of the minute. */
const uneven = (max: number) => fc.array(share(max), { minLength: 50, maxLength: 50 });
const ramp = fc.tuple(fc.integer({ min: 5, max: 900 }), fc.integer({ min: 5, max: 900 }));

const anyAudio: fc.Arbitrary<Truth> = fc.record({
  kind: fc.constant('audio' as const),
  upLoss: uneven(0.3),
  downLoss: uneven(0.3),
  concealed: uneven(0.3),
  burstPackets: fc.integer({ min: 1, max: 8 }),
  stretched: uneven(0.1),
  jitterBufferMs: uneven(400),
  bitrateBps: uneven(40_000),
  targetBps: fc.integer({ min: 8_000, max: 64_000 }),
  upRttMs: ramp,
  downRttMs: ramp,
  sendDelayMs: share(200),
});

/** Freezes within the window, short enough that no two samples of a second have no frame between them. */
const shortFreezes = fc
  .array(fc.tuple(share(1.2), fc.double({ min: 0.3, max: 0.9, noNaN: true })), { maxLength: 2 })
  .map((list) =>
    list.map(([after, length], i) => ({
      from: windowFrom + 0.1 + i * 2.3 + after,
      to: windowFrom + 0.1 + i * 2.3 + after + length,
    })),
  );

const anyVideo: fc.Arbitrary<Truth> = fc.record({
  kind: fc.constant('video' as const),
  upLoss: uneven(0.2),
  downLoss: uneven(0.2),
  jitterBufferMs: uneven(400),
  bitrateBps: fc.array(fc.integer({ min: 20_000, max: 2_000_000 }), { minLength: 50, maxLength: 50 }),
  upRttMs: ramp,
  downRttMs: ramp,
  fps: fc.integer({ min: 12, max: 30 }),
  freezes: shortFreezes,
  qp: fc.option(fc.array(share(120), { minLength: 50, maxLength: 50 }), { nil: undefined }),
});

/** The same share all the time. */
const steady = (truth: Truth): Truth => ({
  ...truth,
  ...Object.fromEntries(
    Object.entries(truth)
      .filter(([name, value]) => Array.isArray(value) && name !== 'freezes' && !name.endsWith('RttMs'))
      .map(([name, value]) => [name, [(value as number[])[0]]]),
  ),
});

describe('the polling interval', () => {
  it.each([
    ['audio', anyAudio],
    ['video', anyVideo],
  ] as const)('does not change the score of %s, whatever happens in it', (_, any) => {
    fc.assert(
      fc.property(any, (truth) => {
        const bySecond = scored(onePath(truth, every(1)));
        expect(bySecond).toHaveLength(4);
        expectSame(bySecond, scored(onePath(truth, every(5))));
        expectSame(bySecond, scored(onePath(truth, every(2.5))));
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['audio', anyAudio],
    ['video', anyVideo],
  ] as const)('does not change the score of steady %s at any interval and phase', (_, any) => {
    fc.assert(
      fc.property(any, fc.constantFrom(0.5, 1, 2, 5), share(0.999), (truth, interval, phase) => {
        const stream = { ...steady(truth), freezes: [] };
        // Whole frames between two samples: what the phase adds or takes is under one frame.
        expectSame(
          scored(onePath(stream, every(1))),
          scored(onePath(stream, every(interval, phase * interval))),
          0.04,
        );
      }),
      { numRuns: 50 },
    );
  });

  it('moves no more across the edges of a window than was counted in the intervals that lie on them', () => {
    fc.assert(
      fc.property(anyAudio, fc.constantFrom(0, 1), (truth, phase) => {
        const concealedIn = (from: number, to: number) => {
          let seconds = 0;
          for (let i = from * 2; i < to * 2; i++) seconds += truth.concealed![i % 50]! / 2;
          return seconds;
        };
        const receiver = (moments: number[]) => scored(onePath(truth, moments)).at(-1)!.concealed_ratio! * 5;
        // Samples every 2 s: one interval lies on one edge of the window of 20 to 25 s.
        const onEdge = phase === 0 ? concealedIn(24, 26) : concealedIn(19, 21);
        expect(Math.abs(receiver(every(2, phase)) - receiver(every(1)))).toBeLessThanOrEqual(onEdge + 1e-4);
      }),
      { numRuns: 50 },
    );
  });

  it('moves a long freeze by no more than a frame', () => {
    const anyFreeze = fc.tuple(share(1), fc.double({ min: 1, max: 3.8, noNaN: true }));
    fc.assert(
      fc.property(anyFreeze, fc.integer({ min: 12, max: 30 }), ([after, length], fps) => {
        const from = windowFrom + 0.1 + after;
        const truth: Truth = { kind: 'video', fps, freezes: [{ from, to: from + length }] };
        const frozen = [1, 2.5, 5].map(
          (interval) => scored(onePath(truth, every(interval))).at(-1)!.frozen_ms!,
        );
        for (const ms of frozen) {
          expect(Math.abs(ms - length * 1000)).toBeLessThan(2_000 / fps);
          expect(Math.abs(ms - frozen[0]!)).toBeLessThanOrEqual(1_000 / fps + 1);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('sees a standstill at the SFU as what it was, less two intervals at most', () => {
    fc.assert(
      fc.property(share(1.5), fc.double({ min: 1, max: 3, noNaN: true }), (after, length) => {
        const from = windowFrom + after;
        const packets = (second: number) =>
          50 * (second < from ? second : second < from + length ? from : second - length);
        for (const interval of [0.5, 1, 2.5]) {
          const call = onePath({ kind: 'video' }, every(interval));
          const rows = scored({
            ...call,
            sfu_producer: call.sfu_producer.map((s) => ({
              ...s,
              packet_count: packets((s.time - startMs) / 1000),
            })),
          });
          const ms = rows.find((r) => r.point === 'sfu_in')!.frozen_ms!;
          expect(ms).toBeLessThanOrEqual(length * 1000 + 1);
          expect(ms).toBeGreaterThanOrEqual((length - 2 * interval) * 1000 - 1);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('the samples of a stream', () => {
  it.each([
    ['audio', anyAudio],
    ['video', anyVideo],
  ] as const)('of %s may come in any order', (_, any) => {
    fc.assert(
      fc.property(any, fc.array(fc.nat(), { minLength: 60, maxLength: 60 }), (truth, keys) => {
        const call = onePath(truth, every(1));
        const shuffled = { ...call };
        for (const table of Object.keys(sampleColumns) as SampleTable[]) {
          const rows = call[table].map((row, i) => ({ row, key: keys[(i * 7) % keys.length]! }));
          Object.assign(shuffled, { [table]: rows.sort((a, b) => a.key - b.key).map(({ row }) => row) });
        }
        expect(scored(shuffled)).toEqual(scored(call));
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['audio', anyAudio],
    ['video', anyVideo],
  ] as const)('of %s may be split anywhere: any of them between the edges may be missing', (_, any) => {
    const inner = every(0.5).filter((at) => ![10, 15, 20, 25, 30, 35].includes(at));
    fc.assert(
      fc.property(any, fc.subarray(inner), (truth, some) => {
        const kept = [10, 15, 20, 25, 30, 35, ...some].sort((a, b) => a - b);
        expectSame(scored(onePath(truth, every(0.5))), scored(onePath(truth, kept)));
      }),
      { numRuns: 50 },
    );
  });

  it('says the same of a freeze that two samples fall just within', () => {
    const still = (amounts: number) => Array<number>(50).fill(amounts);
    const truth: Truth = {
      kind: 'video',
      upLoss: still(0),
      downLoss: still(0),
      jitterBufferMs: still(0),
      bitrateBps: still(20_000),
      upRttMs: [5, 5],
      downRttMs: [5, 5],
      fps: 19,
      freezes: [{ from: 22.5, to: 22.98 }],
    };
    expectSame(scored(onePath(truth, every(0.5))), scored(onePath(truth, every(5))));
  });
});

describe('worse is never scored better, at any point of the path', () => {
  const atMost = (better: Truth, worse: Truth) => {
    const [good, bad] = [better, worse].map((truth) => scored(onePath(truth, every(1))));
    for (const [i, row] of good!.entries()) {
      expect(bad![i]!.mos!, `${row.point}`).toBeLessThanOrEqual(row.mos! + rounding);
    }
  };
  const moments = every(1);
  /** At least one point of a good stream minds, so that a score which ignores it all does not pass. */
  const minds = (good: Truth, bad: Truth) => {
    const [rows, worse] = [good, bad].map((truth) => scored(onePath(truth, moments)));
    expect(rows!.some((row, i) => worse![i]!.mos! < row.mos! - 0.1)).toBe(true);
  };
  const worseOf = <T extends Truth>(
    any: fc.Arbitrary<T>,
    good: Truth,
    change: (truth: Truth, by: number) => Partial<Truth>,
  ) => {
    minds(good, { ...good, ...change(good, 1) });
    fc.assert(
      fc.property(any, share(1), (truth, by) => atMost(truth, { ...truth, ...change(truth, by) })),
      { numRuns: 30 },
    );
  };
  const goodAudio: Truth = {
    kind: 'audio',
    upLoss: [0],
    downLoss: [0.03],
    concealed: [0.03],
    burstPackets: 1,
    stretched: [0],
    jitterBufferMs: [40],
    targetBps: 32_000,
    upRttMs: [40, 40],
    downRttMs: [40, 40],
    sendDelayMs: 0,
  };
  const goodVideo: Truth = {
    kind: 'video',
    upLoss: [0],
    bitrateBps: [600_000],
    jitterBufferMs: [40],
    upRttMs: [40, 40],
  };
  const more = (amounts: readonly number[], by: number) => amounts.map((a) => a + (1 - a) * by);

  it.each<[string, (truth: Truth, by: number) => Partial<Truth>]>([
    ['loss on the way up', (t, by) => ({ upLoss: more(t.upLoss!, by * 0.5) })],
    [
      'loss on the way down that is heard',
      (t, by) => ({ downLoss: more(t.downLoss!, by * 0.5), concealed: more(t.concealed!, by * 0.5) }),
    ],
    ['concealment', (t, by) => ({ concealed: more(t.concealed!, by) })],
    ['burstiness', (t, by) => ({ burstPackets: t.burstPackets! + Math.round(9 * by) })],
    ['stretching', (t, by) => ({ stretched: more(t.stretched!, by) })],
    [
      'delay in the jitter buffer',
      (t, by) => ({ jitterBufferMs: t.jitterBufferMs!.map((ms) => ms + 500 * by) }),
    ],
    ['delay in the sender', (t, by) => ({ sendDelayMs: t.sendDelayMs! + 500 * by })],
    ['delay on the way up', (t, by) => ({ upRttMs: [t.upRttMs![0] + 800 * by, t.upRttMs![1] + 800 * by] })],
    [
      'delay on the way down',
      (t, by) => ({ downRttMs: [t.downRttMs![0] + 800 * by, t.downRttMs![1] + 800 * by] }),
    ],
    ['hunger for bits: a lower target', (t, by) => ({ targetBps: t.targetBps! * (1 - by * 0.8) })],
  ])('audio with more %s', (_, change) => worseOf(anyAudio, goodAudio, change));

  it.each<[string, (truth: Truth, by: number) => Partial<Truth>]>([
    ['fewer frames', (_, by) => ({ seen: 1 - 0.8 * by })],
    ['fewer bits', (t, by) => ({ bitrateBps: t.bitrateBps!.map((bps) => bps * (1 - by * 0.9)) })],
    ['more delay', (t, by) => ({ jitterBufferMs: t.jitterBufferMs!.map((ms) => ms + 800 * by) })],
    [
      'more delay on the way up',
      (t, by) => ({ upRttMs: [t.upRttMs![0] + 800 * by, t.upRttMs![1] + 800 * by] }),
    ],
    ['unrepaired loss on the way up', (t, by) => ({ upLoss: more(t.upLoss!, by * 0.5) })],
  ])('video with %s', (_, change) =>
    worseOf(
      anyVideo.map((t) => ({ ...t, freezes: [] })),
      goodVideo,
      change,
    ),
  );

  it('video with coarser quantisers, where they are known', () => {
    worseOf(
      anyVideo.map((t) => ({ ...t, freezes: [], qp: t.qp ?? [30] })),
      { ...goodVideo, qp: [30] },
      (t, by) => ({ qp: t.qp!.map((qp) => qp + 60 * by) }),
    );
  });

  it('video with longer freezes', () => {
    fc.assert(
      fc.property(anyVideo, share(1), share(2), share(2), (truth, after, length, longer) => {
        const from = windowFrom + 0.1 + after;
        const frozen = (seconds: number): Truth => ({ ...truth, freezes: [{ from, to: from + seconds }] });
        // Frames stand on a grid: a freeze ends with the next of them.
        const [good, bad] = [length, length + longer].map(
          (s) => scored(onePath(frozen(s), every(1))).at(-1)!,
        );
        expect(bad!.frozen_ms!).toBeGreaterThanOrEqual(good!.frozen_ms! - 1_000 / truth.fps!);
        expect(bad!.mos!).toBeLessThanOrEqual(good!.mos! + 0.1);
        if (longer > 0.3) expect(bad!.mos!).toBeLessThanOrEqual(good!.mos! + rounding);
      }),
      { numRuns: 30 },
    );
  });
});

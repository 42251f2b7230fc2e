import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ScoredWindow, summarise } from '../../../quality/mos/summary.ts';

/** Windows of 5 s, one score after another. */
function call(scores: (number | null)[], change: Partial<ScoredWindow> = {}): ScoredWindow[] {
  return scores.map((mos, index) => ({
    stream: 'a',
    startMs: index * 5000,
    durationMs: 5000,
    scale: 'fullband',
    mos,
    ...change,
  }));
}
const repeated = (mos: number, times: number) => new Array<number>(times).fill(mos);

describe('summary of a call', () => {
  it('remembers a bad minute that the mean forgets', () => {
    const [summary] = summarise(call([...repeated(4.4, 120), ...repeated(2, 12), ...repeated(4.4, 120)]));
    expect(summary!.mean).toBeGreaterThan(4.2);
    expect(summary!.worstMinute).toBeCloseTo(2, 10);
    expect(summary!.worstMinuteStartMs).toBe(120 * 5000);
    expect(summary!.badRatio).toBeCloseTo(12 / 252, 10);
    expect(summary!.p5).toBe(4.4);
    expect(summary!.median).toBe(4.4);
  });

  it('finds the worst minute wherever it begins', () => {
    const [summary] = summarise(call([...repeated(4.4, 7), ...repeated(2, 6), ...repeated(4.4, 30)]));
    expect(summary!.worstMinute).toBeCloseTo((6 * 2 + 6 * 4.4) / 12, 10);
  });

  it('finds a worst minute that ends with a window and starts within one', () => {
    const window = (startMs: number, durationMs: number, mos: number) => ({
      ...call([mos])[0]!,
      startMs,
      durationMs,
    });
    const [summary] = summarise([
      window(0, 100_000, 3),
      window(100_000, 30_000, 2),
      window(130_000, 100_000, 4.4),
    ]);
    expect(summary).toMatchObject({ worstMinute: 2.5, worstMinuteStartMs: 70_000 });
  });

  it('takes a call shorter than a minute for its own minute', () => {
    expect(summarise(call([4, 2]))[0]!.worstMinute).toBe(3);
  });

  it('seeks the worst minute within one stream, not across', () => {
    const good = call(repeated(4.4, 24));
    const bad = call(repeated(2.2, 24), { stream: 'b' });
    const [summary] = summarise([...good, ...bad]);
    expect(summary!.mean).toBeCloseTo(3.3, 10);
    expect(summary).toMatchObject({ worstMinuteStream: 'b' });
    expect(summary!.worstMinute).toBeCloseTo(2.2, 10);
  });

  it('never mixes scales', () => {
    const summaries = summarise([...call(repeated(4.4, 10)), ...call(repeated(2, 4), { scale: 'video' })]);
    expect(summaries.map(({ scale, mean }) => ({ scale, mean: Number(mean.toFixed(6)) }))).toEqual([
      { scale: 'fullband', mean: 4.4 },
      { scale: 'video', mean: 2 },
    ]);
  });

  it('keeps unclassified time apart', () => {
    const [summary] = summarise(call([4, null, null, 4]));
    expect(summary).toMatchObject({ scoredMs: 10_000, unclassifiedMs: 10_000, mean: 4, badRatio: 0 });
  });

  it('says nothing of a call without a score', () => {
    expect(summarise(call([null, null]))).toEqual([]);
  });

  it('counts time by band', () => {
    const [summary] = summarise(call([2, 2.8, 3.3, 3.8, 4.2, 4.4]));
    expect(summary!.distributionMs).toEqual(repeated(5000, 6));
  });

  it('does not make a minute out of one scored moment', () => {
    const scores = [
      ...repeated(4.4, 24),
      ...new Array<null>(24).fill(null),
      1,
      ...new Array<null>(24).fill(null),
    ];
    expect(summarise(call(scores))[0]!.worstMinute).toBeCloseTo(4.4, 10);
  });

  it('does not depend on the order of windows nor on how finely time was cut', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.double({ min: 1, max: 4.5, noNaN: true }), { minLength: 1, maxLength: 60 })
          .chain((scores) => {
            const windows = call(scores);
            const halves = windows.flatMap((w) => [
              { ...w, durationMs: 2000 },
              { ...w, startMs: w.startMs + 2000, durationMs: 3000 },
            ]);
            return fc.tuple(
              fc.constant(windows),
              fc.shuffledSubarray(halves, { minLength: halves.length, maxLength: halves.length }),
            );
          }),
        ([whole, cut]) => {
          const a = summarise(whole)[0]!;
          const b = summarise(cut)[0]!;
          for (const key of ['scoredMs', 'mean', 'p5', 'median', 'p95', 'worstMinute', 'badRatio'] as const) {
            expect(b[key]).toBeCloseTo(a[key], 9);
          }
        },
      ),
    );
  });
});

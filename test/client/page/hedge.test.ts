import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hedged, lateMs } from '../../../client/page/hedge.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Ways that answer with their own name, or fail with it, after so many ms. */
function ways(times: Record<string, { ms: number; fails?: boolean }>) {
  const begun: string[] = [];
  const aborted: string[] = [];
  const go = (way: string, signal: AbortSignal) => {
    begun.push(way);
    signal.addEventListener('abort', () => aborted.push(way));
    const { ms, fails } = times[way]!;
    return new Promise<string>((resolve, reject) =>
      setTimeout(() => (fails ? reject(new Error(way)) : resolve(way)), ms),
    );
  };
  return { names: Object.keys(times), go, begun, aborted };
}

test('a way that comes through in time is the only one', async () => {
  const { names, go, begun } = ways({ a: { ms: 100 }, b: { ms: 1 } });
  const found = hedged(names, go);
  await vi.advanceTimersByTimeAsync(lateMs * 2);
  expect(await found).toBe('a');
  expect(begun).toEqual(['a']);
});

test('one that fails makes room for the next at once', async () => {
  const { names, go } = ways({ a: { ms: 10, fails: true }, b: { ms: 10 } });
  const found = hedged(names, go);
  await vi.advanceTimersByTimeAsync(20);
  expect(await found).toBe('b');
});

test('one that is late gets the next beside it, and may still be first', async () => {
  const { names, go, begun, aborted } = ways({ a: { ms: lateMs + 100 }, b: { ms: 500 } });
  const found = hedged(names, go);
  await vi.advanceTimersByTimeAsync(lateMs + 100);
  expect(await found).toBe('a');
  expect(begun).toEqual(['a', 'b']);
  expect(aborted).toContain('b');
});

test('when all fail, the first one’s reason is told', async () => {
  const { names, go } = ways({ a: { ms: 10, fails: true }, b: { ms: 10, fails: true } });
  const found = expect(hedged(names, go)).rejects.toThrow('a');
  await vi.advanceTimersByTimeAsync(100);
  await found;
});

test('after an error that all would give, none is asked any more', async () => {
  const { names, go, begun } = ways({ a: { ms: 10, fails: true }, b: { ms: 10 } });
  const found = expect(hedged(names, go, () => true)).rejects.toThrow('a');
  await vi.advanceTimersByTimeAsync(100);
  await found;
  expect(begun).toEqual(['a']);
});

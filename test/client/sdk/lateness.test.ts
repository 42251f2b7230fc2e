import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Lateness } from '../../../client/sdk/lateness.ts';

let lateness: Lateness;
const page = { hidden: false };
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', page);
  page.hidden = false;
  lateness = new Lateness();
});
afterEach(() => {
  lateness.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('a page that gets its turn is not late', () => {
  vi.advanceTimersByTime(1_000);
  expect(lateness.take()).toBeLessThanOrEqual(1);
});

test('the latest since the last look, also of a timer that is still waited for', () => {
  vi.advanceTimersByTime(500);
  const due = performance.now();
  vi.spyOn(performance, 'now').mockReturnValue(due + 420);
  expect(lateness.take()).toBeGreaterThanOrEqual(300);
  vi.mocked(performance.now).mockRestore();
  expect(lateness.take()).toBeLessThanOrEqual(1);
});

test('a hidden page says nothing: browsers hold its timers back', () => {
  page.hidden = true;
  vi.advanceTimersByTime(1_000);
  lateness.take();
  vi.advanceTimersByTime(1_000);
  expect(lateness.take()).toBeUndefined();
});

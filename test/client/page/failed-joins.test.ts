import { expect, test } from 'vitest';
import { FailedJoins } from '../../../client/page/failed-joins.ts';
import type { RecordedTrace } from '../../../client/sdk/join.ts';
import type { Span } from '../../../client/sdk/otlp.ts';
import { spans } from '../../../telemetry/events.ts';

function browser(stored: Record<string, string> = {}) {
  const clock = { ms: 50_000 };
  const storage = {
    getItem: (key: string) => stored[key] ?? null,
    setItem: (key: string, value: string) => {
      stored[key] = value;
    },
  };
  return { clock, stored, page: () => new FailedJoins(storage, () => clock.ms) };
}

function spansOf(failed: FailedJoins): Span[] {
  const finished: Span[] = [];
  for (const trace of failed.take()) (trace as RecordedTrace).drain((span) => finished.push(span));
  return finished;
}

test('a join that failed is told after the next page load, with its own times and why', () => {
  const { clock, page } = browser();
  const startMs = clock.ms;
  clock.ms += 8_000;
  page().keep(startMs, new Error('The meeting server cannot be reached'));
  clock.ms += 600_000;
  const later = page();
  expect(spansOf(later).map(({ name, startMs, endMs, error }) => ({ name, startMs, endMs, error }))).toEqual(
    [spans.admission, spans.join].map((name) => ({
      name,
      startMs: 50_000,
      endMs: 58_000,
      error: 'Error: The meeting server cannot be reached',
    })),
  );
  expect(spansOf(later)).toEqual([]);
});

test('no more are kept than one person can have meant, and none for longer than a day', () => {
  const { clock, page } = browser();
  for (let i = 0; i < 40; i++) page().keep(clock.ms++, 'away');
  expect(page().take()).toHaveLength(16);
  page().keep(clock.ms, 'away');
  clock.ms += 25 * 3600_000;
  expect(page().take()).toEqual([]);
});

test('where the browser keeps nothing, this page does', () => {
  const refuse = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  const failed = new FailedJoins({ getItem: refuse, setItem: refuse }, () => 2);
  failed.keep(1, 'away');
  expect(spansOf(failed)).toHaveLength(2);
});

test.each(['{', '7', '[{"startMs":"x"}]'])('what is no list of ours counts as nothing: %s', (text) => {
  expect(browser({ 'callscope.failed-joins': text }).page().take()).toEqual([]);
});

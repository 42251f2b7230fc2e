import { expect, test } from 'vitest';
import { readOptions, UsageError } from '../../dashboards/options.ts';

test('nothing has to be said', () => {
  expect(readOptions([])).toEqual({
    out: 'deploy/grafana',
    inspector: 'http://localhost:4322',
    preview: false,
    board: [],
  });
});

test("the inspector's address loses its slash", () => {
  expect(readOptions(['--inspector', 'https://inspector.example.org/'])).toMatchObject({
    inspector: 'https://inspector.example.org',
  });
});

test.each([
  [['--inspector', 'javascript:alert(1)'], /--inspector/],
  [['--out', ''], /--out/],
  [['--outt', 'x'], /outt/],
])('%j is refused', (args, message) => {
  expect(() => readOptions(args)).toThrow(UsageError);
  expect(() => readOptions(args)).toThrow(message);
});

test('help', () => {
  expect(readOptions(['--help'])).toBe('help');
});

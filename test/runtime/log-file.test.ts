import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { logFile } from '../../runtime/log-file.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'callscope-log-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('keeps the newest lines within twice the limit, in whole lines', () => {
  const file = path.join(dir, 'part.log');
  const log = logFile(file, 1000);
  for (let i = 0; i < 500; i++) log(`line ${i}`);
  const lines = [`${file}.1`, file].flatMap((name) => readFileSync(name, 'utf8').trim().split('\n'));
  expect(statSync(file).size + statSync(`${file}.1`).size).toBeLessThanOrEqual(2000);
  expect(lines.at(-1)).toBe('line 499');
  const first = Number(lines[0]?.replace('line ', ''));
  expect(lines).toEqual(Array.from({ length: 500 - first }, (_, i) => `line ${first + i}`));
});

test('goes on where the file of an earlier run ends', () => {
  const file = path.join(dir, 'again.log');
  logFile(file)('before');
  logFile(file)('after');
  expect(readFileSync(file, 'utf8')).toBe('before\nafter\n');
});

test('is readable by the owner alone', () => {
  const file = path.join(dir, 'private.log');
  logFile(file)('x');
  expect(statSync(file).mode & 0o077).toBe(0);
});

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const project = path.join(import.meta.dirname, '..', '..');
const setupModule = async <Exports>(name: string): Promise<Exports> =>
  import(path.join(project, 'runtime', 'setup', name));
const { differenceFromLock } = await setupModule<{
  differenceFromLock: (folder: string) => string | undefined;
}>('node-packages.mjs');
const { hashOf } = await setupModule<{ hashOf: (places: string[]) => string }>('hash.mjs');

const base = mkdtempSync(path.join(os.tmpdir(), 'callscope-setup-unit-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe('what is installed, against the lock file', () => {
  const a = { version: '1.0.0', integrity: 'sha512-a' };
  const b = { version: '2.0.0', integrity: 'sha512-b' };
  const lock = { '': {}, 'node_modules/a': a, 'node_modules/b': { ...b, optional: true } };

  test.each<[what: string, installed: object | string | undefined, difference: string | undefined]>([
    ['the same', { 'node_modules/a': a, 'node_modules/b': b }, undefined],
    ['the same without an optional package for other machines', { 'node_modules/a': a }, undefined],
    ['nothing', undefined, 'nothing installed yet'],
    ['a record cut short', '{"packages": {"node_mod', 'node_modules/a is missing'],
    ['one package less', { 'node_modules/b': b }, 'node_modules/a is missing'],
    [
      'another version',
      { 'node_modules/a': { ...a, version: '1.0.1' } },
      'node_modules/a is another version',
    ],
    ['other contents', { 'node_modules/a': { ...a, integrity: 'x' } }, 'node_modules/a is another version'],
    ['one more', { 'node_modules/a': a, 'node_modules/c': a }, 'node_modules/c is not in the lock file'],
  ])('%s', (_what, installed, difference) => {
    const folder = mkdtempSync(path.join(base, 'lock-'));
    writeFileSync(path.join(folder, 'package-lock.json'), JSON.stringify({ packages: lock }));
    if (installed !== undefined) {
      mkdirSync(path.join(folder, 'node_modules'));
      const text = typeof installed === 'string' ? installed : JSON.stringify({ packages: installed });
      writeFileSync(path.join(folder, 'node_modules', '.package-lock.json'), text);
    }
    expect(differenceFromLock(folder)).toBe(difference);
  });
});

test('the lock file names every optional package of another machine too, or npm ci refuses it', () => {
  const { packages } = JSON.parse(readFileSync(path.join(project, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
  expect(wanted.length).toBeGreaterThan(30);
  expect(wanted.filter((name) => !(`node_modules/${name}` in packages))).toEqual([]);
});

test('the hash of a folder follows names and contents, not the place', () => {
  const folder = (files: Record<string, string>) => {
    const made = path.join(mkdtempSync(path.join(base, 'hash-')), 'client');
    mkdirSync(path.join(made, 'sub'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(made, name), text);
    return made;
  };
  const original = hashOf([folder({ a: '1', 'sub/b': '2' })]);
  expect(hashOf([folder({ a: '1', 'sub/b': '2' })])).toBe(original);
  expect(hashOf([folder({ a: '1', 'sub/b': '3' })])).not.toBe(original);
  expect(hashOf([folder({ a: '1', 'sub/c': '2' })])).not.toBe(original);
});

describe('the closing line of the run for CI', () => {
  const passedFile = { status: 'passed', assertionResults: [{}] };
  const report = (numbers: object, testResults: object[] = [passedFile]) =>
    JSON.stringify({
      numPassedTests: 0,
      numFailedTests: 0,
      numPendingTests: 0,
      numTodoTests: 0,
      ...numbers,
      testResults,
    });

  test.each<[what: string, report: string, line: string, code: number]>([
    ['all passed', report({ numPassedTests: 12 }), '12 passed, 0 failed', 0],
    ['some failed', report({ numPassedTests: 12, numFailedTests: 2 }), '12 passed, 2 failed', 1],
    [
      'some skipped',
      report({ numPassedTests: 1, numPendingTests: 2, numTodoTests: 1 }),
      '1 passed, 0 failed, 3 skipped',
      0,
    ],
    [
      'a file that could not be loaded',
      report({ numPassedTests: 3 }, [passedFile, { status: 'failed', assertionResults: [] }]),
      '3 passed, 1 failed',
      1,
    ],
    ['no report at all', '', '0 passed, 1 failed', 1],
  ])('%s', (what, text, line, code) => {
    const file = path.join(base, `${what}.json`);
    writeFileSync(file, text);
    const { stdout, status } = spawnSync(process.execPath, [path.join(project, '.ci', 'count.mjs'), file]);
    expect(stdout.toString()).toBe(`${line}\n`);
    expect(status).toBe(code);
  });
});

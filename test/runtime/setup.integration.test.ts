import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/processes.ts';

const project = path.join(import.meta.dirname, '..', '..');
const base = mkdtempSync(path.join(os.tmpdir(), 'callscope-setup-'));
chmodSync(base, 0o755);
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Runs the set-up of a checkout. @returns what it says so far, and its exit code once it has ended */
function setUp(checkout: string, options: { env?: NodeJS.ProcessEnv; unprivileged?: boolean } = {}) {
  const root = process.getuid?.() === 0;
  const nobody = root && options.unprivileged ? { uid: 65_534, gid: 65_534 } : {};
  const child: ChildProcess = spawn(process.execPath, [path.join(checkout, 'runtime', 'setup.mjs')], {
    cwd: checkout,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...nobody,
  });
  onTestFinished(() => void child.kill('SIGTERM'));
  const run = { output: '', code: undefined as number | null | undefined };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (bytes) => {
      run.output += bytes;
    });
  }
  child.on('close', (code) => {
    run.code = code;
  });
  return run;
}

/** A checkout with the set-up and nothing else, which everybody may write to. */
function bareCheckout(): string {
  const checkout = mkdtempSync(path.join(base, 'checkout-'));
  mkdirSync(path.join(checkout, 'runtime'));
  for (const name of ['setup.mjs', 'setup']) {
    cpSync(path.join(project, 'runtime', name), path.join(checkout, 'runtime', name), { recursive: true });
  }
  mkdirSync(path.join(checkout, '.callscope', 'setup'), { recursive: true });
  if (process.getuid?.() === 0) chownSync(path.join(checkout, '.callscope', 'setup'), 65_534, 65_534);
  chmodSync(checkout, 0o755);
  return checkout;
}

/** A PATH with these programs alone. */
function pathWith(programs: Record<string, string>): string {
  const folder = mkdtempSync(path.join(base, 'path-'));
  chmodSync(folder, 0o755);
  for (const [name, target] of Object.entries(programs)) symlinkSync(target, path.join(folder, name));
  return folder;
}

/** Set-up writes to node_modules: one that is only linked belongs to other checkouts as well. */
const linked = lstatSync(path.join(project, 'node_modules')).isSymbolicLink()
  ? ' (left out: node_modules is a link, so it is not this checkout that would be set up)'
  : '';

describe.skipIf(linked !== '')(`where all is in place${linked}`, () => {
  /** As the shell had it: the tests themselves are told of the worker by this variable. */
  const environment = () => {
    const state = path.join(project, '.callscope', 'setup', 'worker.json');
    const { origin } = JSON.parse(readFileSync(state, 'utf8')) as { origin: string };
    const { MEDIASOUP_WORKER_BIN, ...rest } = process.env;
    return origin === 'given' ? { ...rest, MEDIASOUP_WORKER_BIN } : rest;
  };

  test('a run finds so, does nothing, and is quick', async () => {
    const before = setUp(project, { env: environment() });
    await eventually('the set-up to end', () => before.code !== undefined, 30_000);
    const begun = performance.now();
    const run = setUp(project, { env: environment() });
    await eventually('the set-up to end', () => run.code !== undefined, 30_000);
    expect(run.code, run.output).toBe(0);
    expect(run.output).toMatch(/Node packages: as locked.*mediasoup worker: .*Meeting page: up to date/s);
    expect(performance.now() - begun).toBeLessThan(5000); // 0.4 s on an idle machine
  });
});

describe('where programs are missing', () => {
  const aptOnly = () => ({
    PATH: pathWith({ 'apt-get': '/bin/true', flock: '/bin/true', setpriv: '/bin/true' }),
  });

  test('and the user may not install, it fails with the line to run', async () => {
    const run = setUp(bareCheckout(), { env: aptOnly(), unprivileged: true });
    await eventually('the set-up to end', () => run.code !== undefined);
    expect(run.code).toBe(1);
    expect(run.output).toMatch(
      /^ {2}sudo apt-get install -y --no-install-recommends chromium redis-server coturn ffmpeg pocketsphinx pocketsphinx-en-us espeak-ng openssl$/m,
    );
  });

  test('and are run elsewhere, npm start does without', async () => {
    const env = {
      ...aptOnly(),
      npm_lifecycle_event: 'start',
      CALLSCOPE_REDIS_URL: 'redis://elsewhere',
    };
    const run = setUp(bareCheckout(), { env, unprivileged: true });
    await eventually('the set-up to end', () => run.code !== undefined);
    expect(run.output).toMatch(
      /^ {2}sudo apt-get install -y --no-install-recommends coturn ffmpeg pocketsphinx pocketsphinx-en-us openssl$/m,
    );
  });
});

describe('two at once in one checkout', () => {
  test('the second waits for the first', async () => {
    const checkout = bareCheckout();
    const lock = path.join(checkout, '.callscope', 'setup', 'lock');
    writeFileSync(lock, String(process.pid));
    const run = setUp(checkout, { env: { PATH: pathWith({}) } });
    await eventually('it to say that it waits', () => run.output.includes(`(process ${process.pid})`));
    expect(run.output).not.toContain('[1/');
    rmSync(lock);
    await eventually('it to go on', () => run.output.includes('[1/'));
  });

  test('one that was killed does not hold up the next', async () => {
    const checkout = bareCheckout();
    writeFileSync(path.join(checkout, '.callscope', 'setup', 'lock'), '4194304'); // above any Linux pid
    const run = setUp(checkout, { env: { PATH: pathWith({}) } });
    await eventually('the set-up to end', () => run.code !== undefined);
    expect(run.output).toContain('[1/');
    expect(readdirSync(path.join(checkout, '.callscope', 'setup'))).toEqual([]);
  });
});

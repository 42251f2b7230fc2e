import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { freePort, freePortRange } from '../../runtime/embedded/ports.ts';
import { descendants, eventually, lives } from '../support/processes.ts';

const dataDir = mkdtempSync(path.join(os.tmpdir(), 'callscope-start-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));
const script = path.join(import.meta.dirname, '..', '..', 'runtime', 'start.ts');

/** Runs `npm start`'s program. @returns what it says so far, and its exit code once it has ended */
function start(env: Record<string, string>, args: string[] = []) {
  const child: ChildProcess = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, CALLSCOPE_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const run = { child, output: '', code: undefined as number | null | undefined };
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

async function ports() {
  return {
    CALLSCOPE_SFU_PORT: String(await freePort()),
    CALLSCOPE_RTC_PORT: String(await freePortRange(1)),
    CALLSCOPE_SFU_WORKERS: '1',
    CALLSCOPE_COLLECTOR_PORT: String(await freePort()),
    CALLSCOPE_COLLECTOR_GRPC_PORT: String(await freePort()),
    CALLSCOPE_PIPELINES_PORT: String(await freePort()),
    CALLSCOPE_RECORDER_PORT: String(await freePort()),
    CALLSCOPE_FINISHER_PORT: String(await freePort()),
  };
}

test('every service is ready at the printed address, and an interrupt leaves no process', async () => {
  const env = await ports();
  for (const attempt of ['first', 'second'] as const) {
    const run = start(env);
    await eventually(
      `${attempt} start: ${run.output}`,
      () => /Callscope is running/.test(run.output) || run.code !== undefined,
      60_000,
    );
    expect(run.output).toContain(`http://127.0.0.1:${env.CALLSCOPE_SFU_PORT}/?invite=`);
    for (const name of ['SFU', 'COLLECTOR', 'PIPELINES'] as const) {
      const answer = await fetch(`http://127.0.0.1:${env[`CALLSCOPE_${name}_PORT`]}/readyz`);
      expect(answer.status, name).toBe(200);
    }
    const all = descendants(run.child.pid!);
    expect(all.length).toBeGreaterThanOrEqual(7); // six parts and a media worker
    run.child.kill('SIGINT');
    await eventually('it to end', () => run.code !== undefined, 30_000);
    expect(run.code).toBe(0);
    await eventually('every process to be gone', () => !all.some(lives), 5000);
  }
}, 180_000);

test('a kill of the program leaves no process either, media workers included', async () => {
  const run = start(await ports());
  await eventually(
    'the start',
    () => /Callscope is running/.test(run.output) || run.code !== undefined,
    60_000,
  );
  const all = descendants(run.child.pid!);
  run.child.kill('SIGKILL');
  await eventually('every process to be gone', () => !all.some(lives), 30_000);
}, 180_000);

test('every busy port is named with the variable that moves it', async () => {
  const env = await ports();
  for (const name of ['CALLSCOPE_SFU_PORT', 'CALLSCOPE_COLLECTOR_PORT'] as const) {
    const server = net.createServer().listen(Number(env[name]), '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
  }
  const run = start(env);
  await eventually('it to end', () => run.code !== undefined, 30_000);
  expect(run.code).toBe(2);
  expect(run.output).toContain(`CALLSCOPE_SFU_PORT=${env.CALLSCOPE_SFU_PORT} is taken`);
  expect(run.output).toContain(`CALLSCOPE_COLLECTOR_PORT=${env.CALLSCOPE_COLLECTOR_PORT} is taken`);
});

test.each([
  [{ CALLSCOPE_LOOP_MODE: 'perhaps' }, [], /CALLSCOPE_LOOP_MODE="perhaps" is not valid/],
  [{}, ['--rom', 'x'], /Unknown option '--rom'/],
])('refuses %o %o', async (env, args, said) => {
  const run = start(env, args);
  await eventually('it to end', () => run.code !== undefined, 30_000);
  expect(run.code).toBe(2);
  expect(run.output).toMatch(said);
});

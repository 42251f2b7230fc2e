/** The collector as a process: its settings, its start and its stop. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { serverKey, type TestDatabase, testDatabase, tokenSecret } from './support.ts';

const spoolDir = mkdtempSync(path.join(os.tmpdir(), 'callscope-spool-'));
let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(inject('clickhouseUrl'), { create: false });
});
afterAll(async () => {
  await db[Symbol.asyncDispose]();
  rmSync(spoolDir, { recursive: true });
});

test('starts, makes its database, takes telemetry, and writes what it holds when told to stop', async () => {
  const child = run({
    CALLSCOPE_COLLECTOR_PORT: '0',
    CALLSCOPE_CLICKHOUSE_URL: db.url,
    CALLSCOPE_TOKEN_SECRET: tokenSecret,
    CALLSCOPE_SERVER_KEY: serverKey,
    CALLSCOPE_SPOOL_DIR: spoolDir,
  });
  try {
    const address = await addressOf(child);
    const ready = async () => (await fetch(`${address}/readyz`)).status;
    await expect.poll(ready, { timeout: 30_000 }).toBe(200);
    const logRecords = [{ eventName: 'rtc.ice.state' }];
    const sending = fetch(`${address}/v1/logs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${serverKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }),
    });
    const held = async () =>
      (await (await fetch(`${address}/metrics`)).text()).match(/buffered_rows (\d+)/)?.[1];
    await expect.poll(held, { interval: 5 }).toBe('1');
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await sending).status).toBe(200);
    expect(await exited).toEqual([0, null]);
    expect(await db.rows('SELECT name FROM rtc_event')).toEqual([{ name: 'rtc.ice.state' }]);
  } finally {
    child.kill('SIGKILL');
  }
});

test('wrong settings are refused all at once, by name', async () => {
  const child = run({ CALLSCOPE_CLICKHOUSE_URL: 'http://127.0.0.1:1', CALLSCOPE_SERVER_KEY: 'short' });
  let errors = '';
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(1);
  expect(errors).toMatch(/CALLSCOPE_CLICKHOUSE_URL=.*expected http:\/\/user:password@host:port\/database/);
  expect(errors).toMatch(/CALLSCOPE_SERVER_KEY=.*at least 16/);
  expect(errors).toMatch(/CALLSCOPE_TOKEN_SECRET is not set/);
});

function run(env: Record<string, string>): ChildProcess {
  const main = new URL('../../collector/main.ts', import.meta.url).pathname;
  return spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function addressOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === 'object' && entry && 'msg' in entry && entry.msg === 'ready' && 'address' in entry) {
      return String(entry.address);
    }
  }
  throw new Error('the collector ended before it was ready');
}

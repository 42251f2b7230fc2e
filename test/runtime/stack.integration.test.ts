import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createClient } from '@clickhouse/client';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../runtime/embedded/ports.ts';
import { type Stack, startStack } from '../../runtime/stack.ts';
import { verifyToken } from '../../telemetry/tokens.ts';
import { descendants, eventually, lives } from '../support/processes.ts';
import { fixture } from './fixture.ts';

const base = mkdtempSync(path.join(os.tmpdir(), 'callscope-stack-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const newDataDir = () => mkdtempSync(path.join(base, 'data-'));

const pidsOf = (stack: Stack) => [...stack.children.values()].map(({ pid }) => pid!);

describe('a running stack', () => {
  let stack: Stack;
  let port: number;
  const lines: string[] = [];
  const told = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    return (await answer.json()) as { pid: number; env: Record<string, string> };
  };

  beforeAll(async () => {
    port = await freePort();
    stack = await startStack({
      dataDir: newDataDir(),
      env: { CALLSCOPE_LOOP_MODE: 'shadow' },
      log: (line) => lines.push(line),
      services: ({ env }) => [[fixture(port, { ...env })]],
    });
  });
  afterAll(() => stack?.stop());

  test('has every part in a process of its own, and says when each is ready', () => {
    expect([...stack.children.keys()]).toEqual(['clickhouse', 'redis', 'turn', 'fixture']);
    expect(new Set(pidsOf(stack)).size).toBe(4);
    expect(pidsOf(stack).every(lives)).toBe(true);
    for (const name of stack.children.keys())
      expect(lines.join('\n')).toMatch(new RegExp(`^${name} is ready`, 'm'));
  });

  test('tells the services where everything is, and which secrets hold', async () => {
    const { env } = await told();
    expect(env).toMatchObject({
      CALLSCOPE_CLICKHOUSE_URL: stack.urls.clickhouse,
      CALLSCOPE_REDIS_URL: stack.urls.redis,
      CALLSCOPE_COLLECTOR_URL: stack.urls.collector,
      CALLSCOPE_TURN_URLS: expect.stringMatching(/^turn:127\.0\.0\.1:\d+\?transport=udp,turn:.*tcp$/),
      CALLSCOPE_TOKEN_SECRET: stack.secrets.token,
      CALLSCOPE_SERVER_KEY: stack.secrets.serverKey,
      CALLSCOPE_ALLOWED_ORIGINS: expect.stringContaining(stack.urls.page),
      CALLSCOPE_LOOP_MODE: 'shadow',
    });
  });

  test('keeps its secrets and logs to the owner', () => {
    expect(statSync(path.join(stack.dataDir, 'secrets.json')).mode & 0o077).toBe(0);
    expect(statSync(stack.logsDir).mode & 0o077).toBe(0);
    expect(readFileSync(path.join(stack.logsDir, 'fixture.log'), 'utf8')).toContain('"msg":"ready"');
  });

  test('invites into a room by a token that only the media node of this stack accepts', async () => {
    const link = new URL(await stack.invite('the-room', 'a-tenant'));
    expect(link.origin).toBe(stack.urls.page);
    const claims = await verifyToken('invite', link.searchParams.get('invite') ?? '', stack.secrets.token);
    expect(claims).toEqual({ roomId: 'the-room', tenantId: 'a-tenant' });
  });

  test.each([
    ['fixture', async () => (await told()).env.FIXTURE_PORT === String(port)],
    [
      'clickhouse',
      async () => {
        const client = createClient({ url: stack.urls.clickhouse });
        onTestFinished(() => client.close());
        return (await client.ping({ select: true })).success;
      },
    ],
    [
      'redis',
      async () => {
        const redis = new Redis(stack.urls.redis);
        onTestFinished(() => redis.disconnect());
        return (await redis.ping()) === 'PONG';
      },
    ],
  ])('starts a killed %s again, at the same address', async (name, answers) => {
    const child = stack.children.get(name)!;
    const before = child.pid!;
    child.kill('SIGKILL');
    await eventually(`${name} to run again`, () => child.state === 'ready' && child.pid !== before);
    expect(lives(before)).toBe(false);
    expect(child.restarts).toBe(1);
    expect(await answers()).toBe(true);
    expect(lines.join('\n')).toMatch(new RegExp(`^${name} ended \\(by a signal\\); starting it again`, 'm'));
  });

  test('leaves a part that was stopped on purpose stopped, until it is started', async () => {
    const child = stack.children.get('fixture')!;
    const { pid, restarts } = child;
    await child.stop();
    expect(lives(pid!)).toBe(false);
    expect(child).toMatchObject({ state: 'stopped', pid: undefined });
    await child.start();
    expect(child).toMatchObject({ state: 'ready', restarts });
    expect((await told()).pid).toBe(child.pid);
  });

  test('leaves no process behind when it is stopped', async () => {
    const pids = pidsOf(stack);
    const all = [...pids, ...pids.flatMap(descendants)];
    await stack.stop();
    expect(all.filter(lives)).toEqual([]);
    expect([...stack.children.values()].map(({ state }) => state)).toEqual(Array(4).fill('stopped'));
  });
});

test('a service that cannot start fails the start with its own words, and nothing stays', async () => {
  const before = descendants(process.pid);
  const starting = startStack({
    dataDir: newDataDir(),
    services: () => [[fixture(1, { FIXTURE_FAULT: 'start' })]],
  });
  await expect(starting).rejects.toMatchObject({
    code: 'start_failed',
    message: expect.stringMatching(/^fixture ended while starting \(exit code 1\).*told to fail/s),
  });
  expect(descendants(process.pid).filter((pid) => !before.includes(pid))).toEqual([]);
});

test('an unfinished start can be called off, and nothing stays', async () => {
  const before = descendants(process.pid);
  const control = new AbortController();
  const starting = startStack({
    dataDir: newDataDir(),
    signal: control.signal,
    log: () => control.abort(new Error('called off')), // at the first part that is ready
  });
  await expect(starting).rejects.toThrow('called off');
  expect(descendants(process.pid).filter((pid) => !before.includes(pid))).toEqual([]);
});

test('wrong settings are refused before anything starts', async () => {
  const dataDir = path.join(base, 'never-made');
  await expect(startStack({ dataDir, env: { CALLSCOPE_SHARDS: 'many' } })).rejects.toThrow(
    /^CALLSCOPE_SHARDS="many"/,
  );
  expect(existsSync(dataDir)).toBe(false);
});

test('without a data folder it uses one that is gone afterwards', async () => {
  const port = await freePort();
  const stack = await startStack({ services: () => [[fixture(port)]] });
  expect(existsSync(stack.dataDir)).toBe(true);
  await stack.stop();
  expect(existsSync(stack.dataDir)).toBe(false);
});

test('a starter that is killed leaves no process', async () => {
  const dataDir = newDataDir();
  const script = path.join(import.meta.dirname, 'start-stack.ts');
  const starter = spawn(process.execPath, [script, dataDir, String(await freePort())], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void starter.kill('SIGKILL'));
  const [line] = (await once(starter.stdout, 'data')) as [Buffer];
  const { pids } = JSON.parse(line.toString()) as { pids: number[] };
  expect(pids).toHaveLength(4);
  expect(pids.every(lives)).toBe(true);
  starter.kill('SIGKILL');
  await eventually('all parts of a killed starter to end', () => !pids.some(lives), 20_000);
});

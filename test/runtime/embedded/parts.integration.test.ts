import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startClickHouse } from '../../../runtime/embedded/clickhouse.ts';
import type { Embedded } from '../../../runtime/embedded/part.ts';
import { readerBounds } from '../../../runtime/embedded/reader-profile.ts';
import { startRedis } from '../../../runtime/embedded/redis.ts';
import { eventually, lives } from '../../support/processes.ts';

const base = mkdtempSync(path.join(os.tmpdir(), 'callscope-parts-'));
let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(path.join(base, 'part-'));
});
// Not after each test: `onTestFinished` stops the parts later than that.
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Stops the part when the test ends, however it ends. */
async function started<T extends Embedded>(starting: Promise<T>): Promise<T> {
  const part = await starting;
  onTestFinished(() => part.stop());
  return part;
}

const parts = {
  clickhouse: (port?: number) => startClickHouse({ dataDir, port }),
  redis: (port?: number) => startRedis({ dataDir, port }),
};

describe.each(Object.entries(parts))('%s', (name, start) => {
  test('refuses a second process on the same data folder and leaves the first alone', async () => {
    const first = await started<Embedded>(start());
    await expect(start()).rejects.toMatchObject({
      code: 'in_use',
      message: expect.stringContaining(`${dataDir} is in use by another process`),
    });
    expect(lives(first.pid)).toBe(true);
  });

  test('refuses a busy port by name', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as net.AddressInfo;
    await expect(start(port)).rejects.toMatchObject({
      code: 'port_busy',
      message: expect.stringContaining(`port ${port}`),
    });
  });

  test('is gone after stop, and stopping twice is fine', async () => {
    const part = await start();
    await part.stop();
    await part.stop();
    expect(lives(part.pid)).toBe(false);
  });

  test('does not outlive a starter that is killed', async () => {
    const script = fileURLToPath(new URL('./start-one.ts', import.meta.url));
    const starter = spawn(process.execPath, [script, name, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void starter.kill('SIGKILL'));
    const [line] = (await once(starter.stdout, 'data')) as [Buffer];
    const { pid } = JSON.parse(line.toString()) as { pid: number };
    expect(lives(pid)).toBe(true);
    starter.kill('SIGKILL');
    await eventually(`the ${name} of a killed starter to end`, () => !lives(pid));
    // and the data folder is free for the next
    await started<Embedded>(start());
  });
});

describe('ClickHouse', () => {
  const client = (url: string) => {
    const made = createClient({ url, log: { level: ClickHouseLogLevel.OFF } });
    onTestFinished(() => made.close());
    return made;
  };

  test('keeps rows and passwords over a restart', async () => {
    const first = await startClickHouse({ dataDir });
    const writer = client(first.url);
    await writer.command({ query: 'CREATE TABLE kept (id UInt64) ENGINE MergeTree ORDER BY id' });
    await writer.insert({ table: 'kept', values: [{ id: 7 }, { id: 8 }], format: 'JSONEachRow' });
    await writer.close();
    await first.stop();

    const second = await started(startClickHouse({ dataDir, port: first.port }));
    expect(second.url).toBe(first.url);
    const rows = await client(second.url).query({
      query: 'SELECT id FROM kept ORDER BY id',
      format: 'JSONEachRow',
    });
    expect(await rows.json<{ id: string }>()).toEqual([{ id: 7 }, { id: 8 }]);
  });

  test('keeps acknowledged rows when the server is killed', async () => {
    const first = await startClickHouse({ dataDir });
    await client(first.url).command({ query: 'CREATE TABLE kept (id UInt64) ENGINE MergeTree ORDER BY id' });
    await client(first.url).insert({ table: 'kept', values: [{ id: 9 }], format: 'JSONEachRow' });
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const second = await started(startClickHouse({ dataDir }));
    const rows = await client(second.url).query({ query: 'SELECT id FROM kept', format: 'JSONEachRow' });
    expect(await rows.json()).toEqual([{ id: 9 }]);
  });

  test('gives each user only what it is for', async () => {
    const server = await started(startClickHouse({ dataDir }));
    await client(server.url).command({ query: 'CREATE TABLE seen (id UInt64) ENGINE MergeTree ORDER BY id' });
    const reader = client(server.readOnlyUrl);
    expect(
      await (await reader.query({ query: 'SELECT count() FROM seen', format: 'TabSeparated' })).text(),
    ).toBe('0\n');
    await expect(reader.command({ query: 'DROP TABLE seen' })).rejects.toThrow(/readonly|privileges/i);
    await expect(
      reader.query({ query: "SELECT * FROM file('/etc/passwd', 'LineAsString')" }),
    ).rejects.toThrow(/privileges/);
    const nobody = client(`http://127.0.0.1:${server.port}`);
    await expect(nobody.query({ query: 'SELECT * FROM callscope.seen' })).rejects.toThrow(/privileges/);
    const guesser = client(`http://callscope:wrong@127.0.0.1:${server.port}`);
    await expect(guesser.query({ query: 'SELECT 1' })).rejects.toThrow(/Authentication failed/);
  });

  test('one query of the reader is bounded, and it cannot raise the bounds itself', async () => {
    const server = await started(startClickHouse({ dataDir }));
    const reader = client(server.readOnlyUrl);
    for (const [name, value] of Object.entries(readerBounds)) {
      const bound = await reader.query({
        query: `SELECT getSetting('${name}') AS bound`,
        format: 'JSONEachRow',
      });
      expect(Number((await bound.json<{ bound: number }>())[0]!.bound), name).toBe(value);
      await expect(reader.query({ query: `SELECT 1 SETTINGS ${name} = 0` }), name).rejects.toThrow(
        /readonly|should/i,
      );
    }
    await expect(reader.query({ query: 'SELECT 1 SETTINGS max_execution_time = 3600' })).rejects.toThrow(
      /should/,
    );
    // Grafana's data source sets a shorter one.
    await expect(reader.query({ query: 'SELECT 1 SETTINGS max_execution_time = 5' })).resolves.toBeDefined();
  });

  test('keeps its passwords to the owner of the folder', async () => {
    await started(startClickHouse({ dataDir }));
    for (const file of ['passwords.json', 'users.xml']) {
      expect(statSync(path.join(dataDir, file)).mode & 0o077, file).toBe(0);
    }
  });
});

describe('Redis', () => {
  test('keeps keys and password over a restart, and evicts nothing', async () => {
    const first = await startRedis({ dataDir });
    const writer = new Redis(first.url);
    await writer.set('kept', 'yes');
    expect(await writer.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    writer.disconnect();
    await first.stop();

    const second = await started(startRedis({ dataDir, port: first.port }));
    expect(second.url).toBe(first.url);
    const reader = new Redis(second.url);
    onTestFinished(() => reader.disconnect());
    expect(await reader.get('kept')).toBe('yes');
  });

  test('answers nobody without the password', async () => {
    const { port } = await started(startRedis({ dataDir }));
    const nobody = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null });
    nobody.on('error', () => {});
    onTestFinished(() => nobody.disconnect());
    await expect(nobody.get('kept')).rejects.toThrow(/NOAUTH/);
  });
});

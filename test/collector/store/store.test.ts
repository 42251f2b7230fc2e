import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ClickHouseError } from '@clickhouse/client';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CollectorMetrics } from '../../../collector/metrics.ts';
import type { Insert } from '../../../collector/store/insert.ts';
import { Spool, type SpoolOptions } from '../../../collector/store/spool.ts';
import { Store, type StoreOptions } from '../../../collector/store/store.ts';

const log = pino({ level: 'silent' });
const away = new Error('connect ECONNREFUSED');
const badRow = new ClickHouseError({
  message: 'no such column',
  code: '16',
  type: 'NO_SUCH_COLUMN_IN_TABLE',
});

let directory: string;
let spools: Spool[];
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'callscope-store-'));
  spools = [];
});
afterEach(async () => {
  await Promise.all(spools.map((spool) => spool.close()));
  rmSync(directory, { recursive: true });
});

interface SentBlock {
  table: string;
  block: string;
  token: string;
}

async function open(insert: Insert, options: StoreOptions = {}, spoolOptions: Partial<SpoolOptions> = {}) {
  const sent: SentBlock[] = [];
  const recording: Insert = (table, block, token) => {
    sent.push({ table, block: block.toString('base64'), token });
    return insert(table, block, token);
  };
  const spool = await Spool.open({ directory, ...spoolOptions });
  const refusedDirectory = path.join(directory, 'refused');
  const parts = { spool, insert: recording, refusedDirectory, metrics: new CollectorMetrics(), log };
  const store = new Store(parts, { lingerMs: () => 1, retryMs: 5, drainMs: 50, ...options });
  spools = [spool];
  return { store, spool, sent };
}

const request = (name: string) => {
  const body = Buffer.from(
    JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: name }] }] }] }),
  );
  return {
    facts: {
      signal: 'logs',
      encoding: 'json',
      writer: { kind: 'server' },
      receivedAtMs: Date.now(),
    } as const,
    digest: createHash('sha256').update(body).digest(),
    body,
  };
};
const taken: Insert = async () => undefined;

test('requests of one moment go in as one block', async () => {
  const { store, sent } = await open(taken, { lingerMs: () => 30 });
  store.start();
  await Promise.all([store.accept(request('a')), store.accept(request('b'))]);
  await expect.poll(() => sent.map(({ table }) => table)).toEqual(['rtc_event']);
});

test('a request that is sent again is answered and not stored twice, also after a new start', async () => {
  const first = await open(taken);
  first.store.start();
  await first.store.accept(request('a'));
  await first.store.accept(request('a'));
  await expect.poll(() => first.sent.length).toBe(1);
  await first.store.drain();
  await first.spool.close();
  const second = await open(taken);
  second.store.start();
  await second.store.accept(request('a'));
  await second.store.accept(request('b'));
  await expect.poll(() => second.sent.length).toBe(1);
});

test('what was not in at the end is sent by the next start as the same block under the same token', async () => {
  const first = await open(() => Promise.reject(away));
  first.store.start();
  await first.store.accept(request('a'));
  await expect.poll(() => first.sent.length).toBeGreaterThan(1);
  expect(first.store.behind).toContain('ECONNREFUSED');
  expect(first.store.failure).toBeUndefined();
  // Gathered, in no block yet, when the process ends.
  await first.store.drain();
  await first.spool.close();
  const second = await open(taken);
  await second.store.accept(request('b'));
  second.store.start();
  await expect.poll(() => second.sent.length).toBe(2);
  expect(second.sent[0]).toEqual(first.sent[0]);
  expect(second.sent[1]!.token).not.toBe(first.sent[0]!.token);
});

test('with more on its way than memory may hold, requests wait in the spool and come in later', async () => {
  let isBack = false;
  const { store, sent } = await open(() => (isBack ? Promise.resolve() : Promise.reject(away)), {
    maxBlockBytes: 1,
    maxBlockRows: 1,
  });
  store.start();
  const names = Array.from({ length: 30 }, (_, i) => `event-${String(i).padStart(2, '0')}`);
  for (const name of names) await store.accept(request(name));
  isBack = true;
  const all = () =>
    new Set(
      sent.flatMap(
        ({ block }) =>
          Buffer.from(block, 'base64')
            .toString('latin1')
            .match(/event-\d\d/g) ?? [],
      ),
    );
  await expect.poll(() => [...all()].sort()).toEqual(names);
});

describe('what cannot be taken', () => {
  test('a full spool: refused with the time to come again', async () => {
    const { store } = await open(() => Promise.reject(away), {}, { maxBytes: 300 });
    store.start();
    const fill = async () => {
      for (let i = 0; i < 10; i++) await store.accept(request(`event ${i}`));
    };
    await expect(fill()).rejects.toMatchObject({ code: 'overloaded', retryAfterSeconds: 2 });
  });

  test('rows that ClickHouse refuses are put aside and hold up nothing', async () => {
    let first = true;
    const { store, sent } = await open(async () => {
      if (first) {
        first = false;
        throw badRow;
      }
    });
    store.start();
    await store.accept(request('bad'));
    await expect.poll(() => sent.length).toBe(1);
    await store.accept(request('good'));
    await expect.poll(() => sent.length).toBe(2);
    expect(readdirSync(path.join(directory, 'refused'))).toEqual([
      expect.stringMatching(/^rtc_event-\w+\.native$/),
    ]);
  });

  test('after the order to stop: refused', async () => {
    const { store } = await open(taken);
    store.start();
    await store.drain();
    await expect(store.accept(request('a'))).rejects.toMatchObject({ code: 'stopping' });
  });
});

import { ClickHouseError } from '@clickhouse/client';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { CollectorMetrics } from '../../../collector/metrics.ts';
import { RowSet } from '../../../collector/rows/row-set.ts';
import type { Insert } from '../../../collector/store/insert.ts';
import { RowBuffer, type RowBufferOptions } from '../../../collector/store/row-buffer.ts';

const withCode = (code: string) => expect.objectContaining({ code });
const away = new Error('connect ECONNREFUSED');
const badRow = new ClickHouseError({ message: 'Cannot parse', code: '27', type: 'CANNOT_PARSE' });

describe('rows of concurrent requests', () => {
  test('go in as one block per table', async () => {
    const { buffer, blocks } = build(async () => undefined);
    await Promise.all([
      buffer.write('1', rows({ a: ['x'], b: ['y'] })),
      buffer.write('2', rows({ a: ['z'] })),
    ]);
    expect(blocks.map(({ table, lines }) => [table, lines])).toEqual([
      ['a', ['"x"', '"z"']],
      ['b', ['"y"']],
    ]);
    expect(blocks[0]!.token).not.toBe(blocks[1]!.token);
  });

  test('do not wait once the block is full', async () => {
    const { buffer } = build(async () => undefined, { lingerMs: () => 60_000, maxBatchRows: 2 });
    await buffer.write('1', rows({ a: ['x', 'y'] }));
  });
});

describe('while the store is away', () => {
  test('the block is tried again as it was, under the same token', async () => {
    let failures = 2;
    const { buffer, blocks } = build(async () => {
      if (failures-- > 0) throw away;
    });
    await buffer.write('1', rows({ a: ['x'] }));
    expect(blocks.length).toBe(3);
    expect(new Set(blocks.map(({ token }) => token)).size).toBe(1);
    expect(buffer.failure).toBeUndefined();
  });

  test('new rows are refused at once', async () => {
    const { buffer } = build(async () => Promise.reject(away), { patienceMs: 20 });
    await expect(buffer.write('1', rows({ a: ['x'] }))).rejects.toEqual(withCode('store_unavailable'));
    expect(buffer.failure).toContain('ECONNREFUSED');
    await expect(buffer.write('2', rows({ a: ['y'] }))).rejects.toMatchObject({
      code: 'store_unavailable',
      retryAfterSeconds: 2,
    });
  });

  test('who sends the same again is joined to the block that waits: it is stored once', async () => {
    let open = false;
    const { buffer, blocks } = build(async () => (open ? undefined : Promise.reject(away)), {
      patienceMs: 20,
    });
    await expect(buffer.write('1', rows({ a: ['x'] }))).rejects.toEqual(withCode('store_unavailable'));
    open = true;
    await buffer.write('1', rows({ a: ['x'] }));
    const stored = blocks.length;
    await buffer.write('1', rows({ a: ['x'] }));
    expect(blocks.length).toBe(stored);
    expect(new Set(blocks.map(({ token }) => token)).size).toBe(1);
  });
});

test('more than the bound is refused, not queued', async () => {
  const { buffer } = build(async () => undefined, { maxBytes: 10 });
  await expect(buffer.write('1', rows({ a: ['long enough'] }))).rejects.toEqual(withCode('overloaded'));
});

test('a row that ClickHouse refuses costs only the request that brought it', async () => {
  const { buffer } = build(async (_table, lines) => {
    if (lines.includes('"bad"')) throw badRow;
  });
  const [good, bad] = await Promise.allSettled([
    buffer.write('1', rows({ a: ['good'] })),
    buffer.write('2', rows({ a: ['bad'] })),
  ]);
  expect(good.status).toBe('fulfilled');
  expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'store_refused' } });
});

describe('draining', () => {
  test('writes what waits, and takes no more', async () => {
    const { buffer, blocks } = build(async () => undefined, { lingerMs: () => 60_000 });
    const written = buffer.write('1', rows({ a: ['x'] }));
    await buffer.drain();
    await written;
    expect(blocks.length).toBe(1);
    await expect(buffer.write('2', rows({ a: ['y'] }))).rejects.toEqual(withCode('stopping'));
  });

  test('does not wait for a store that stays away', async () => {
    const { buffer } = build(async () => Promise.reject(away));
    const written = buffer.write('1', rows({ a: ['x'] }));
    const refused = expect(written).rejects.toEqual(withCode('store_unavailable'));
    await buffer.drain();
    await refused;
  });
});

function build(insert: Insert, options: RowBufferOptions = {}) {
  const blocks: { table: string; lines: readonly string[]; token: string }[] = [];
  const recording: Insert = (table, lines, token) => {
    blocks.push({ table, lines, token });
    return insert(table, lines, token);
  };
  const log = pino({ level: 'silent' });
  const buffer = new RowBuffer(recording, new CollectorMetrics(), log, {
    lingerMs: () => 1,
    retryMs: 5,
    ...options,
  });
  return { buffer, blocks };
}

function rows(tables: Record<string, string[]>): RowSet {
  const set = new RowSet();
  for (const [table, values] of Object.entries(tables)) {
    for (const value of values) set.add(table, value as unknown as object);
  }
  return set;
}

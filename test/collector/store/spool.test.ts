import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { decodeRequest } from '../../../collector/store/record.ts';
import { blockKey, Spool, SpoolFullError } from '../../../collector/store/spool.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'callscope-spool-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const request = (text: string) => ({
  facts: { signal: 'logs', encoding: 'json', writer: { kind: 'server' }, receivedAtMs: 1 } as const,
  digest: createHash('sha256').update(text).digest(),
  body: Buffer.from(text),
});
const bodies = (spool: Spool, after = 0) =>
  [...spool.requestsAfter(after)].map(({ content }) => decodeRequest(content).body.toString());
const segments = () => readdirSync(directory).filter((name) => name.endsWith('.spool'));

test('what was appended is there again, with the ends of blocks and what was done', async () => {
  const spool = await Spool.open({ directory });
  const sequence = spool.append(request('a'));
  spool.append(request('b'));
  spool.cut({ table: 't', through: sequence });
  await spool.synced(spool.done({ table: 't', through: sequence }));
  await spool.close();
  const again = await Spool.open({ directory });
  expect(bodies(again)).toEqual(['a', 'b']);
  expect(again.id).toBe(spool.id);
  expect(again.found.cuts.get('t')).toEqual({ ends: new Set([sequence]), last: sequence });
  expect(again.found.done.has(blockKey({ table: 't', through: sequence }))).toBe(true);
  expect(again.append(request('c'))).toBeGreaterThan(sequence + 1);
  expect(bodies(again, sequence)).toEqual(['b', 'c']);
  await again.close();
});

test.each([
  ['torn', (bytes: Buffer) => bytes.subarray(0, -3)],
  ['changed', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([0])])],
])('a last record that is %s is as if it had never been', async (_, damage) => {
  const spool = await Spool.open({ directory });
  spool.append(request('a'));
  spool.append(request('b'));
  await spool.close();
  const [name] = segments();
  writeFileSync(path.join(directory, name!), damage(readFileSync(path.join(directory, name!))));
  const again = await Spool.open({ directory });
  expect(bodies(again)).toEqual(['a']);
  expect(again.found.damaged).toEqual([]);
  again.append(request('c'));
  expect(bodies(again)).toEqual(['a', 'c']);
  await again.close();
});

test('damage in the middle is told, and costs no other segment', async () => {
  const spool = await Spool.open({ directory, segmentBytes: 1 });
  for (const text of ['a', 'b']) spool.append(request(text));
  await spool.close();
  appendFileSync(path.join(directory, segments()[0]!), 'rubbish');
  const again = await Spool.open({ directory });
  expect(again.found.damaged).toEqual([segments()[0]]);
  expect(bodies(again)).toEqual(['a', 'b']);
  await again.close();
});

test('segments are given up oldest first; their requests are still known', async () => {
  const spool = await Spool.open({ directory, segmentBytes: 1 });
  const [, b] = ['a', 'b', 'c'].map((text) => spool.append(request(text)));
  await spool.release(b!);
  expect(bodies(spool)).toEqual(['b', 'c']);
  await spool.close();
  const again = await Spool.open({ directory });
  expect(again.found.digests).toHaveLength(3);
  expect(again.found.digests).toContain(request('a').digest.toString('hex'));
  await again.close();
});

test('no more than the bound is taken', async () => {
  const spool = await Spool.open({ directory, maxBytes: 1_000 });
  const fill = () => {
    for (let i = 0; i < 100; i++) spool.append(request(`request ${i}`));
  };
  expect(fill).toThrow(SpoolFullError);
  expect(spool.bytes).toBeLessThanOrEqual(1_000);
  await spool.close();
});

test('one process at a time', async () => {
  const spool = await Spool.open({ directory });
  await expect(Spool.open({ directory })).rejects.toThrow(/another collector has the spool/);
  await spool.close();
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FakeS3, startFakeS3 } from '../../../lab/failures/recording/fake-s3.ts';
import { measured } from '../../../recorder/disk/measured.ts';
import { folderStore } from '../../../recorder/store/folder.ts';
import { s3Store } from '../../../recorder/store/s3.ts';
import type { FileToStore } from '../../../recorder/store/store.ts';

let dir: string;
let file: FileToStore;
beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'callscope-store-'));
  const name = path.join(dir, 'a.webm');
  writeFileSync(name, Buffer.alloc(2_500_000, 7));
  file = { key: 'acme/call/rec/a.webm', file: name, ...(await measured(name)) };
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('a bucket', () => {
  let s3: FakeS3;
  beforeAll(async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    s3 = await startFakeS3();
  });
  afterAll(async () => {
    await s3.close();
    vi.unstubAllEnvs();
  });
  beforeEach(() => {
    s3.mode = 'good';
    s3.objects.clear();
    s3.requests.length = 0;
  });
  const store = (partBytes?: number) =>
    s3Store({ url: 's3://calls/of/mine', endpoint: s3.url, ...(partBytes && { partBytes }) });
  const key = 'calls/of/mine/acme/call/rec/a.webm';

  test('takes a file whole, and is not sent again what it has', async () => {
    await store().put(file);
    expect(s3.objects.get(key)?.bytes.equals(readFileSync(file.file))).toBe(true);
    await store().put(file);
    expect(s3.requests.filter((request) => request.startsWith('PUT'))).toHaveLength(1);
  });

  test('takes a larger file in parts', async () => {
    await store(1_000_000).put(file);
    expect(s3.objects.get(key)?.bytes.equals(readFileSync(file.file))).toBe(true);
    expect(s3.objects.get(key)?.checksum).toMatch(/-3$/);
    expect(s3.requests.filter((request) => request.startsWith('PUT'))).toHaveLength(3);
    await store(1_000_000).put(file);
    expect(s3.requests.filter((request) => request.startsWith('PUT'))).toHaveLength(3);
  });

  test('that refuses is named; that keeps something else is found out', async () => {
    s3.mode = 'refuses';
    await expect(store().put(file)).rejects.toMatchObject({ code: 'store_refused' });
    s3.mode = 'corrupt';
    await expect(store().put(file)).rejects.toMatchObject({ code: 'not_verified' });
    s3.mode = 'good';
    await store().put(file);
    expect(s3.objects.get(key)?.checksum).toBe(file.sha256);
  });

  test('that is away is named', async () => {
    const gone = s3Store({ url: 's3://calls', endpoint: 'http://127.0.0.1:9' });
    await expect(gone.put(file)).rejects.toMatchObject({ code: 'store_refused' });
  });
});

describe('a folder', () => {
  test('takes a file, and mends one that is cut', async () => {
    const store = folderStore(path.join(dir, 'store'));
    const target = path.join(dir, 'store', file.key);
    await store.put(file);
    expect(readFileSync(target).equals(readFileSync(file.file))).toBe(true);
    writeFileSync(target, 'half');
    await store.put(file);
    expect(readFileSync(target).length).toBe(file.bytes);
  });

  test('that cannot be written to is named', async () => {
    writeFileSync(path.join(dir, 'no-folder'), '');
    await expect(folderStore(path.join(dir, 'no-folder')).put(file)).rejects.toMatchObject({
      code: 'store_refused',
    });
  });
});

/**
 * One real ClickHouse and one real Redis for all integration tests. Tests find them by `inject('clickhouseUrl')`
 * and `inject('redisUrl')`, and each file makes its own database and its own queue prefix there.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { startClickHouse } from '../../runtime/embedded/clickhouse.ts';
import { startRedis } from '../../runtime/embedded/redis.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** With user, password and database. The user may do everything. */
    clickhouseUrl: string;
    redisUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'callscope-test-'));
  const [clickhouse, redis] = await Promise.all([
    startClickHouse({ dataDir: path.join(dir, 'clickhouse') }),
    startRedis({ dataDir: path.join(dir, 'redis') }),
  ]);
  project.provide('clickhouseUrl', clickhouse.url);
  project.provide('redisUrl', redis.url);
  return async () => {
    await Promise.all([clickhouse.stop(), redis.stop()]);
    rmSync(dir, { recursive: true, force: true });
  };
}

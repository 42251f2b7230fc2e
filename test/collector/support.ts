/** For the collector's integration tests: a database of one's own, and a collector that listens. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import pino from 'pino';
import { enricher } from '../../collector/enrich/sender.ts';
import { startGrpc } from '../../collector/grpc/server.ts';
import { authoriser } from '../../collector/http/authorise.ts';
import { cors } from '../../collector/http/cors.ts';
import { buildServer } from '../../collector/http/server.ts';
import { Intake } from '../../collector/intake.ts';
import { CollectorMetrics } from '../../collector/metrics.ts';
import { SchemaKeeper } from '../../collector/schema/keeper.ts';
import { clickhouseInsert } from '../../collector/store/insert.ts';
import { Spool, type SpoolOptions } from '../../collector/store/spool.ts';
import { Store } from '../../collector/store/store.ts';

export const tokenSecret = 'a secret for telemetry tokens';
export const serverKey = 'a-key-for-the-servers';

export const tenantKey = 'a-key-of-acme-alone';

export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly client: ClickHouseClient;
  rows<T>(query: string): Promise<T[]>;
}

/** Not made yet where `create` is false: the collector makes it. */
export async function testDatabase(serverUrl: string, options: { create: boolean }): Promise<TestDatabase> {
  const name = `collector_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(serverUrl);
  const admin = createClient({ url: url.href });
  if (options.create) await admin.command({ query: `CREATE DATABASE ${name}` });
  url.pathname = `/${name}`;
  const client = createClient({ url: url.href, log: { level: 127 } });
  return {
    name,
    url: url.href,
    client,
    async rows<T>(query: string) {
      return await (await client.query({ query, format: 'JSONEachRow' })).json<T>();
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await admin.command({ query: `DROP DATABASE IF EXISTS ${name}` });
      await admin.close();
    },
  };
}

export interface TestCollector extends AsyncDisposable {
  readonly url: string;
  /** host:port */
  readonly grpc: string;
}

export async function startCollector(
  clickhouseUrl: string,
  options: { awaitSchema?: boolean; spoolDirectory?: string; spool?: Partial<SpoolOptions> } = {},
): Promise<TestCollector> {
  const log = pino({ level: 'silent' });
  const client = createClient({ url: clickhouseUrl, log: { level: 127 } });
  const schema = new SchemaKeeper(client, clickhouseUrl, log);
  const metrics = new CollectorMetrics();
  const directory = options.spoolDirectory ?? mkdtempSync(path.join(os.tmpdir(), 'callscope-spool-'));
  const spool = await Spool.open({ directory, ...options.spool });
  const insert = clickhouseInsert(client);
  const store = new Store(
    { spool, insert, refusedDirectory: directory, metrics, log },
    { lingerMs: () => 20, drainMs: 2_000 },
  );
  const parts = {
    authorise: authoriser({ tokenSecret, serverKey, tenantKeys: new Map([[tenantKey, 'acme']]) }),
    store,
    metrics,
    log,
    notReady: () => schema.reason,
    now: Date.now,
  };
  const intake = new Intake(parts);
  const networkFacts = () => ({});
  const enrich = enricher({ networkFacts, secret: tokenSecret, trustedProxies: 0 });
  const server = buildServer({ ...parts, intake, enrich, cors: cors([]) });
  const grpc = await startGrpc({ intake, enrich, log }, '127.0.0.1', 0);
  const prepared = schema.run().then(() => store.start());
  if (options.awaitSchema !== false) await prepared;
  return {
    url: await server.listen({ host: '127.0.0.1', port: 0 }),
    grpc: grpc.address,
    async [Symbol.asyncDispose]() {
      schema.stop();
      const closed = Promise.all([server.close(), grpc.close()]);
      await store.drain();
      await Promise.all([closed, prepared]);
      await spool.close();
      await client.close();
      if (options.spoolDirectory === undefined) rmSync(directory, { recursive: true });
    },
  };
}

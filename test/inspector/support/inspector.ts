/** An inspector in this process, over a database of its own that holds a real call of the demo. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import { migrate } from '../../../collector/schema/migrate.ts';
import { openAudit } from '../../../inspector/access/audit.ts';
import { openKeys } from '../../../inspector/access/keys.ts';
import type { NamePolicy } from '../../../inspector/access/names.ts';
import type { Oidc } from '../../../inspector/access/oidc.ts';
import { openSessions } from '../../../inspector/access/sessions.ts';
import { openWebhooks } from '../../../inspector/access/webhooks.ts';
import type { Role } from '../../../inspector/contract.ts';
import { buildServer } from '../../../inspector/http/server.ts';
import { openImports } from '../../../inspector/imports/imports.ts';
import { Store } from '../../../inspector/store/store.ts';
import { minuteSqls } from '../../../pipelines/store/store.ts';
import { signToken } from '../../../telemetry/tokens.ts';

export const secret = 'a-secret-for-tests-only';

/** A call of `npm run demo`: Ana, Bruno and Chiara, whose downlink was throttled. As the inspector exported it. */
export const demoFile = new URL('demo-call.jsonl.gz', import.meta.url);
export const demoCallId = 'demo-mwvq3rd2-mwvq3tld-d26f49892b65';

export interface TestInspector {
  readonly app: FastifyInstance;
  readonly url: string;
  readonly client: ClickHouseClient;
  readonly database: string;
  /** A one-time link's token. */
  link(role?: Role, tenantId?: string): Promise<string>;
  /** Headers of somebody who is signed in. */
  signedIn(role?: Role, tenantId?: string): Promise<Record<string, string>>;
  /** Puts the demo's call into the store. @returns when it began */
  putDemoCall(options?: { callId?: string; tenantId?: string; startMs?: number }): Promise<number>;
  close(): Promise<void>;
}

export async function openInspector(
  serverUrl: string,
  options: { pageDir?: string; maxImportBytes?: number; oidc?: Oidc; port?: number; names?: NamePolicy } = {},
): Promise<TestInspector> {
  const database = `inspector_${process.pid}_${Math.random().toString(36).slice(2, 8)}`;
  const admin = createClient({ url: serverUrl });
  await admin.command({ query: `CREATE DATABASE ${database}` });
  await migrate(admin, { database });
  await admin.close();
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  const client = createClient({
    url: url.href,
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0, async_insert: 0 },
  });
  const store = new Store(url.href);
  const audit = openAudit(store, Date.now);
  const imports = openImports(Date.now);
  const app = await buildServer({
    store,
    audit,
    imports,
    keys: openKeys(store, Date.now),
    oidc: options.oidc,
    webhooks: openWebhooks(store, secret, Date.now),
    sessions: openSessions({ secret, store, audit }),
    names: options.names ?? 'shown',
    log: pino({ level: 'silent' }),
    now: Date.now,
    tls: undefined,
    pageDir: options.pageDir,
    maxImportBytes: options.maxImportBytes ?? 64 * 2 ** 20,
  });
  const address = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  const link = (role: Role = 'admin', tenantId = 'default') =>
    signToken('inspectorLink', { tenantId, role, linkId: randomUUID() }, { secret, ttlSeconds: 60 });
  return {
    app,
    url: address,
    client,
    database,
    link,
    async signedIn(role, tenantId) {
      const answer = await fetch(`${address}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ link: await link(role, tenantId) }),
      });
      return { cookie: answer.headers.getSetCookie()[0]!.split(';')[0]! };
    },
    putDemoCall: (where = {}) => putDemoCall(client, where),
    async close() {
      await app.close();
      await Promise.all([imports.close(), store.close()]);
      await client.command({ query: `DROP DATABASE ${database} SYNC` });
      await client.close();
    },
  };
}

const timeColumns = new Set([
  'time',
  'window_start',
  'scored_at',
  'started_at',
  'last_seen_at',
  'first_seen_at',
  'detected_at',
  'ended_at',
  'decided_at',
  'sent_at',
  'applied_at',
  'lifted_at',
]);

export const demoLines = (): Record<string, unknown>[] =>
  gunzipSync(readFileSync(demoFile))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

export async function putDemoCall(
  client: ClickHouseClient,
  {
    callId = demoCallId,
    tenantId = 'default',
    startMs,
  }: { callId?: string; tenantId?: string; startMs?: number },
): Promise<number> {
  const [, ...rows] = demoLines();
  const began = rows.find((row) => row.table === 'call_summary')!.started_at as number;
  // Recent, since old rows vanish as they are written; whole windows.
  const start = Math.floor((startMs ?? Date.now() - 15 * 60_000) / 5_000) * 5_000;
  const shift = start - began;
  for (const [table, own] of Map.groupBy(rows, (row) => String(row.table))) {
    const values = own.map(({ table: _, ...row }) => {
      const moved = Object.entries(row).map(([key, value]) => [
        key,
        timeColumns.has(key) && typeof value === 'number' ? value + shift : value,
      ]);
      const time = typeof row.time === 'number' ? row.time + shift : undefined;
      return {
        ...Object.fromEntries(moved),
        tenant_id: tenantId,
        call_id: callId,
        ...(time !== undefined && { client_time: time, received_at: time }),
      };
    });
    await client.insert({ table, values, format: 'JSONEachRow' });
  }
  const minutes = { tenants: [tenantId], calls: [callId], from: 0, to: start + 86_400_000 };
  for (const query of minuteSqls) await client.command({ query, query_params: minutes });
  return start;
}

/**
 * How long rows are kept, by tenant. Migrations say how long each table keeps its rows unless told otherwise; here its
 * TTL is brought to what CALLSCOPE_RETENTION says, whenever a collector starts. ClickHouse does the deleting.
 *
 *   TTL toDateTime(time) + toIntervalDay(90),                                        the longest of all
 *       toDateTime(time) + toIntervalDay(7) WHERE tenant_id IN ('acme'),
 *       toDateTime(time) + toIntervalDay(30) WHERE tenant_id NOT IN ('acme', 'globex')
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { CollectorError } from '../errors.ts';
import { type Cluster, forCluster, localName } from './cluster.ts';
import { type Migration, readMigrations } from './migrate.ts';

/** What is kept equally long, and the days that migrations give it. */
export const retentionDays = { raw: 30, scores: 90, results: 400 } as const;

export type RetentionKind = keyof typeof retentionDays;

export interface RetentionRule {
  /** `*`: every tenant without a rule of its own. */
  readonly tenant: string;
  readonly kind: RetentionKind;
  readonly days: number;
}

export interface RetentionOptions {
  readonly database: string;
  readonly rules: readonly RetentionRule[];
  /** @default a single server */
  readonly cluster?: Cluster | undefined;
}

interface KeptTable {
  readonly name: string;
  readonly kind: RetentionKind;
  /** What TTL counts from. */
  readonly from: string;
  readonly ofTenants: boolean;
  /** Whether migrations have it drop parts only. */
  readonly dropsParts: boolean;
}

/**
 * Does nothing where all is as wanted. Rows that are kept too long go with the next merges, some hours later.
 * @returns the tables that were changed
 * @throws CollectorError `schema_statement_failed`
 */
export async function applyRetention(client: ClickHouseClient, options: RetentionOptions): Promise<string[]> {
  const { database, rules, cluster } = options;
  const present = await presentTtls(client, database);
  const due = keptTables(await readMigrations())
    .map((table) => ({ table, wanted: ttlOf(table, rules) }))
    .filter(({ table: { name }, wanted }) => {
      const has = present.get(cluster ? localName(name) : name);
      return has !== undefined && plain(has) !== plain(wanted);
    });
  await Promise.all(due.map(({ table, wanted }) => change(client, options, table, wanted)));
  return due.map(({ table }) => table.name);
}

async function change(
  client: ClickHouseClient,
  { database, cluster }: RetentionOptions,
  table: KeptTable,
  ttl: string,
): Promise<void> {
  for (const statement of statements(table, ttl)) {
    for (const query of cluster ? forCluster(statement, cluster, database) : [statement]) {
      await client.command({ query, query_params: { database } }).catch((cause: Error) => {
        throw new CollectorError('schema_statement_failed', `retention of ${table.name}: ${cause.message}`, {
          cause,
        });
      });
    }
  }
}

/** The tables that let go of rows in time, as the migrations make them. */
export function keptTables(migrations: readonly Migration[]): KeptTable[] {
  return migrations.flatMap(({ statements: all }) =>
    all.flatMap((sql) => {
      const name = /^CREATE TABLE IF NOT EXISTS \{database:Identifier\}\.(\w+)/.exec(sql)?.[1];
      const [, from, days] = /^TTL (.+) \+ INTERVAL (\d+) DAY$/m.exec(sql) ?? [];
      const kinds = Object.keys(retentionDays) as RetentionKind[];
      const kind = kinds.find((one) => retentionDays[one] === Number(days));
      // Of no kind: it keeps what its migration says.
      if (name === undefined || from === undefined || !kind) return [];
      const ofTenants = /^ {4}tenant_id\s/m.test(sql);
      return [{ name, kind, from, ofTenants, dropsParts: sql.includes('ttl_only_drop_parts = 1') }];
    }),
  );
}

/** In ClickHouse's own spelling. */
export function ttlOf(table: KeptTable, rules: readonly RetentionRule[]): string {
  const { kind, from, ofTenants } = table;
  const ofKind = rules.filter((rule) => rule.kind === kind);
  const others = ofKind.find(({ tenant }) => tenant === '*')?.days ?? retentionDays[kind];
  const own = ofTenants ? ofKind.filter(({ tenant, days }) => tenant !== '*' && days !== others) : [];
  const longest = Math.max(others, ...own.map(({ days }) => days));
  const after = (days: number) => `${from} + toIntervalDay(${days})`;
  const shorter = [...new Set(own.map(({ days }) => days))].filter((days) => days < longest);
  const named = (list: readonly RetentionRule[]) =>
    list
      .map(({ tenant }) => `'${tenant}'`)
      .sort()
      .join(', ');
  return [
    after(longest),
    ...shorter
      .sort((a, b) => a - b)
      .map((days) => `${after(days)} WHERE tenant_id IN (${named(own.filter((r) => r.days === days))})`),
    ...(others < longest ? [`${after(others)} WHERE tenant_id NOT IN (${named(own)})`] : []),
  ].join(', ');
}

/**
 * Rows of one tenant can go only from within parts. A partition is looked through once a day, and what changed is
 * first only noted (`recalculate_only`), so that a change does not rewrite the whole store at once.
 */
function statements({ name, dropsParts }: KeptTable, ttl: string): string[] {
  const byTenant = ttl.includes(' WHERE ');
  const settings = [
    `ttl_only_drop_parts = ${dropsParts && !byTenant ? 1 : 0}`,
    `merge_with_ttl_timeout = ${byTenant ? 86_400 : 14_400}`,
    'materialize_ttl_recalculate_only = 1',
  ];
  const table = `ALTER TABLE {database:Identifier}.${name}`;
  return [`${table} MODIFY SETTING ${settings.join(', ')}`, `${table} MODIFY TTL ${ttl}`];
}

async function presentTtls(client: ClickHouseClient, database: string): Promise<Map<string, string>> {
  const result = await client.query({
    query: `SELECT name, extract(engine_full, ' TTL (.+?)(?: SETTINGS |$)') AS ttl FROM system.tables
      WHERE database = {database:String} AND engine LIKE '%MergeTree'`,
    query_params: { database },
    format: 'JSONEachRow',
  });
  return new Map((await result.json<{ name: string; ttl: string }>()).map(({ name, ttl }) => [name, ttl]));
}

/** Spellings of one TTL differ in spaces and in words that change nothing. */
const plain = (ttl: string): string => ttl.replace(/\bDELETE\b|[\s`()]/g, '');

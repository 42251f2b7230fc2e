/**
 * Brings a ClickHouse database to the schema of this build: the numbered files of `migrations/`, in order, each
 * once, remembered in the table `schema_migration` with its checksum.
 *
 * ClickHouse has no transactions over DDL, so every statement is written to be harmless when repeated
 * (`IF NOT EXISTS`): a migration cut off half-way is run again from its first statement, and two processes
 * that migrate at once both succeed.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { CollectorError } from '../errors.ts';
import { type Cluster, forCluster } from './cluster.ts';

export interface Migration {
  readonly number: number;
  /** File name, `NNN_words.sql`. */
  readonly name: string;
  /** SHA-256 of the file, hex. */
  readonly checksum: string;
  readonly statements: readonly string[];
}

export interface MigrateOptions {
  readonly database: string;
  /** @default the migrations of this build */
  readonly migrations?: readonly Migration[];
  /** @default a single server */
  readonly cluster?: Cluster | undefined;
}

/**
 * @param client any client of the server; it need not be connected to `database`, which must exist
 * @throws CollectorError `schema_changed` when an applied migration is not the one in this build,
 *   `schema_newer` when the database holds one that this build does not know,
 *   `schema_statement_failed` naming file and statement when ClickHouse refuses one
 */
export async function migrate(client: ClickHouseClient, options: MigrateOptions): Promise<void> {
  const { database, cluster } = options;
  const migrations = options.migrations ?? (await readMigrations());
  // Without Keeper each node keeps its own record.
  for (const query of cluster?.keeper ? forCluster(recordTable, cluster, database) : [recordTable]) {
    await client.command({ query, query_params: { database } });
  }
  const applied = await readApplied(client, database);
  verifyApplied(applied, migrations);
  for (const migration of migrations) {
    if (applied.has(migration.number)) continue;
    await apply(client, database, migration, cluster);
    const { number, name, checksum } = migration;
    await client.command({ query: recordMigration, query_params: { database, number, name, checksum } });
  }
}

/** The migrations of a folder in the order of their numbers, which must be unique. */
export async function readMigrations(
  directory: URL = new URL('migrations/', import.meta.url),
): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  const migrations = await Promise.all(
    names.map(async (name) => parseMigration(name, await readFile(new URL(name, directory), 'utf8'))),
  );
  const twice = migrations.find((m, index) => m.number === migrations[index - 1]?.number);
  if (twice)
    throw new Error(`two migrations have the number ${twice.number}; give ${twice.name} the next one`);
  return migrations;
}

/** Statements end with `;` at the end of a line; a comment is a line that starts with `--`. */
export function parseMigration(name: string, text: string): Migration {
  const number = Number(/^(\d{3})_\w+\.sql$/.exec(name)?.[1]);
  if (Number.isNaN(number)) throw new Error(`${name}: a migration is named NNN_words.sql`);
  const sql = text.replace(/^\s*--.*$/gm, '');
  const statements = sql
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter(Boolean);
  return { number, name, checksum: createHash('sha256').update(text).digest('hex'), statements };
}

const recordTable = `CREATE TABLE IF NOT EXISTS {database:Identifier}.schema_migration (
    number     UInt16,
    name       String,
    checksum   String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = ReplacingMergeTree(applied_at)
ORDER BY number`;

const recordMigration = `
INSERT INTO {database:Identifier}.schema_migration (number, name, checksum)
SELECT {number:UInt16}, {name:String}, {checksum:String}`;

interface Applied {
  number: number;
  name: string;
  checksum: string;
}

async function readApplied(client: ClickHouseClient, database: string): Promise<Map<number, Applied>> {
  const result = await client.query({
    query: 'SELECT number, name, checksum FROM {database:Identifier}.schema_migration FINAL ORDER BY number',
    query_params: { database },
    format: 'JSONEachRow',
  });
  return new Map((await result.json<Applied>()).map((row) => [row.number, row]));
}

function verifyApplied(applied: ReadonlyMap<number, Applied>, migrations: readonly Migration[]): void {
  const known = new Map(migrations.map((migration) => [migration.number, migration]));
  for (const row of applied.values()) {
    const migration = known.get(row.number);
    if (!migration) {
      throw new CollectorError(
        'schema_newer',
        `the database holds migration ${row.name}, unknown to this build`,
      );
    }
    if (migration.checksum !== row.checksum) {
      throw new CollectorError('schema_changed', `${migration.name} is not the ${row.name} that was applied`);
    }
  }
}

/** What a copy put into a cluster is there when the next statement runs. */
const clickhouse_settings = { distributed_foreground_insert: 1 } as const;

async function apply(
  client: ClickHouseClient,
  database: string,
  migration: Migration,
  cluster: Cluster | undefined,
): Promise<void> {
  const { statements } = migration;
  for (const query of cluster
    ? statements.flatMap((sql) => forCluster(sql, cluster, database))
    : statements) {
    try {
      await client.command({ query, query_params: { database }, clickhouse_settings });
    } catch (error) {
      const statement = query.split('\n', 1)[0];
      throw new CollectorError(
        'schema_statement_failed',
        `${migration.name}, "${statement}": ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
  }
}

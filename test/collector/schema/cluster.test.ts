import { describe, expect, test } from 'vitest';
import { type Cluster, forCluster as rewritten } from '../../../collector/schema/cluster.ts';
import { readMigrations } from '../../../collector/schema/migrate.ts';

const withKeeper = { name: 'fleet', keeper: true };
const forCluster = (sql: string, cluster: Cluster) => rewritten(sql, cluster, 'callscope');
const migrations = await readMigrations();

describe('on a cluster', () => {
  test('a table becomes a replicated one on each node and a distributed one over them, one call on one shard', () => {
    const single = `CREATE TABLE IF NOT EXISTS {database:Identifier}.t (
    call_id String,
    revision UInt64
) ENGINE = ReplacingMergeTree(revision)
ORDER BY (call_id)
SETTINGS non_replicated_deduplication_window = 10000`;
    expect(forCluster(single, withKeeper)).toEqual([
      `CREATE TABLE IF NOT EXISTS {database:Identifier}.t_local ON CLUSTER 'fleet' (
    call_id String,
    revision UInt64
) ENGINE = ReplicatedReplacingMergeTree(revision)
ORDER BY (call_id)
SETTINGS replicated_deduplication_window = 10000`,
      `CREATE TABLE IF NOT EXISTS {database:Identifier}.t ON CLUSTER 'fleet' AS callscope.t_local
ENGINE = Distributed('fleet', 'callscope', 't_local', cityHash64(call_id))`,
    ]);
  });

  test('rows that are of no call meet those that replace them', () => {
    const single =
      'CREATE TABLE IF NOT EXISTS {database:Identifier}.t (\n    a Int8\n) ENGINE = MergeTree\nORDER BY (a, b)';
    expect(forCluster(single, withKeeper)[1]).toContain('cityHash64(a, b)');
  });

  test('a view is between local tables', () => {
    const single = `CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.v
TO {database:Identifier}.t AS SELECT a FROM {database:Identifier}.s`;
    expect(forCluster(single, withKeeper)).toEqual([
      `CREATE MATERIALIZED VIEW IF NOT EXISTS {database:Identifier}.v ON CLUSTER 'fleet'
TO {database:Identifier}.t_local AS SELECT a FROM {database:Identifier}.s_local`,
    ]);
  });

  test('columns are added to both tables, codecs and order to the local one only', () => {
    const single = `ALTER TABLE {database:Identifier}.t
    ADD COLUMN IF NOT EXISTS a Int8,
    MODIFY ORDER BY (b, a)`;
    expect(forCluster(single, withKeeper)).toEqual([
      `ALTER TABLE {database:Identifier}.t_local ON CLUSTER 'fleet'
    ADD COLUMN IF NOT EXISTS a Int8,
    MODIFY ORDER BY (b, a)`,
      `ALTER TABLE {database:Identifier}.t ON CLUSTER 'fleet'
    ADD COLUMN IF NOT EXISTS a Int8`,
    ]);
  });

  test('without Keeper nothing is replicated and each node makes its own', () => {
    const all = migrations.flatMap(({ statements }) =>
      statements.flatMap((sql) => forCluster(sql, { name: 'fleet', keeper: false })),
    );
    expect(all.join('\n')).not.toMatch(/ON CLUSTER|Replicated/);
  });

  test('a name that is none is refused', () => {
    expect(() => forCluster('INSERT INTO t SELECT 1', { name: "x'y", keeper: true })).toThrow(
      /expected letters/,
    );
  });
});

test.each(
  migrations.flatMap(({ name, statements }) => statements.map((sql) => [name, sql.split('\n', 1)[0]!, sql])),
)(
  '%s: "%s" is known on a cluster, where every table that is filled or read by a view is local',
  (_name, _line, sql) => {
    for (const query of forCluster(sql, withKeeper)) {
      if (query.startsWith('INSERT')) continue;
      expect(query).toContain(" ON CLUSTER 'fleet'");
      if (query.includes('.otel_')) continue;
      if (/MATERIALIZED VIEW|MODIFY QUERY/.test(query)) {
        expect(query.match(/(?:FROM|JOIN|TO) \{database:Identifier\}\.\w+/g)).toSatisfy((found: string[]) =>
          found.every((name) => name.endsWith('_local')),
        );
      }
      if (/CREATE TABLE \S+_local/.test(query)) expect(query).toMatch(/ENGINE = Replicated\w*MergeTree/);
    }
  },
);

import { expect, test } from 'vitest';
import { collectorConfig } from '../../../collector/config.ts';
import { forCluster } from '../../../collector/schema/cluster.ts';
import { readMigrations } from '../../../collector/schema/migrate.ts';
import { keptTables, ttlOf } from '../../../collector/schema/retention.ts';

const migrations = await readMigrations();
const tables = keptTables(migrations);
const events = tables.find(({ name }) => name === 'rtc_event')!;

test('every table that lets go of rows is of a kind, and those of tenants are known as such', () => {
  const letGo = migrations.flatMap(({ statements }) => statements).filter((sql) => /^TTL /m.test(sql));
  expect(tables.length).toBe(letGo.length);
  const byName = new Map(tables.map((table) => [table.name, table]));
  expect(byName.get('stream_score')).toMatchObject({ kind: 'scores', ofTenants: true });
  expect(byName.get('incident_by_time')).toMatchObject({ kind: 'results', ofTenants: true });
  expect(byName.get('rtc_metric')).toMatchObject({ kind: 'raw', ofTenants: false });
  expect(tables.filter(({ name }) => name.startsWith('rtc_stats_')).length).toBe(16);
});

test.each([
  [[], 'toDateTime(time) + toIntervalDay(30)'],
  [[{ tenant: '*', kind: 'raw', days: 5 } as const], 'toDateTime(time) + toIntervalDay(5)'],
  [[{ tenant: 'acme', kind: 'results', days: 5 } as const], 'toDateTime(time) + toIntervalDay(30)'],
  [
    [
      { tenant: 'b', kind: 'raw', days: 7 } as const,
      { tenant: 'a', kind: 'raw', days: 7 } as const,
      { tenant: 'c', kind: 'raw', days: 60 } as const,
    ],
    "toDateTime(time) + toIntervalDay(60), toDateTime(time) + toIntervalDay(7) WHERE tenant_id IN ('a', 'b'), " +
      "toDateTime(time) + toIntervalDay(30) WHERE tenant_id NOT IN ('a', 'b', 'c')",
  ],
])('%j', (rules, ttl) => {
  expect(ttlOf(events, rules)).toBe(ttl);
});

test('a table of no tenant follows the rule of all', () => {
  const metrics = tables.find(({ name }) => name === 'rtc_metric')!;
  expect(ttlOf(metrics, [{ tenant: 'acme', kind: 'raw', days: 60 }])).toBe(
    'toDateTime(time) + toIntervalDay(30)',
  );
});

test('on a cluster the replicated tables are changed, on every node', () => {
  const sql = 'ALTER TABLE {database:Identifier}.rtc_event MODIFY TTL x';
  expect(forCluster(sql, { name: 'fleet', keeper: true }, 'callscope')).toEqual([
    "ALTER TABLE {database:Identifier}.rtc_event_local ON CLUSTER 'fleet' MODIFY TTL x",
  ]);
});

const setting = collectorConfig.shape.CALLSCOPE_RETENTION;

test('the setting names tenant, kind and days', () => {
  expect(setting.parse('acme:raw:7, *:results:90')).toEqual([
    { tenant: 'acme', kind: 'raw', days: 7 },
    { tenant: '*', kind: 'results', days: 90 },
  ]);
});

test.each(['acme:raw:0', 'acme:raws:7', 'acme:raw', "a'b:raw:7", 'acme:raw:7,acme:raw:8'])(
  'the setting %s is refused',
  (text) => {
    expect(setting.safeParse(text).error?.issues[0]?.message).toMatch(/expected tenant:kind:days/);
  },
);

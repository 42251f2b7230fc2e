/** Rows are let go of by the real store, by tenant, and by another rule once the setting changed. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { migrate } from '../../../collector/schema/migrate.ts';
import { applyRetention, type RetentionRule } from '../../../collector/schema/retention.ts';
import { type TestDatabase, testDatabase } from '../support.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(inject('clickhouseUrl'), { create: true });
  await migrate(db.client, { database: db.name });
});
afterAll(() => db[Symbol.asyncDispose]());

const dayMs = 86_400_000;
const tables = ['rtc_event', 'rtc_stats_inbound_rtp'] as const;
const put = (table: string, tenant: string, ageDays: number) =>
  db.client.insert({
    table,
    values: [{ tenant_id: tenant, call_id: `${ageDays} days`, time: Date.now() - ageDays * dayMs }],
    format: 'JSONEachRow',
  });

const apply = (...rules: RetentionRule[]) => applyRetention(db.client, { database: db.name, rules });

/** What is left once everything due is gone. */
async function left(table: string): Promise<string[]> {
  await db.client.command({ query: `OPTIMIZE TABLE ${table} FINAL` });
  const rows = await db.rows<{ row: string }>(
    `SELECT concat(tenant_id, ' ', call_id) AS row FROM ${table} ORDER BY tenant_id, time DESC`,
  );
  return rows.map(({ row }) => row);
}

async function mutationsDone(): Promise<void> {
  const query = 'SELECT command FROM system.mutations WHERE database = currentDatabase() AND NOT is_done';
  await expect.poll(() => db.rows(query), { timeout: 20_000 }).toEqual([]);
}

test('unless told otherwise nothing is changed', async () => {
  expect(await apply()).toEqual([]);
});

test('each tenant’s rows go when their time is over, also those of all others, and all again by another rule', async () => {
  const changed = await apply(
    { tenant: 'acme', kind: 'raw', days: 7 },
    { tenant: 'globex', kind: 'raw', days: 60 },
  );
  expect(changed).toEqual(expect.arrayContaining([...tables]));
  expect(changed).not.toContain('stream_score');
  for (const table of tables) {
    for (const tenant of ['acme', 'globex', 'initech']) {
      for (const age of [1, 10, 40]) await put(table, tenant, age);
    }
    expect(await left(table)).toEqual([
      ...['acme 1 days', 'globex 1 days', 'globex 10 days', 'globex 40 days'],
      ...['initech 1 days', 'initech 10 days'],
    ]);
  }
  await mutationsDone();

  await apply({ tenant: 'globex', kind: 'raw', days: 30 }, { tenant: '*', kind: 'raw', days: 5 });
  await mutationsDone();
  for (const table of tables) {
    expect(await left(table)).toEqual([
      ...['acme 1 days', 'globex 1 days', 'globex 10 days', 'initech 1 days'],
    ]);
  }
});

test('a start with the same rules changes nothing', async () => {
  const rules = [
    { tenant: 'acme', kind: 'raw', days: 3 },
    { tenant: 'a.b-c@d', kind: 'raw', days: 3 },
    { tenant: 'globex', kind: 'results', days: 800 },
    { tenant: '*', kind: 'scores', days: 10 },
  ] as const;
  expect(await apply(...rules)).toEqual(expect.arrayContaining(['rtc_event', 'stream_score', 'incident']));
  expect(await apply(...rules)).toEqual([]);
});

test('without rules all is as the migrations made it', async () => {
  await apply();
  const made = 'SELECT create_table_query AS query FROM system.tables WHERE database = currentDatabase()';
  const ttls = (await db.rows<{ query: string }>(made)).map(({ query }) => query);
  expect(ttls.filter((query) => / TTL .* WHERE tenant_id/.test(query))).toEqual([]);
  expect(ttls.find((query) => /^CREATE TABLE \S+\.rtc_event /.test(query))).toMatch(
    /TTL toDateTime\(time\) \+ toIntervalDay\(30\) .*ttl_only_drop_parts = 1/,
  );
});

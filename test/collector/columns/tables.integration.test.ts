/** The columns that the collector makes are those of the tables, and ClickHouse reads the blocks as they were meant. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { tableColumns } from '../../../collector/columns/definitions.ts';
import { TableColumns } from '../../../collector/columns/table.ts';
import { migrate } from '../../../collector/schema/migrate.ts';
import { clickhouseInsert } from '../../../collector/store/insert.ts';
import { type TestDatabase, testDatabase } from '../support.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(inject('clickhouseUrl'), { create: true });
  await migrate(db.client, { database: db.name });
});
afterAll(() => db[Symbol.asyncDispose]());

const inTables = {
  text: 'String',
  word: 'LowCardinality(String)',
  time: "DateTime64(3, 'UTC')",
  count: 'Nullable(UInt64)',
  signed: 'Nullable(Int64)',
  gauge: 'Nullable(Float64)',
  flag: 'Nullable(Bool)',
  total: 'UInt64',
  number: 'Float64',
  numbers: 'Array(Float64)',
  totals: 'Array(UInt64)',
  map: 'Map(LowCardinality(String), String)',
};

test('every column is in its table, with its type', async () => {
  const found = await db.rows<{ table: string; name: string; type: string }>(
    `SELECT table, name, type FROM system.columns WHERE database = '${db.name}'`,
  );
  const types = new Map(found.map(({ table, name, type }) => [`${table}.${name}`, type]));
  for (const [table, columns] of tableColumns) {
    for (const { name, type } of columns) {
      expect([table, name, types.get(`${table}.${name}`)]).toEqual([table, name, inTables[type]]);
    }
  }
});

test('every type of value arrives as it was set, absent ones as absent', async () => {
  const now = Date.now();
  const inbound = new TableColumns('rtc_stats_inbound_rtp');
  const row = { call_id: 'c', time: now, client_time: now, received_at: now };
  inbound.add({
    ...row,
    kind: 'ünï',
    ssrc: 1,
    packets_lost: -3,
    audio_level: 0.25,
    power_efficient_decoder: true,
  });
  inbound.add({ ...row, ssrc: '18446744073709551615', attributes: { a: '1', ü: '' } });
  inbound.add({ ...row, kind: 'audio', attributes: { a: '2' } });
  const metric = new TableColumns('rtc_metric');
  const times = { start_time: now, time: now, received_at: now };
  metric.add({ ...times, name: 'm', value: 1.5, count: 3, bounds: [1, 2], bucket_counts: [1, 2, 0] });
  metric.add({ ...times, name: 'n', value: 0, count: 0, bounds: [], bucket_counts: [] });
  const insert = clickhouseInsert(db.client);
  for (const table of [inbound, metric]) await insert(table.name, table.encode(), table.name);
  expect(
    await db.rows(`SELECT kind, toString(ssrc) AS ssrc, packets_lost, audio_level, power_efficient_decoder AS flag,
      attributes, toUnixTimestamp64Milli(time) AS time FROM rtc_stats_inbound_rtp ORDER BY ssrc NULLS LAST`),
  ).toEqual([
    { kind: 'ünï', ssrc: '1', packets_lost: -3, audio_level: 0.25, flag: true, attributes: {}, time: now },
    {
      kind: '',
      ssrc: '18446744073709551615',
      packets_lost: null,
      audio_level: null,
      flag: null,
      attributes: { a: '1', ü: '' },
      time: now,
    },
    {
      kind: 'audio',
      ssrc: null,
      packets_lost: null,
      audio_level: null,
      flag: null,
      attributes: { a: '2' },
      time: now,
    },
  ]);
  expect(
    await db.rows('SELECT name, value, count, bounds, bucket_counts AS counts FROM rtc_metric ORDER BY name'),
  ).toEqual([
    { name: 'm', value: 1.5, count: 3, bounds: [1, 2], counts: [1, 2, 0] },
    { name: 'n', value: 0, count: 0, bounds: [], counts: [] },
  ]);
});

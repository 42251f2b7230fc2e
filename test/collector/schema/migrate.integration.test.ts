import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { migrate, parseMigration, readMigrations } from '../../../collector/schema/migrate.ts';
import { type TestDatabase, testDatabase } from '../support.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await testDatabase(inject('clickhouseUrl'), { create: true });
});
afterEach(() => db[Symbol.asyncDispose]());

const real = await readMigrations();
const recorded = 'SELECT number, name, checksum FROM schema_migration FINAL ORDER BY number';
const table = (number: number, name: string) =>
  parseMigration(
    `00${number}_${name}.sql`,
    `CREATE TABLE IF NOT EXISTS {database:Identifier}.${name} (a Int8) ENGINE = MergeTree ORDER BY a;`,
  );

test('a second run changes nothing', async () => {
  await migrate(db.client, { database: db.name });
  const once = await db.rows(
    'SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase()',
  );
  await migrate(db.client, { database: db.name });
  expect(
    await db.rows('SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase()'),
  ).toEqual(once);
  expect(await db.rows(recorded)).toEqual(
    real.map(({ number, name, checksum }) => ({ number, name, checksum })),
  );
});

test('several at once all succeed, and each migration is recorded once', async () => {
  await Promise.all([1, 2, 3].map(() => migrate(db.client, { database: db.name })));
  expect((await db.rows(recorded)).length).toBe(real.length);
});

test('one that was cut off half-way is finished by the next run', async () => {
  const first = real[0]!;
  const halfWay = { ...first, statements: [...first.statements.slice(0, 3), 'SELECT nonsense'] };
  await expect(migrate(db.client, { database: db.name, migrations: [halfWay] })).rejects.toMatchObject({
    code: 'schema_statement_failed',
    message: expect.stringContaining(`${first.name}, "SELECT nonsense"`),
  });
  expect(await db.rows(recorded)).toEqual([]);
  await migrate(db.client, { database: db.name });
  expect((await db.rows(recorded)).length).toBe(real.length);
});

test('only what is new is applied', async () => {
  await migrate(db.client, { database: db.name, migrations: [table(1, 'one')] });
  await migrate(db.client, { database: db.name, migrations: [table(1, 'one'), table(2, 'two')] });
  expect(await db.rows(recorded)).toMatchObject([{ number: 1 }, { number: 2 }]);
});

test('a migration that was changed after it was applied is refused, and nothing else is applied', async () => {
  await migrate(db.client, { database: db.name, migrations: [table(1, 'one')] });
  const changed = [parseMigration('001_one.sql', '-- other'), table(2, 'two')];
  await expect(migrate(db.client, { database: db.name, migrations: changed })).rejects.toMatchObject({
    code: 'schema_changed',
  });
  expect((await db.rows(recorded)).length).toBe(1);
});

test('a database of a newer build is refused', async () => {
  await migrate(db.client, { database: db.name, migrations: [table(1, 'one'), table(2, 'two')] });
  await expect(
    migrate(db.client, { database: db.name, migrations: [table(1, 'one')] }),
  ).rejects.toMatchObject({
    code: 'schema_newer',
    message: expect.stringContaining('002_two.sql'),
  });
});

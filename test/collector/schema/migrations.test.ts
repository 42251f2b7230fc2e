import { describe, expect, test } from 'vitest';
import { parseMigration, readMigrations } from '../../../collector/schema/migrate.ts';

describe('a migration file', () => {
  test('is cut into statements; comments and semicolons within lines are left alone', () => {
    const text = "-- What; it makes.\nCREATE a;\n\nCREATE b ';' x\n-- why\nc;\n";
    expect(parseMigration('007_some_words.sql', text)).toMatchObject({
      number: 7,
      statements: ['CREATE a', "CREATE b ';' x\n\nc"],
    });
  });

  test.each(['7_x.sql', 'x.sql', '007.sql'])('must not be named %s', (name) => {
    expect(() => parseMigration(name, '')).toThrow(/NNN_words/);
  });
});

const migrations = await readMigrations();

test('numbers rise, so that the order of files is the order of application', () => {
  const numbers = migrations.map(({ number }) => number);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
});

test.each(
  migrations.flatMap(({ name, statements }) => statements.map((sql) => [name, sql.split('\n', 1)[0]!, sql])),
)('%s: "%s" can be repeated and names its database', (_name, _line, sql) => {
  // A copy into a table that replaces by key changes nothing when repeated.
  expect(sql).toMatch(
    /IF (NOT )?EXISTS|MODIFY (QUERY|COLUMN|SETTING)|^INSERT INTO \S+_by_time \([\w\s,]+\)\s+SELECT[\w\s,]+FROM \S+ FINAL$|^INSERT INTO \S+\.(stream|receiver)_minute\s/,
  );
  expect(sql).toContain('{database:Identifier}.');
});

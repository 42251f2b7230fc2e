/** The SQL of deploy/ is what ClickHouse's own parser takes. The embedded server cannot make users by SQL. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { parseMigration } from '../../collector/schema/migrate.ts';

const file = path.join(import.meta.dirname, '..', '..', 'deploy', 'clickhouse', 'grafana-user.sql');
const { statements } = parseMigration('000_grafana_user.sql', readFileSync(file, 'utf8'));
let client: ClickHouseClient;

beforeAll(() => {
  client = createClient({ url: inject('clickhouseUrl') });
});
afterAll(() => client.close());

test.each(statements.map((statement) => [statement.split('\n', 1)[0]!, statement]))(
  '%s',
  async (_line, statement) => {
    const result = await client.query({
      query: 'SELECT formatQuery({statement:String}) AS text',
      query_params: { statement },
      format: 'JSONEachRow',
    });
    const [row] = await result.json<{ text: string }>();
    expect(row!.text).toMatch(/^(?:CREATE|GRANT) /);
  },
);

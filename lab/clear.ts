/** Empties a store, as if nothing had ever happened; its tables stay. */
import type { ClickHouseClient } from '@clickhouse/client';

const tablesSql = `SELECT name FROM system.tables
WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name != 'schema_migration'`;

export async function clearStore(client: ClickHouseClient): Promise<void> {
  const result = await client.query({ query: tablesSql, format: 'JSONEachRow' });
  for (const { name } of await result.json<{ name: string }>())
    await client.command({ query: `TRUNCATE TABLE ${name}` });
}

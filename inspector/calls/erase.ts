/**
 * Erasing a call: every row of it, in every table that holds rows of calls, found by their columns so that a table
 * added tomorrow is not forgotten. Returns when the rows are gone from the parts on disk.
 */
import { readSql, type Store } from '../store/store.ts';

const tablesSql = readSql('tables-of-calls.sql');
const deleteSql =
  'ALTER TABLE {table:Identifier} DELETE WHERE tenant_id = {tenant:String} AND call_id = {call:String}';
const countSql =
  'SELECT count() AS rows FROM {table:Identifier} WHERE tenant_id = {tenant:String} AND call_id = {call:String}';

export interface Erased {
  readonly tables: number;
  readonly rows: number;
}

export async function eraseCall(store: Store, tenantId: string, callId: string): Promise<Erased> {
  const key = { tenant: tenantId, call: callId };
  const tables = await store.query<{ table: string }>(tablesSql, {});
  // All at once: each waits for its turn in the server's own queue, not for the one before.
  const erased = await Promise.all(
    tables.map(async ({ table }) => {
      const [found] = await store.query<{ rows: number }>(countSql, { ...key, table });
      if (!found || found.rows === 0) return 0;
      await store.command(deleteSql, { ...key, table });
      return found.rows;
    }),
  );
  return {
    tables: erased.filter((rows) => rows > 0).length,
    rows: erased.reduce((sum, rows) => sum + rows, 0),
  };
}

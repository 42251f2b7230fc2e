/** A database of its own for one test file, with the schema of this build, and rows put into it as a collector would. */
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { migrate } from '../../../collector/schema/migrate.ts';
import { type CallSamples, type SampleTable, sampleColumns } from '../../../quality/samples.ts';

export interface TestStore {
  readonly url: string;
  readonly client: ClickHouseClient;
  rows<Row>(query: string): Promise<Row[]>;
  /** Samples with `from` <= time < `to`. @param shiftMs added to every time */
  put(call: CallSamples, span: { from: number; to: number }, shiftMs: number): Promise<void>;
  putEvent(event: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
}

export async function openTestStore(serverUrl: string): Promise<TestStore> {
  const database = `pipelines_${process.pid}_${Math.random().toString(36).slice(2, 8)}`;
  const admin = createClient({ url: serverUrl });
  await admin.command({ query: `CREATE DATABASE ${database}` });
  await migrate(admin, { database });
  await admin.close();
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  const client = createClient({
    url: url.href,
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0, async_insert: 0 },
  });
  const insert = (table: string, values: object[]) =>
    values.length > 0 ? client.insert({ table, values, format: 'JSONEachRow' }) : undefined;
  return {
    url: url.href,
    client,
    async rows<Row>(query: string) {
      return (await client.query({ query, format: 'JSONEachRow' })).json<Row>();
    },
    async put(call, { from, to }, shiftMs) {
      const stamped = <T extends { readonly time: number }>(rows: readonly T[]) =>
        rows
          .filter((row) => row.time >= from && row.time < to)
          .map((row) => ({
            ...row,
            time: row.time + shiftMs,
            client_time: row.time + shiftMs,
            received_at: Date.now(),
          }));
      await insert(
        'rtc_event',
        stamped(call.events).map((event) => ({ ...event, source: 'sfu' })),
      );
      for (const table of Object.keys(sampleColumns) as SampleTable[]) {
        await insert(`rtc_stats_${table}`, stamped<{ readonly time: number }>(call[table]));
      }
    },
    async putEvent(event) {
      const now = Date.now();
      await insert('rtc_event', [{ time: now, client_time: now, received_at: now, ...event }]);
    },
    async close() {
      await client.command({ query: `DROP DATABASE ${database} SYNC` });
      await client.close();
    },
  };
}

/** Runs a panel's query as Grafana would, for the pictures and the tests. */
import type { ClickHouseClient } from '@clickhouse/client';
import { expandMacros, type MacroContext } from './macros.ts';

export interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  /** What the answer cost. */
  readonly readRows: number;
  readonly readBytes: number;
}

/** Times are ISO text, numbers are numbers. @throws ClickHouseError with the text of the query that failed */
export async function runQuery(
  client: ClickHouseClient,
  sql: string,
  context: MacroContext,
): Promise<Answer> {
  const query = expandMacros(sql, context);
  const result = await client.query({
    query,
    format: 'JSONCompact',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0, date_time_output_format: 'iso' },
  });
  const { meta, data, statistics } = await result.json<unknown[]>();
  return {
    columns: meta ?? [],
    rows: data,
    readRows: statistics?.rows_read ?? 0,
    readBytes: statistics?.bytes_read ?? 0,
  };
}

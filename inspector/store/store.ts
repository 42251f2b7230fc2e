/** ClickHouse as the inspector uses it: a query in a file, rows out. */
import { readFileSync } from 'node:fs';
import { JsonStore, type Parameters } from '../../telemetry/service/json-store.ts';
import { InspectorError } from '../errors.ts';

export type { Parameters };

/** The text of a query beside this file. */
export const readSql = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** Throws InspectorError `store_unavailable`. */
export class Store extends JsonStore {
  constructor(url: string) {
    super({
      url,
      requestTimeoutMs: 20_000,
      maxOpenConnections: 16,
      settings: {
        max_execution_time: 15,
        max_threads: 2,
        // A support agent's question must not take the memory that ingest lives on.
        max_memory_usage: '1500000000',
      },
      probeSql: 'SELECT key_id FROM inspector_key LIMIT 0',
      failed: (message, cause) => new InspectorError('store_unavailable', message, { cause }),
    });
  }

  /** Rows as they come, a batch at a time. @throws InspectorError `store_unavailable` */
  async *stream<Row>(sql: string, parameters: Parameters): AsyncGenerator<readonly Row[]> {
    const result = await this.guard(() =>
      this.client.query({
        query: sql,
        query_params: { ...parameters },
        format: 'JSONEachRow',
        clickhouse_settings: { date_time_output_format: 'iso', max_execution_time: 300 },
      }),
    );
    for await (const rows of result.stream<Row>()) yield rows.map((row) => row.json() as Row);
  }

  insert(table: string, rows: readonly object[]): Promise<void> {
    return this.write(table, rows);
  }

  /** A statement without an answer; returns when it is done on every replica. */
  override command(sql: string, parameters: Parameters): Promise<void> {
    return super.command(sql, parameters, { mutations_sync: '2', max_execution_time: 300 });
  }
}

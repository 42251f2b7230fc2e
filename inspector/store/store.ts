/** ClickHouse as the inspector uses it: a query in a file, rows out. */
import { readFileSync } from 'node:fs';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { InspectorError } from '../errors.ts';

/** The text of a query beside this file. */
export const readSql = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

export type Parameters = Record<string, string | number | readonly string[]>;

const requestTimeoutMs = 20_000;

export class Store {
  readonly #client: ClickHouseClient;

  constructor(url: string) {
    this.#client = createClient({
      url,
      request_timeout: requestTimeoutMs,
      max_open_connections: 16,
      clickhouse_settings: {
        output_format_json_quote_64bit_integers: 0,
        // `NaN` has no place in JSON; it becomes null, which is "not known".
        output_format_json_quote_denormals: 0,
        max_execution_time: 15,
        max_threads: 2,
        // A support agent's question must not take the memory that ingest lives on.
        max_memory_usage: '1500000000',
        compile_expressions: 0,
        compile_aggregate_expressions: 0,
      },
      log: { level: 127 },
    });
  }

  /** @throws InspectorError `store_unavailable` */
  async query<Row>(sql: string, parameters: Parameters): Promise<Row[]> {
    return this.#guard(async () => {
      const result = await this.#client.query({
        query: sql,
        query_params: { ...parameters },
        format: 'JSONEachRow',
      });
      return result.json<Row>();
    });
  }

  /** Rows as they come, a batch at a time. @throws InspectorError `store_unavailable` */
  async *stream<Row>(sql: string, parameters: Parameters): AsyncGenerator<readonly Row[]> {
    const result = await this.#guard(() =>
      this.#client.query({
        query: sql,
        query_params: { ...parameters },
        format: 'JSONEachRow',
        clickhouse_settings: { date_time_output_format: 'iso', max_execution_time: 300 },
      }),
    );
    for await (const rows of result.stream<Row>()) yield rows.map((row) => row.json() as Row);
  }

  async insert(table: string, rows: readonly object[]): Promise<void> {
    await this.#guard(() =>
      this.#client.insert({
        table,
        values: [...rows],
        format: 'JSONEachRow',
        clickhouse_settings: { async_insert: 0 },
      }),
    );
  }

  /** A statement without an answer; returns when it is done on every replica. */
  async command(sql: string, parameters: Parameters): Promise<void> {
    await this.#guard(() =>
      this.#client.command({
        query: sql,
        query_params: { ...parameters },
        clickhouse_settings: { mutations_sync: '2', max_execution_time: 300 },
      }),
    );
  }

  /** Why it cannot be used; empty when it can. */
  async notReady(): Promise<string> {
    const ping = await this.#client.ping();
    if (!ping.success) return `ClickHouse does not answer: ${ping.error.message}`;
    try {
      await this.query('SELECT key_id FROM inspector_key LIMIT 0', {});
      return '';
    } catch (error) {
      return `the tables are not there yet: ${(error as Error).message}`;
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const message = error instanceof Error ? error.message.slice(0, 500) : String(error);
      throw new InspectorError('store_unavailable', message, { cause: error });
    }
  }
}

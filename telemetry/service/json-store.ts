/** ClickHouse as services that read rows use it: a query with parameters, objects out. Each names its own bounds and errors. */
import { type ClickHouseClient, type ClickHouseSettings, createClient } from '@clickhouse/client';

export type Parameters = Record<string, string | number | readonly string[] | readonly number[]>;

export interface JsonStoreOptions {
  readonly url: string;
  readonly requestTimeoutMs: number;
  readonly maxOpenConnections: number;
  readonly settings: ClickHouseSettings;
  /** Read to see whether the tables are there. */
  readonly probeSql: string;
  /** What the service throws. @param message of ClickHouse or the connection, at most 500 characters */
  readonly failed: (message: string, cause: unknown) => Error;
}

export class JsonStore {
  protected readonly client: ClickHouseClient;
  readonly #options: JsonStoreOptions;

  constructor(options: JsonStoreOptions) {
    this.#options = options;
    this.client = createClient({
      url: options.url,
      request_timeout: options.requestTimeoutMs,
      max_open_connections: options.maxOpenConnections,
      clickhouse_settings: {
        // All our 64-bit numbers are counters and epoch times far below 2^53.
        output_format_json_quote_64bit_integers: 0,
        // `NaN` has no place in JSON; it becomes null, which is "not known".
        output_format_json_quote_denormals: 0,
        // Compiling expressions pays for millions of rows; here it would be done for hundreds.
        compile_expressions: 0,
        compile_aggregate_expressions: 0,
        ...options.settings,
      },
      log: { level: 127 },
    });
  }

  /** @throws what `failed` makes of it */
  async query<Row>(sql: string, parameters: Parameters): Promise<Row[]> {
    return this.guard(async () => {
      const result = await this.client.query({
        query: sql,
        query_params: { ...parameters },
        format: 'JSONEachRow',
      });
      return result.json<Row>();
    });
  }

  /** A statement without an answer. @throws what `failed` makes of it */
  async command(sql: string, parameters: Parameters, settings: ClickHouseSettings = {}): Promise<void> {
    await this.guard(() =>
      this.client.command({
        query: sql,
        query_params: { ...parameters },
        clickhouse_settings: settings,
      }),
    );
  }

  /** @throws what `failed` makes of it */
  protected async write(
    table: string,
    rows: readonly object[],
    settings: ClickHouseSettings = {},
  ): Promise<void> {
    await this.guard(() =>
      this.client.insert({
        table,
        values: [...rows],
        format: 'JSONEachRow',
        clickhouse_settings: { async_insert: 0, ...settings },
      }),
    );
  }

  /** Why it cannot be used; empty when it can. */
  async notReady(): Promise<string> {
    const ping = await this.client.ping();
    if (!ping.success) return `ClickHouse does not answer: ${ping.error.message}`;
    try {
      await this.query(this.#options.probeSql, {});
      return '';
    } catch (error) {
      return `the tables are not there yet: ${(error as Error).message}`;
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }

  protected async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const message = error instanceof Error ? error.message.slice(0, 500) : String(error);
      throw this.#options.failed(message, error);
    }
  }
}

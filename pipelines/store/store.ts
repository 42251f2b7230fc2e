/** ClickHouse as the pipelines use it: a query in a file, rows out; rows in, under a token that makes a repeat harmless. */
import { readFileSync } from 'node:fs';
import { type ClickHouseClient, ClickHouseError, createClient } from '@clickhouse/client';
import { PipelinesError } from '../errors.ts';

/** The text of a query beside this file. */
export const readSql = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

export type Parameters = Record<string, string | number | readonly string[] | readonly number[]>;

/** Longer than any of our queries; a hung server must not hold a job for ever. */
const requestTimeoutMs = 15_000;

/** ClickHouse's words for "not now" (src/Common/ErrorCodes.cpp): too slow, too much at once, no memory, no disk. */
const passingFaults = new Set(['159', '160', '202', '209', '210', '241', '243', '252', '439']);

export class Store {
  readonly #client: ClickHouseClient;

  /**
   * @param haste `live` for what a call waits for; `patient` for what may come some seconds later: few queries at
   *   once, and they give way, so that scoring a window never holds up a decision
   */
  constructor(url: string, haste: 'live' | 'patient' = 'live') {
    this.#client = createClient({
      url,
      request_timeout: requestTimeoutMs,
      max_open_connections: haste === 'live' ? 24 : 2,
      clickhouse_settings: {
        // All our 64-bit numbers are counters and epoch times far below 2^53.
        output_format_json_quote_64bit_integers: 0,
        // `NaN` has no place in JSON; it becomes null, which is "not known".
        output_format_json_quote_denormals: 0,
        max_execution_time: 10,
        // The queries are small; threads would cost more than they save, and many run at once.
        max_threads: 1,
        max_insert_threads: '1',
        input_format_parallel_parsing: 0,
        // Compiling expressions pays for millions of rows; here it would be done for hundreds.
        compile_expressions: 0,
        compile_aggregate_expressions: 0,
        use_query_condition_cache: 0,
      },
      log: { level: 127 },
    });
  }

  /** @throws PipelinesError */
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

  /**
   * @param token the same for the same rows: ClickHouse drops the second of two inserts that carry it
   * @throws PipelinesError
   */
  async insert(table: string, rows: readonly object[], token?: string): Promise<void> {
    if (rows.length === 0) return;
    await this.#guard(() =>
      this.#client.insert({
        table,
        values: [...rows],
        format: 'JSONEachRow',
        clickhouse_settings: { async_insert: 0, ...(token ? { insert_deduplication_token: token } : {}) },
      }),
    );
  }

  /** A statement without an answer (INSERT … SELECT). @throws PipelinesError */
  async command(sql: string, parameters: Parameters): Promise<void> {
    await this.#guard(() => this.#client.command({ query: sql, query_params: { ...parameters } }));
  }

  /** Why it cannot be used; empty when it can. */
  async notReady(): Promise<string> {
    const ping = await this.#client.ping();
    if (!ping.success) return `ClickHouse does not answer: ${ping.error.message}`;
    try {
      await this.query(readSql('ready.sql'), {});
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
      const refused = error instanceof ClickHouseError && !passingFaults.has(error.code);
      const code = refused ? 'store_refused' : 'store_unavailable';
      throw new PipelinesError(code, message, { cause: error });
    }
  }
}

/** ClickHouse as the pipelines use it: a query in a file, rows out; rows in, under a token that makes a repeat harmless. */
import { readFileSync } from 'node:fs';
import { ClickHouseError } from '@clickhouse/client';
import { JsonStore, type Parameters } from '../../telemetry/service/json-store.ts';
import { PipelinesError } from '../errors.ts';

export type { Parameters };

/** The text of a query beside this file. */
export const readSql = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** Write what was scored by the minute, one after the other. Parameters: tenants, calls, from, to (epoch ms). */
export const minuteSqls: readonly string[] = [readSql('stream-minute.sql'), readSql('receiver-minute.sql')];

/** Longer than any of our queries; a hung server must not hold a job for ever. */
const requestTimeoutMs = 15_000;

/** ClickHouse's words for "not now" (src/Common/ErrorCodes.cpp): too slow, too much at once, no memory, no disk. */
const passingFaults = new Set(['159', '160', '202', '209', '210', '241', '243', '252', '439']);

/** Throws PipelinesError. */
export class Store extends JsonStore {
  /**
   * @param haste `live` for what a call waits for; `patient` for what may come some seconds later: few queries at
   *   once, and they give way, so that scoring a window never holds up a decision
   */
  constructor(url: string, haste: 'live' | 'patient' = 'live') {
    super({
      url,
      requestTimeoutMs,
      maxOpenConnections: haste === 'live' ? 24 : 2,
      settings: {
        max_execution_time: 10,
        // The queries are small; threads would cost more than they save, and many run at once.
        max_threads: 1,
        max_insert_threads: '1',
        input_format_parallel_parsing: 0,
        use_query_condition_cache: 0,
      },
      probeSql: readSql('ready.sql'),
      failed: (message, cause) => {
        const refused = cause instanceof ClickHouseError && !passingFaults.has(cause.code);
        return new PipelinesError(refused ? 'store_refused' : 'store_unavailable', message, { cause });
      },
    });
  }

  /**
   * @param token the same for the same rows: ClickHouse drops the second of two inserts that carry it
   * @throws PipelinesError
   */
  async insert(table: string, rows: readonly object[], token?: string): Promise<void> {
    if (rows.length === 0) return;
    await this.write(table, rows, token ? { insert_deduplication_token: token } : {});
  }
}

/** Brings the schema up to date once ClickHouse is there, however long that takes, and says why it is not yet. */
import { setTimeout as delay } from 'node:timers/promises';
import { type ClickHouseClient, ClickHouseError, createClient } from '@clickhouse/client';
import type { Logger } from '../../telemetry/service/service.ts';
import { type Cluster, onCluster } from './cluster.ts';
import { migrate } from './migrate.ts';
import { applyRetention, type RetentionRule } from './retention.ts';

const retryMs = 1_000;

export interface KeeperOptions {
  /** Its name in the servers' `remote_servers`, which have a Keeper. @default a single server */
  readonly cluster?: string | undefined;
  /** @default as the migrations say */
  readonly retention?: readonly RetentionRule[];
}

export class SchemaKeeper {
  readonly #url: URL;
  readonly #client: ClickHouseClient;
  readonly #log: Logger;
  readonly #cluster: Cluster | undefined;
  readonly #retention: readonly RetentionRule[];
  readonly #stopped = new AbortController();
  #reason: string | undefined = 'the schema has not been checked yet';

  constructor(client: ClickHouseClient, url: string, log: Logger, options: KeeperOptions = {}) {
    this.#client = client;
    this.#url = new URL(url);
    this.#log = log;
    this.#cluster = options.cluster === undefined ? undefined : { name: options.cluster, keeper: true };
    this.#retention = options.retention ?? [];
  }

  /** Why the tables cannot be written; undefined once they can. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Resolves when the schema is up to date, or once stopped. Never rejects. */
  async run(): Promise<void> {
    const database = this.#url.pathname.slice(1);
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#migrate(database);
        await this.#retain(database);
        this.#reason = undefined;
        this.#log.info({ database }, 'schema is up to date');
        return;
      } catch (error) {
        const reason = `schema: ${error instanceof Error ? error.message || error.name : String(error)}`;
        // Once per reason: a database that stays away is one piece of news.
        if (reason !== this.#reason) this.#log.warn({ reason }, 'schema is not ready');
        this.#reason = reason;
        await delay(retryMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
      }
    }
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #migrate(database: string): Promise<void> {
    const options = { database, cluster: this.#cluster };
    try {
      await migrate(this.#client, options);
    } catch (error) {
      if (!(error instanceof ClickHouseError && error.type === 'UNKNOWN_DATABASE')) throw error;
      await this.#createDatabase(database);
      await migrate(this.#client, options);
    }
  }

  async #retain(database: string): Promise<void> {
    const rules = this.#retention;
    const tables = await applyRetention(this.#client, { database, rules, cluster: this.#cluster });
    if (tables.length > 0) this.#log.info({ tables }, 'rows are kept for another time than before');
  }

  /** From a client without a database: a session in one that does not exist cannot make it. */
  async #createDatabase(database: string): Promise<void> {
    const url = new URL(this.#url);
    url.pathname = '/';
    const client = createClient({ url });
    try {
      await client.command({
        query: `CREATE DATABASE IF NOT EXISTS {database:Identifier}${onCluster(this.#cluster)}`,
        query_params: { database },
      });
    } finally {
      await client.close();
    }
  }
}

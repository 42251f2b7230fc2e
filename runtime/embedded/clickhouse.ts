/**
 * A real ClickHouse server on loopback HTTP, out of the npm package that carries its engine: nothing to install.
 * Users: `callscope` owns everything, `grafana` reads the database `callscope`, `control` may only end queries
 * (it stops the server). Passwords are random and kept in the data folder.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { requestOnce } from './http-once.ts';
import { type Embedded, EmbeddedError, type LineLog, startPart } from './part.ts';
import { onFreePort } from './ports.ts';
import { readerProfileXml } from './reader-profile.ts';
import { keptSecrets } from './secret-file.ts';

export interface ClickHouseOptions {
  /** Tables, passwords and logs live here. Made when missing. */
  readonly dataDir: string;
  /** @default a free one */
  readonly port?: number | undefined;
  /** Bound of the whole server. @default half of the machine's memory, at most 4 GB */
  readonly maxMemoryBytes?: number | undefined;
  readonly log?: LineLog | undefined;
  /** Ends an unfinished start. */
  readonly signal?: AbortSignal | undefined;
}

export interface EmbeddedClickHouse extends Embedded {
  /** `http://callscope:…@127.0.0.1:port/callscope`: may do everything. */
  readonly url: string;
  /** The same for `grafana`: may only read the database `callscope`. */
  readonly readOnlyUrl: string;
  readonly port: number;
}

const database = 'callscope';
const launcher = fileURLToPath(new URL('./clickhouse-launcher.ts', import.meta.url));

/** @throws EmbeddedError when it cannot start; `in_use` when another process has the data folder. */
export async function startClickHouse(options: ClickHouseOptions): Promise<EmbeddedClickHouse> {
  const dataDir = path.resolve(options.dataDir);
  const passwords = keptSecrets(path.join(dataDir, 'passwords.json'), ['callscope', 'grafana', 'control']);
  const maxMemoryBytes = options.maxMemoryBytes ?? Math.min(4e9, Math.floor(os.totalmem() / 2));
  writeWhole(path.join(dataDir, 'users.xml'), usersXml(passwords));
  writeWhole(path.join(dataDir, 'config.xml'), configXml(dataDir, maxMemoryBytes));

  return onFreePort(options.port, async (port) => {
    const origin = `127.0.0.1:${port}`;
    const part = await startPart({
      name: 'ClickHouse',
      command: process.execPath,
      args: [launcher, '--data', dataDir, '--port', String(port)],
      cwd: dataDir,
      dataDir,
      port,
      answers: async () => (await requestOnce(port, { path: '/ping' })).status === 200,
      log: options.log,
      signal: options.signal,
    });
    try {
      await run(port, passwords.callscope, `CREATE DATABASE IF NOT EXISTS ${database}`);
    } catch (error) {
      await part.stop();
      throw error;
    }
    return {
      ...part,
      url: `http://callscope:${passwords.callscope}@${origin}/${database}`,
      readOnlyUrl: `http://grafana:${passwords.grafana}@${origin}/${database}`,
      port,
    };
  });
}

async function run(port: number, password: string, query: string): Promise<void> {
  const headers = { 'X-ClickHouse-User': 'callscope', 'X-ClickHouse-Key': password };
  const { status, text } = await requestOnce(port, { method: 'POST', headers }, query);
  if (status === 200) return;
  throw new EmbeddedError(
    'start_failed',
    `ClickHouse on port ${port} refused "${query}": ${status} ${text.trim()}`,
  );
}

/**
 * The engine's own session, which opens the listener, always logs in as `default` without a password from
 * loopback. So `default` stays, with that one right and the table its session sleeps on.
 */
function usersXml(passwords: Record<'callscope' | 'grafana' | 'control', string>): string {
  const user = (name: keyof typeof passwords, rest: string) => `
    <${name}>
      <password_sha256_hex>${createHash('sha256').update(passwords[name]).digest('hex')}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks><quota>default</quota>${rest}
    </${name}>`;
  return `<clickhouse>
  <profiles>
    <default><async_insert>0</async_insert>${planning}</default>
    <reader>${planning}${readerProfileXml()}
    </reader>
  </profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <no_password/>
      <networks><ip>127.0.0.1</ip></networks><quota>default</quota><profile>default</profile>
      <grants>
        <query>GRANT SYSTEM LISTEN ON *.*</query>
        <query>GRANT SELECT ON system.numbers</query>
      </grants>
    </default>${user('callscope', '<profile>default</profile><access_management>1</access_management>')}${user(
      'control',
      '<profile>default</profile><grants><query>GRANT KILL QUERY ON *.*</query><query>GRANT SELECT ON system.processes</query></grants>',
    )}${user(
      'grafana',
      `<profile>reader</profile><grants><query>GRANT SELECT ON ${database}.*</query></grants>`,
    )}
  </users>
</clickhouse>
`;
}

/**
 * How queries are planned. Statistics of columns, which merges make unless told otherwise, are read of every part, and say
 * nothing that primary keys do not; skip indexes are asked before parts are opened (docs/decisions/store-codecs.md).
 */
const planning =
  '<use_statistics>0</use_statistics><use_skip_indexes_on_data_read>0</use_skip_indexes_on_data_read>';

function configXml(dataDir: string, maxMemoryBytes: number): string {
  return `<clickhouse>
  <users_config>users.xml</users_config>
  <tmp_path>${escapeXml(path.join(dataDir, 'tmp'))}/</tmp_path>
  <user_files_path>${escapeXml(path.join(dataDir, 'user_files'))}/</user_files_path>
  <max_server_memory_usage>${maxMemoryBytes}</max_server_memory_usage>
  <mark_cache_size>268435456</mark_cache_size>
  <!-- Merges wait for media, queries and inserts: many small parts merged late and at once cost less than often. -->
  <os_threads_nice_value_merge_mutate>19</os_threads_nice_value_merge_mutate>
  <background_pool_size>1</background_pool_size>
  <background_merges_mutations_concurrency_ratio>1</background_merges_mutations_concurrency_ratio>
  <merge_tree>
    <min_parts_to_merge_at_once>6</min_parts_to_merge_at_once>
    <auto_statistics_types></auto_statistics_types>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>0</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_mutation>0</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>0</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
</clickhouse>
`;
}

const escapeXml = (text: string) => text.replace(/[<>&]/g, (letter) => `&#${letter.codePointAt(0)};`);

/** Never leaves half a file: a running server reads these again when they change. */
function writeWhole(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const aside = `${file}.${process.pid}`;
  writeFileSync(aside, text, { mode: 0o600 });
  renameSync(aside, file);
}

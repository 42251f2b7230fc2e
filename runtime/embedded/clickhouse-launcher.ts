/**
 * Turns this process into a ClickHouse server. The npm package @chdb/lib-linux-x64-gnu holds the whole engine as
 * a shared library with the entry point of `clickhouse local`; that program can open the server's own HTTP
 * listener by `SYSTEM START LISTEN`. Its foreground session then sleeps until the control user ends the query.
 *
 *   node clickhouse-launcher.ts --data DIR --port PORT      (DIR holds config.xml, users.xml, passwords.json)
 *
 * Stops cleanly on SIGTERM, SIGINT, or when stdin ends; by force if that takes too long.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DataType, load, open } from 'ffi-rs';
import { requestOnce } from './http-once.ts';

/** How long the engine may take to finish what runs. */
const stopLimitMs = 8000;
/** `system.processes.interface` of the session that `clickhouse local` itself holds. */
const localInterface = 6;

const { values } = parseArgs({ options: { data: { type: 'string' }, port: { type: 'string' } } });
const { data, port } = values;
if (!data || !port) throw new Error('usage: clickhouse-launcher.ts --data DIR --port PORT');
const { control } = JSON.parse(readFileSync(path.join(data, 'passwords.json'), 'utf8')) as {
  control: string;
};

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), stopLimitMs).unref();
  // Asked again until it works: the order may come before the listener is open.
  for (;;) {
    const headers = { 'X-ClickHouse-User': 'control', 'X-ClickHouse-Key': control };
    const query = `KILL QUERY WHERE interface = ${localInterface} ASYNC`;
    const answer = await requestOnce(Number(port), { method: 'POST', headers }, query).catch(() => undefined);
    if (answer?.status === 200) return;
    await delay(50);
  }
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
process.stdin
  .on('end', () => void stop())
  .on('error', () => void stop())
  .resume();

const require = createRequire(import.meta.url);
const library = path.join(
  path.dirname(require.resolve('@chdb/lib-linux-x64-gnu/package.json')),
  'libchdb.so',
);
open({ library: 'chdb', path: library });

const sleep = `SELECT sleepEachRow(1) FROM system.numbers SETTINGS max_block_size = 1, max_execution_time = 0 FORMAT Null`;
const args = [
  'clickhouse',
  ...['--config-file', path.join(data, 'config.xml')],
  ...['--path', path.join(data, 'store')],
  ...['--http_port', port, '--listen_host', '127.0.0.1'],
  ...['--query', `SYSTEM START LISTEN HTTP; ${sleep}`],
];
await load({
  library: 'chdb',
  funcName: 'chdb_query_cmdline',
  retType: DataType.External,
  runInNewThread: true,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [args.length, args],
});
process.exit(stopping ? 0 : 1); // the engine has printed its own fault to stderr

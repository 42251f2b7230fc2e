/** A real ClickHouse and a real collector, each in its own process, in a folder that is removed afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { type EmbeddedClickHouse, startClickHouse } from '../../runtime/embedded/clickhouse.ts';
import { freePort } from '../../runtime/embedded/ports.ts';

export const tokenSecret = 'a secret of the benchmark';
export const serverKey = 'a-key-of-the-benchmark';

export interface Rig extends AsyncDisposable {
  readonly port: number;
  readonly client: ClickHouseClient;
  readonly collectorPid: number;
  readonly clickhousePid: number;
  killCollector(): Promise<void>;
  killClickHouse(): Promise<void>;
  /** Rows are in ClickHouse, and its merges have ended. */
  settled(): Promise<void>;
}

export async function startRig(): Promise<Rig> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'callscope-bench-'));
  const [port, clickhousePort] = [await freePort(), await freePort()];
  const startStore = () =>
    startClickHouse({ dataDir: path.join(directory, 'clickhouse'), port: clickhousePort });
  let clickhouse: EmbeddedClickHouse = await startStore();
  const client = createClient({ url: clickhouse.url, request_timeout: 120_000, log: { level: 127 } });
  const startCollector = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, '../../collector/main.ts')], {
      env: {
        PATH: process.env.PATH,
        CALLSCOPE_COLLECTOR_PORT: String(port),
        CALLSCOPE_CLICKHOUSE_URL: clickhouse.url,
        CALLSCOPE_TOKEN_SECRET: tokenSecret,
        CALLSCOPE_SERVER_KEY: serverKey,
        CALLSCOPE_SPOOL_DIR: path.join(directory, 'spool'),
        // It ends with us, however we end.
        CALLSCOPE_SUPERVISED: '1',
      },
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    while ((await statusOf(port)) !== 200) {
      if (child.exitCode !== null) throw new Error(`the collector ended with ${child.exitCode}`);
      await delay(50);
    }
    return child;
  };
  let collector = await startCollector();
  return {
    port,
    client,
    get collectorPid() {
      return collector.pid!;
    },
    get clickhousePid() {
      return clickhouse.pid;
    },
    async killCollector() {
      const ended = once(collector, 'exit');
      collector.kill('SIGKILL');
      await ended;
      collector = await startCollector();
    },
    async killClickHouse() {
      process.kill(clickhouse.pid, 'SIGKILL');
      await clickhouse.exited;
      clickhouse = await startStore();
    },
    async settled() {
      const waiting = async () => {
        const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        const merges = await client.query({
          query: 'SELECT count() AS n FROM system.merges',
          format: 'JSONEachRow',
        });
        const [row] = await merges.json<{ n: number }>();
        return Number(/buffered_rows (\d+)/.exec(text)?.[1]) + Number(row!.n);
      };
      while ((await waiting()) > 0) await delay(50);
    },
    async [Symbol.asyncDispose]() {
      const ended = once(collector, 'exit');
      collector.kill('SIGTERM');
      await ended;
      await client.close();
      await clickhouse.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

const statusOf = (port: number): Promise<number> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ status }) => status,
    () => 0,
  );

/** Seconds of CPU that a process has used, all threads, user and system. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kb === undefined) throw new Error(`process ${pid} has ended`);
  return Math.round(Number(kb) / 1_024);
}

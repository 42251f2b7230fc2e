/**
 * A real media node in this process, a real recorder and finisher in processes of their own, a real Redis, and what
 * stands for the collector: it keeps what it is told.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { startTestNode, type TestNode } from '../../sfu/support/node.ts';

export const recorderSecret = 'the recorder secret of the tests';
const serverKey = 'the server key of the tests';

export interface Told {
  readonly name: string;
  readonly source: string;
  readonly attributes: Readonly<Record<string, string | number>>;
}

export interface Service {
  readonly process: ChildProcess;
  readonly log: () => string;
  /** Resolves once the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface Rig {
  readonly node: TestNode;
  readonly recorderDir: string;
  readonly storeDir: string;
  /** Events so far, those of one name. */
  told(name: string): Told[];
  recorder(): Promise<Service>;
  /** Ends with the test: there is one at a time in the folder. */
  finisher(env?: Record<string, string>): Promise<Service>;
  /** Files in the store, paths from its root. */
  stored(): string[];
  request(method: string, path: string, body?: object): Promise<number>;
  stop(): Promise<void>;
}

const projectDir = path.join(import.meta.dirname, '..', '..', '..');

/** @param database of Redis: test files that run beside each other must not take each other's jobs */
export async function startRig(redisUrl: string, database: number): Promise<Rig> {
  const dir = mkdtempSync(path.join(tmpdir(), 'callscope-recorder-'));
  const recorderDir = path.join(dir, 'recorder');
  const storeDir = path.join(dir, 'store');
  const ownRedis = `${redisUrl}/${database}`;
  const events: Told[] = [];
  const collector = await listening(events);
  const collectorUrl = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const node = await startTestNode({
    CALLSCOPE_REDIS_URL: ownRedis,
    CALLSCOPE_RECORDER_SECRET: recorderSecret,
  });
  const services: Service[] = [];
  const start = async (script: string, env: Record<string, string>) => {
    const service = await startService(script, {
      CALLSCOPE_RECORDER_ID: 'recorder-1',
      CALLSCOPE_RECORDER_DIR: recorderDir,
      CALLSCOPE_RECORDER_MIN_FREE_MB: '1',
      CALLSCOPE_RECORDER_SECRET: recorderSecret,
      CALLSCOPE_RECORDER_PORT: '0',
      CALLSCOPE_FINISHER_PORT: '0',
      CALLSCOPE_RECORDING_STORE: storeDir,
      CALLSCOPE_REDIS_URL: ownRedis,
      CALLSCOPE_COLLECTOR_URL: collectorUrl,
      CALLSCOPE_SERVER_KEY: serverKey,
      ...env,
    });
    services.push(service);
    return service;
  };
  return {
    node,
    recorderDir,
    storeDir,
    told: (name) => events.filter((event) => event.name === name),
    recorder: () => start('recorder/main.ts', {}),
    async finisher(env = {}) {
      const service = await start('recorder/finish/main.ts', env);
      onTestFinished(() => service.kill('SIGTERM'));
      return service;
    },
    stored: () => filesIn(storeDir),
    async request(method, at, body) {
      const response = await fetch(`${node.url}${at}`, {
        method,
        headers: {
          authorization: `Bearer ${recorderSecret}`,
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      return response.status;
    },
    async stop() {
      await Promise.all(services.map((service) => service.kill('SIGTERM')));
      await node.stop();
      collector.close();
      collector.closeAllConnections();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function startService(script: string, env: Record<string, string>): Promise<Service> {
  const { PATH = '', CALLSCOPE_LOG_LEVEL = 'info' } = process.env;
  const child = spawn(process.execPath, [path.join(projectDir, script)], {
    env: { PATH, CALLSCOPE_LOG_LEVEL, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part: Buffer) => {
        log += part;
        if (log.includes('"msg":"ready"')) resolve();
      });
    }
    void exited.then(() => reject(new Error(`${script} ended: ${log}`)));
  });
  return {
    process: child,
    log: () => log,
    async kill(signal) {
      child.kill(signal);
      await exited;
    },
  };
}

async function listening(events: Told[]): Promise<Server> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.url === '/v1/logs') events.push(...toldIn(Buffer.concat(parts).toString()));
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

interface KeyValue {
  key: string;
  value: { stringValue?: string; doubleValue?: number };
}

function toldIn(body: string): Told[] {
  const { resourceLogs } = JSON.parse(body) as {
    resourceLogs: {
      resource: { attributes: KeyValue[] };
      scopeLogs: { logRecords: { eventName: string; attributes: KeyValue[] }[] }[];
    }[];
  };
  const named = (attributes: KeyValue[]) =>
    Object.fromEntries(
      attributes.map(({ key, value }) => [
        key.replace(/^rtc\./, ''),
        value.stringValue ?? value.doubleValue ?? '',
      ]),
    );
  return resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map(({ eventName, attributes }) => ({
        name: eventName,
        source: String(named(resource.attributes).source),
        attributes: named(attributes),
      })),
    ),
  );
}

const filesIn = (dir: string): string[] => {
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)))
      .sort();
  } catch {
    return [];
  }
};

export interface Probed {
  readonly durationS: number;
  readonly streams: { codec: string; startS: number }[];
}

/** What ffprobe says a file holds. */
export function probe(file: string): Probed {
  const text = execFileSync('ffprobe', [
    ...[
      '-loglevel',
      'error',
      '-show_entries',
      'format=duration:stream=codec_name,start_time',
      '-of',
      'json',
      file,
    ],
  ]).toString();
  const { format, streams } = JSON.parse(text) as {
    format: { duration: string };
    streams: { codec_name: string; start_time: string }[];
  };
  return {
    durationS: Number(format.duration),
    streams: streams.map(({ codec_name, start_time }) => ({ codec: codec_name, startS: Number(start_time) })),
  };
}

export const readStored = (rig: Rig, name: string): string =>
  readFileSync(path.join(rig.storeDir, name), 'utf8');

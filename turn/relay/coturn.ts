/**
 * One coturn process: its configuration, its start and its end. It takes time-limited credentials
 * (turn/credentials.ts), tells Redis of its allocations, and never outlives the process that started it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface CoturnSettings {
  /** Configuration, user database and pid file live here. */
  readonly dataDir: string;
  readonly realm: string;
  /** Where it listens and relays. */
  readonly host: string;
  /** UDP and TCP. */
  readonly port: number;
  readonly tls: { readonly port: number; readonly certFile: string; readonly keyFile: string } | null;
  /** Ports that peers are relayed from; coturn's own range without. */
  readonly relayPorts?: { readonly min: number; readonly max: number } | undefined;
  readonly secret: string;
  readonly redisUrl: string;
  /** Whether it relays to loopback: only where the SFU is on the same machine. */
  readonly loopbackPeers: boolean;
}

/** @throws Error naming what cannot stand in coturn's configuration */
export function coturnConfig(settings: CoturnSettings): string {
  const { realm, host, tls, relayPorts, secret, dataDir, loopbackPeers } = settings;
  for (const [name, value] of Object.entries({ realm, host, secret })) {
    // One setting a line: a line break here would smuggle in another.
    if (!/^[\x21-\x7e]+$/.test(value))
      throw new Error(`TURN ${name}: expected printable ASCII without spaces`);
  }
  const lines = [
    `listening-ip=${host}`,
    `relay-ip=${host}`,
    `listening-port=${settings.port}`,
    ...(tls
      ? [
          `tls-listening-port=${tls.port}`,
          `cert=${tls.certFile}`,
          `pkey=${tls.keyFile}`,
          'no-tlsv1',
          'no-tlsv1_1',
        ]
      : ['no-tls', 'no-dtls']),
    ...(relayPorts ? [`min-port=${relayPorts.min}`, `max-port=${relayPorts.max}`] : []),
    ...(loopbackPeers ? ['allow-loopback-peers'] : []),
    'no-multicast-peers',
    'no-tcp-relay',
    'no-cli',
    'lt-cred-mech',
    'use-auth-secret',
    `static-auth-secret=${secret}`,
    `realm=${realm}`,
    `redis-statsdb="${redisConnection(settings.redisUrl)}"`,
    `userdb=${path.join(dataDir, 'turndb')}`,
    `pidfile=${path.join(dataDir, 'turnserver.pid')}`,
    'log-file=stdout',
    'simple-log',
  ];
  return `${lines.join('\n')}\n`;
}

/** @throws Error where coturn cannot use this Redis: it knows neither TLS nor user names */
function redisConnection(redisUrl: string): string {
  const url = new URL(redisUrl);
  if (url.protocol !== 'redis:' || url.username !== '')
    throw new Error('coturn needs a Redis by redis:// without a user name: it knows neither TLS nor users');
  const password = decodeURIComponent(url.password);
  if (/[\s"]/.test(password))
    throw new Error('coturn cannot use a Redis password with spaces or quotation marks');
  const parts = {
    ip: url.hostname,
    dbname: '0',
    ...(password && { password }),
    port: url.port || '6379',
    connect_timeout: '30',
  };
  return Object.entries(parts)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

export interface Coturn {
  readonly pid: number;
  /** Never rejects. */
  readonly exited: Promise<void>;
  /** SIGTERM, and SIGKILL when that takes too long. */
  stop(): Promise<void>;
}

const stopLimitMs = 3_000;

/** @param onLine its log, line by line @throws Error when there is no such program */
export async function startCoturn(settings: CoturnSettings, onLine: (line: string) => void): Promise<Coturn> {
  mkdirSync(settings.dataDir, { recursive: true, mode: 0o700 });
  const configFile = path.join(settings.dataDir, 'turnserver.conf');
  writeFileSync(configFile, coturnConfig(settings), { mode: 0o600 });
  chmodSync(configFile, 0o600);
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', 'turnserver', '-c', configFile], {
    cwd: settings.dataDir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) =>
      reject(new Error(`coturn cannot be started: ${error.message}. Run: apt-get install -y coturn`)),
    );
  });
  for (const stream of [child.stdout, child.stderr])
    if (stream) createInterface({ input: stream }).on('line', onLine);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return { pid: child.pid!, exited, stop: () => stopped(child, exited) };
}

async function stopped(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await exited;
  clearTimeout(timer);
}

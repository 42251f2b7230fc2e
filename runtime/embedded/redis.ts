/** A Redis for the queues: loopback, password, nothing evicted, everything on disk within a second. */
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type Embedded, type LineLog, startPart } from './part.ts';
import { onFreePort } from './ports.ts';
import { keptSecrets } from './secret-file.ts';

export interface RedisOptions {
  /** The append-only file and the password live here. Made when missing. */
  readonly dataDir: string;
  /** @default a free one */
  readonly port?: number | undefined;
  readonly log?: LineLog | undefined;
  /** Ends an unfinished start. */
  readonly signal?: AbortSignal | undefined;
}

export interface EmbeddedRedis extends Embedded {
  /** `redis://:…@127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
}

/** BullMQ keeps jobs in Redis and must never lose a key to eviction. */
const config = (password: string) => `bind 127.0.0.1
protected-mode yes
requirepass ${password}
maxmemory-policy noeviction
appendonly yes
appendfsync everysec
save ""
daemonize no
loglevel notice
`;

/** @throws EmbeddedError when it cannot start; `in_use` when another process has the data folder. */
export async function startRedis(options: RedisOptions): Promise<EmbeddedRedis> {
  const dataDir = path.resolve(options.dataDir);
  const { password } = keptSecrets(path.join(dataDir, 'password.json'), ['password']);
  // In a file, not among the arguments, where every user of the machine could read it.
  const configFile = path.join(dataDir, 'redis.conf');
  writeFileSync(configFile, config(password), { mode: 0o600 });

  return onFreePort(options.port, async (port) => {
    const part = await startPart({
      name: 'Redis',
      debianPackage: 'redis-server',
      command: 'redis-server',
      args: [configFile, '--port', String(port), '--dir', dataDir],
      cwd: dataDir,
      dataDir,
      port,
      answers: () => pongs(port, password),
      log: options.log,
      signal: options.signal,
    });
    return { ...part, url: `redis://:${password}@127.0.0.1:${port}`, port };
  });
}

/** Whether the Redis there knows the password and is done loading its data. */
async function pongs(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    const settle = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(1000, () => settle(false));
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
    socket.on('data', (bytes) => {
      answer += bytes;
      if (answer.includes('+PONG')) settle(true);
      else if (answer.includes('-')) settle(false);
    });
  });
}

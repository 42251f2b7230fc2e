/**
 * A coturn relay on loopback with time-limited credentials (draft-uberti-behave-turn-rest): the user name is
 * `EXPIRY:name`, the password base64(HMAC-SHA1(secret, user name)). It may relay to loopback peers, because on
 * one machine that is where the SFU is; a relay open to a network must not.
 */
import { randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Embedded, type LineLog, startPart } from './part.ts';
import { onFreePort } from './ports.ts';

export interface TurnOptions {
  /** Configuration and user database live here. Made when missing. */
  readonly dataDir: string;
  /** Shared with whoever hands out credentials. */
  readonly secret: string;
  /** @default callscope */
  readonly realm?: string | undefined;
  /** UDP and TCP. @default a free one */
  readonly port?: number | undefined;
  readonly log?: LineLog | undefined;
  /** Ends an unfinished start. */
  readonly signal?: AbortSignal | undefined;
}

export interface EmbeddedTurn extends Embedded {
  /** `turn:127.0.0.1:port?transport=udp` and the same for tcp. */
  readonly urls: string[];
  readonly port: number;
}

const config = (options: { dataDir: string; secret: string; realm: string }) => `listening-ip=127.0.0.1
relay-ip=127.0.0.1
allow-loopback-peers
no-multicast-peers
no-tcp-relay
no-tls
no-dtls
no-cli
lt-cred-mech
use-auth-secret
static-auth-secret=${options.secret}
realm=${options.realm}
userdb=${path.join(options.dataDir, 'turndb')}
pidfile=${path.join(options.dataDir, 'turnserver.pid')}
log-file=stdout
simple-log
`;

/** @throws EmbeddedError when it cannot start; `in_use` when another process has the data folder. */
export async function startTurn(options: TurnOptions): Promise<EmbeddedTurn> {
  const dataDir = path.resolve(options.dataDir);
  const { secret, realm = 'callscope' } = options;
  for (const [name, value] of Object.entries({ secret, realm })) {
    // The file has one setting a line; a line break here would smuggle in another.
    if (!/^[\x21-\x7e]+$/.test(value))
      throw new Error(`TURN ${name}: expected printable ASCII without spaces`);
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const configFile = path.join(dataDir, 'turnserver.conf');
  writeFileSync(configFile, config({ dataDir, secret, realm }), { mode: 0o600 });

  return onFreePort(options.port, async (port) => {
    const part = await startPart({
      name: 'coturn',
      debianPackage: 'coturn',
      command: 'turnserver',
      args: ['-c', configFile, '--listening-port', String(port)],
      cwd: dataDir,
      dataDir,
      port,
      answers: () => answersStun(port),
      log: options.log,
      signal: options.signal,
    });
    const urls = ['udp', 'tcp'].map((transport) => `turn:127.0.0.1:${port}?transport=${transport}`);
    return { ...part, urls, port };
  });
}

/** Whether a STUN binding request (RFC 8489 section 5) is answered within a quarter of a second. */
async function answersStun(port: number): Promise<boolean> {
  const request = Buffer.alloc(20);
  request.writeUInt16BE(0x0001, 0); // Binding request, no attributes
  request.writeUInt32BE(0x2112a442, 4); // magic cookie
  randomBytes(12).copy(request, 8); // transaction id
  const socket = dgram.createSocket('udp4');
  try {
    return await new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(false), 250);
      socket.on('error', () => resolve(false));
      socket.on('message', (reply) =>
        resolve(reply.readUInt16BE(0) === 0x0101 && reply.subarray(8, 20).equals(request.subarray(8, 20))),
      );
      socket.send(request, port, '127.0.0.1');
    });
  } finally {
    socket.close();
  }
}

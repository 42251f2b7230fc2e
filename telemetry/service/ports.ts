/** Ports of this machine: which to try, and whether one is taken. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';

/** Below the range from which Linux takes ports for outgoing connections (32768 and up). */
export const portRange = { from: 20_000, to: 32_000 } as const;

/** @returns the first of so many in a row, any of the range */
export const somePort = (count = 0): number =>
  portRange.from + Math.floor(Math.random() * (portRange.to - portRange.from - count));

/** Whether this process could listen there on TCP. */
export async function canListen(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = net.createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    await closed(server);
    return true;
  } catch {
    return false;
  }
}

/** Whether this process could receive UDP there. */
export async function canBindUdp(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  try {
    socket.bind(port, host);
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

const attempts = 200;

/** @returns gives a port nobody had a moment ago for TCP or UDP, and none that it gave before, nor one beside it. @throws Error when there is none */
export function freePorts(host = '127.0.0.1'): () => Promise<number> {
  const given = new Set<number>();
  return async () => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const port = somePort();
      // coturn's TLS listener takes the port beside its own too.
      if ([port - 1, port, port + 1].some((near) => given.has(near))) continue;
      if (!(await canListen(port, host)) || !(await canBindUdp(port, host))) continue;
      given.add(port);
      return port;
    }
    throw new Error(`no free port between ${portRange.from} and ${portRange.to} on ${host}`);
  };
}

const closed = (server: net.Server) => new Promise<void>((resolve) => server.close(() => resolve()));

/** Free ports for relays of one machine: UDP and TCP, outside the range that Linux gives to outgoing connections. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';

const rangeFrom = 20_000;
const rangeTo = 32_000;
const attempts = 200;

/** @returns a port nobody had a moment ago, and none that was returned before. @throws Error when there is none */
export function freePorts(host: string): () => Promise<number> {
  const given = new Set<number>();
  return async () => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const port = rangeFrom + Math.floor(Math.random() * (rangeTo - rangeFrom));
      // coturn's TLS listener takes the port beside its own too.
      if ([port - 1, port, port + 1].some((near) => given.has(near))) continue;
      if (!(await isFree(port, host))) continue;
      given.add(port);
      return port;
    }
    throw new Error(`no free port between ${rangeFrom} and ${rangeTo} on ${host}`);
  };
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = net.createServer();
  const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  try {
    server.listen(port, host);
    await once(server, 'listening');
    socket.bind(port, host);
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
    socket.close();
  }
}

/** Ports: finding free ones, and telling whether one is taken. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { EmbeddedError } from './part.ts';

/** @returns a TCP port nobody listened on a moment ago; somebody may since, so be ready to try another. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = net.createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  await closed(server);
  return port;
}

/** Below the range from which Linux takes ports for outgoing connections (32768 and up). */
const rangeFrom = 20_000;
const rangeTo = 32_000;

/** @returns the first of so many ports in a row, all free a moment ago for UDP and TCP */
export async function freePortRange(count: number, host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const first = rangeFrom + Math.floor(Math.random() * (rangeTo - rangeFrom - count));
    const ports = Array.from({ length: count }, (_, i) => first + i);
    const free = await Promise.all(ports.flatMap((port) => [canListen(port, host), canBindUdp(port, host)]));
    if (free.every(Boolean)) return first;
  }
}

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

const closed = (server: net.Server) => new Promise<void>((resolve) => server.close(() => resolve()));

/** Where a server can be asked that listens on this host: "every address" is none to connect to. */
export const probeHost = (host: string): string => (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host);

/** Whether somebody accepts TCP connections there. */
export async function portAnswers(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host });
    socket.setTimeout(1000, () => settle(false));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
    function settle(answer: boolean) {
      socket.destroy();
      resolve(answer);
    }
  });
}

const attempts = 4;

/**
 * Starts on the given port, or on free ones until one is still free when it is taken.
 * @throws what `start` threw last
 */
export async function onFreePort<T>(
  given: number | undefined,
  start: (port: number) => Promise<T>,
): Promise<T> {
  if (given) return start(given);
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      const busy = error instanceof EmbeddedError && error.code === 'port_busy';
      if (!busy || attempt >= attempts) throw error;
    }
  }
}

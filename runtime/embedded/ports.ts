/** Ports: finding free ones. */
import net from 'node:net';
import { canBindUdp, canListen, freePorts, somePort } from '../../telemetry/service/ports.ts';
import { EmbeddedError } from './part.ts';

/** @returns a port nobody had a moment ago, outside the range of outgoing connections; somebody may have it since. */
export const freePort = freePorts();

/** @returns the first of so many ports in a row, all free a moment ago for UDP and TCP */
export async function freePortRange(count: number, host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const first = somePort(count);
    const ports = Array.from({ length: count }, (_, i) => first + i);
    const free = await Promise.all(ports.flatMap((port) => [canListen(port, host), canBindUdp(port, host)]));
    if (free.every(Boolean)) return first;
  }
}

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

/** Free ports for relays of one machine: UDP and TCP, outside the range that Linux gives to outgoing connections. */
import { canBindUdp, canListen, portRange, somePort } from '../../telemetry/service/ports.ts';

const attempts = 200;

/** @returns a port nobody had a moment ago, and none that was returned before. @throws Error when there is none */
export function freePorts(host: string): () => Promise<number> {
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

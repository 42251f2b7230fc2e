/**
 * A way to a server over TCP that can be cut, closed, made to swallow everything, or slowed down: what stands between
 * a browser and its entrance.
 */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

/**
 * `refuse`: new connections are reset; `swallow`: they are taken, and nothing passes in either direction, nor on those
 * that are open; a number: every byte comes that many ms later, each way.
 */
export type WayMode = 'open' | 'refuse' | 'swallow' | { readonly delayMs: number };

export interface Way {
  readonly origin: string;
  /** From now on, for open connections too, but that `refuse` leaves those as they are. */
  set(mode: WayMode): void;
  /** Resets every open connection. */
  cut(): void;
  /** Connections taken so far. */
  readonly taken: number;
  close(): Promise<void>;
}

/** @param target `http://host:port` of the server */
export async function openWay(target: string): Promise<Way> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<Pair>();
  let mode: WayMode = 'open';
  let taken = 0;
  const server = net.createServer((client) => {
    if (mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    taken++;
    const pair = new Pair(client, net.connect({ host: hostname, port: Number(port) }), () => mode);
    pairs.add(pair);
    pair.onClosed(() => pairs.delete(pair));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const pair of pairs) pair.reset();
  };
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(changed) {
      mode = changed;
      if (changed !== 'swallow') for (const pair of pairs) pair.flush();
    },
    cut,
    get taken() {
      return taken;
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

/** One connection: what comes in on one side goes out on the other, in order, when the way lets it. */
class Pair {
  readonly #sides: readonly [net.Socket, net.Socket];
  readonly #mode: () => WayMode;
  /** Swallowed so far; a way that opens again passes it on, as TCP would. */
  readonly #held: (() => void)[] = [];

  constructor(client: net.Socket, server: net.Socket, mode: () => WayMode) {
    this.#sides = [client, server];
    this.#mode = mode;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.setNoDelay(true);
      from.on('data', (bytes) => this.#pass(() => !to.destroyed && to.write(bytes)));
      from.on('end', () => this.#pass(() => to.end()));
      from.on('error', () => this.#pass(() => to.destroy()));
    }
  }

  onClosed(listener: () => void): void {
    for (const side of this.#sides) side.once('close', listener);
  }

  reset(): void {
    for (const side of this.#sides) side.resetAndDestroy();
  }

  flush(): void {
    for (const step of this.#held.splice(0)) step();
  }

  #pass(step: () => void): void {
    const mode = this.#mode();
    if (mode === 'swallow') this.#held.push(step);
    else if (typeof mode === 'object') setTimeout(step, mode.delayMs);
    else step();
  }
}

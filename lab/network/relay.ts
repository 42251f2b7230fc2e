/**
 * A UDP relay that stands between clients and one target and does to packets what a bad network would, each
 * direction on its own: `up` from the clients to the target, `down` back. All clients of a relay share both
 * directions, as the devices behind one access line do; each has an upstream socket of its own, so that the
 * target sees as many addresses as there are.
 *
 * Needs no rights and no kernel support. With loopback addresses as listening hosts (127.1.0.1, 127.1.0.2, …)
 * every participant of a call on one machine gets a line of its own.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createLink, type DropReason, type Link } from './link.ts';
import { createSchedule } from './schedule.ts';
import type { LinkChange, LinkSettings } from './settings.ts';

export type Direction = 'up' | 'down';

export interface ImpairmentOptions {
  listenHost: string;
  /** 0 for any free one. */
  listenPort: number;
  targetHost: string;
  targetPort: number;
  /** Same seed, same losses for the same sequence of packets. */
  seed: number;
  /** @default clean */
  up?: LinkChange;
  /** @default clean */
  down?: LinkChange;
}

export interface DirectionCounters {
  packetsIn: number;
  bytesIn: number;
  packetsOut: number;
  bytesOut: number;
  duplicated: number;
  reordered: number;
  /** `overflow`: more on their way than the relay holds; `send_error`: the system refused the packet. */
  dropped: Record<DropReason | 'overflow' | 'send_error', number>;
  /** Wait in the bottleneck's queue: now, and the longest so far. */
  queueMs: number;
  maxQueueMs: number;
}

export type Counters = Record<Direction, DirectionCounters>;

export interface Impairment {
  readonly listenHost: string;
  readonly listenPort: number;
  /** What the change does not name stays as it is. @throws ZodError for a setting out of range */
  change(direction: Direction, change: LinkChange): void;
  settings(direction: Direction): LinkSettings;
  counters(): Counters;
  close(): Promise<void>;
}

/** Clients beyond this replace the one heard of least recently. */
const maxClients = 64;
/** Packets on their way at most, per relay: 20 s of 1,000 packets/s. */
const maxHeld = 20_000;
const socketBufferBytes = 1_048_576;

interface Client {
  readonly address: string;
  readonly port: number;
  readonly upstream: Socket;
  lastHeardMs: number;
}

interface Held {
  readonly direction: Direction;
  readonly client: Client;
  readonly payload: Buffer;
}

/** @throws the system's error when the address cannot be bound */
export async function createImpairment(options: ImpairmentOptions): Promise<Impairment> {
  const { listenHost, targetHost, targetPort, seed } = options;
  const links: Record<Direction, Link> = {
    up: createLink(seed, 'up', options.up),
    down: createLink(seed, 'down', options.down),
  };
  const counters: Counters = { up: emptyCounters(), down: emptyCounters() };
  const clients = new Map<string, Client>();
  const listener = openSocket();
  const schedule = createSchedule<Held>(
    (held) => {
      onTheirWay[held.direction]--;
      deliver(held);
    },
    () => performance.now(),
  );
  const onTheirWay = { up: 0, down: 0 };
  let closed = false;

  function receive(direction: Direction, client: Client, payload: Buffer) {
    const nowMs = performance.now();
    const count = counters[direction];
    count.packetsIn++;
    count.bytesIn += payload.length;
    const fate = links[direction].offer(payload.length, nowMs);
    if (fate.dropped !== null) {
      count.dropped[fate.dropped]++;
      return;
    }
    count.maxQueueMs = Math.max(count.maxQueueMs, links[direction].queueMs(nowMs));
    if (fate.reordered) count.reordered++;
    count.duplicated += fate.deliverAtMs.length - 1;
    for (const atMs of fate.deliverAtMs) {
      const held = { direction, client, payload };
      // Straight on only when nothing is on its way, or it would overtake what came before.
      if (atMs <= nowMs && onTheirWay[direction] === 0) {
        deliver(held);
      } else if (schedule.size >= maxHeld) {
        count.dropped.overflow++;
      } else {
        onTheirWay[direction]++;
        schedule.add(atMs, held);
      }
    }
  }

  function deliver({ direction, client, payload }: Held) {
    const count = counters[direction];
    const sent = (error: Error | null) => {
      if (error) {
        count.dropped.send_error++;
        return;
      }
      count.packetsOut++;
      count.bytesOut += payload.length;
    };
    try {
      if (direction === 'up') client.upstream.send(payload, targetPort, targetHost, sent);
      else listener.send(payload, client.port, client.address, sent);
    } catch {
      // The socket was closed while the packet was on its way.
      count.dropped.send_error++;
    }
  }

  function clientOf({ address, port }: RemoteInfo): Client {
    const key = `${address}:${port}`;
    let client = clients.get(key);
    if (!client) {
      if (clients.size >= maxClients) forgetOldest(clients);
      const upstream = openSocket();
      const created: Client = { address, port, upstream, lastHeardMs: 0 };
      upstream.on('message', (payload, from) => {
        // Only the target may speak through this socket.
        if (from.port === targetPort && from.address === targetHost) receive('down', created, payload);
      });
      upstream.bind(0, targetHost.startsWith('127.') ? '127.0.0.1' : undefined);
      clients.set(key, created);
      client = created;
    }
    client.lastHeardMs = performance.now();
    return client;
  }

  listener.on('message', (payload, from) => receive('up', clientOf(from), payload));
  // Asked for before the bind: with our lookup the socket may be bound before the call returns.
  const listening = once(listener, 'listening');
  listener.bind(options.listenPort, listenHost);
  await listening;
  // From here on an error is one datagram's (its callback counts it), not the relay's.
  listener.on('error', () => {});

  return {
    listenHost,
    listenPort: listener.address().port,
    change: (direction, change) => links[direction].change(change),
    settings: (direction) => links[direction].settings,
    counters() {
      const nowMs = performance.now();
      for (const direction of ['up', 'down'] as const) {
        counters[direction].queueMs = links[direction].queueMs(nowMs);
      }
      return structuredClone(counters);
    },
    async close() {
      if (closed) return;
      closed = true;
      schedule.clear();
      const sockets = [listener, ...[...clients.values()].map((client) => client.upstream)];
      await Promise.all(
        sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
      );
    },
  };
}

/** `lookup` answers at once: addresses here are numbers, and asking the resolver per packet costs a turn each. */
function openSocket(): Socket {
  return createSocket({
    type: 'udp4',
    recvBufferSize: socketBufferBytes,
    sendBufferSize: socketBufferBytes,
    lookup: (host, _options, done) => done(null, host, 4),
  });
}

function forgetOldest(clients: Map<string, Client>): void {
  let oldest: [string, Client] | undefined;
  for (const entry of clients) if (!oldest || entry[1].lastHeardMs < oldest[1].lastHeardMs) oldest = entry;
  if (!oldest) return;
  clients.delete(oldest[0]);
  oldest[1].upstream.close();
}

export function emptyCounters(): DirectionCounters {
  return {
    packetsIn: 0,
    bytesIn: 0,
    packetsOut: 0,
    bytesOut: 0,
    duplicated: 0,
    reordered: 0,
    dropped: { cut_off: 0, loss: 0, burst_loss: 0, queue_full: 0, overflow: 0, send_error: 0 },
    queueMs: 0,
    maxQueueMs: 0,
  };
}

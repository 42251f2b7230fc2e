/**
 * The lab's network: any number of impairment relays in a worker thread of their own.
 *
 * A thread because whoever runs a call also reads a database, draws a screen and drives browsers, and each
 * stall of that event loop would be jitter on the line under test. Measured with 1,300 packets/s over a line of
 * 20 ms on two cores, the owner stalled for 25 ms six times a second: 99 % of the packets within 24.6 ms from the
 * thread, 46 ms from the owner's own loop. A thread rather than a process because it cannot outlive its owner,
 * whatever end that comes to.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Counters, Direction, ImpairmentOptions } from './relay.ts';
import type { LinkChange } from './settings.ts';

/** What the owner asks of the thread, and what it answers. */
export type Command =
  | { kind: 'open'; options: ImpairmentOptions }
  | { kind: 'change'; line: number; direction: Direction; change: LinkChange }
  | { kind: 'counters'; line: number }
  | { kind: 'close'; line: number };
export interface Request {
  id: number;
  command: Command;
}
export type Answer = { id: number; value: unknown } | { id: number; error: string };

/** One relay, seen from outside the thread. */
export interface Line {
  readonly host: string;
  readonly port: number;
  /** @returns from when on it is in force, by the relay's clock, epoch ms. @throws Error that names the setting out of range */
  change(direction: Direction, change: LinkChange): Promise<number>;
  counters(): Promise<Counters>;
  close(): Promise<void>;
}

export interface Network {
  /** @throws Error when the address cannot be bound */
  open(options: ImpairmentOptions): Promise<Line>;
  /** Ends the thread and with it every line. */
  close(): Promise<void>;
}

export async function startNetwork(): Promise<Network> {
  const worker = new Worker(new URL('./thread.ts', import.meta.url));
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let requests = 0;
  let ended: Error | undefined;

  const fail = (error: Error) => {
    ended = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) asked?.reject(new Error(answer.error));
    else asked?.resolve(answer.value);
  });
  worker.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', () => fail(ended ?? new Error('the lab network has been closed')));
  await once(worker, 'online');

  function ask<T>(command: Command): Promise<T> {
    if (ended) return Promise.reject(ended);
    return new Promise<T>((resolve, reject) => {
      const id = requests++;
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      worker.postMessage({ id, command } satisfies Request);
    });
  }

  return {
    async open(options) {
      const { line, port } = await ask<{ line: number; port: number }>({ kind: 'open', options });
      return {
        host: options.listenHost,
        port,
        change: (direction, change) => ask({ kind: 'change', line, direction, change }),
        counters: () => ask({ kind: 'counters', line }),
        close: () => ask({ kind: 'close', line }),
      };
    },
    async close() {
      await worker.terminate();
    },
  };
}

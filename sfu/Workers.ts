/**
 * The mediasoup workers: one process per core, each with a WebRtcServer on its own port. A worker that dies is
 * replaced on the same port; whoever used it is told, because what it held is gone.
 */
import { createWorker, type types as mediasoup, setLogEventListeners } from 'mediasoup';
import type { Logger } from '../telemetry/service/service.ts';
import { SfuError } from './errors.ts';
import { mediaCodecs } from './media/capabilities.ts';
import { Rounds } from './telemetry/Rounds.ts';
import { WorkerPulse } from './WorkerPulse.ts';

export interface WorkersOptions {
  readonly count: number;
  readonly host: string;
  /** Worker i listens on `port + i`, UDP and TCP. */
  readonly port: number;
  readonly announcedAddress: string | null;
  readonly log: Logger;
}

/** One worker at its place; the place outlives the process. */
export interface WorkerSlot {
  readonly index: number;
  readonly worker: mediasoup.Worker;
  readonly server: mediasoup.WebRtcServer;
  readonly pulse: WorkerPulse;
  readonly rounds: Rounds;
  /** Rooms on it. */
  load: number;
}

/** A worker that ran this long is replaced at once: its calls wait. One that did not may be dying in a loop. */
const steadyAfterMs = 5_000;
/** First pause before another start where one is made, doubled up to the last, ms. */
const restartPauseMs = { first: 100, last: 5_000 };

export class Workers {
  readonly #options: WorkersOptions;
  readonly #slots = new Map<number, WorkerSlot>();
  readonly #diedListeners: ((slot: WorkerSlot) => void)[] = [];
  readonly #openedWaiters: (() => void)[] = [];
  readonly #restarts = new Set<NodeJS.Timeout>();
  #stopped = false;

  /** @throws SfuError rtc_port_busy, worker_start */
  static async start(options: WorkersOptions): Promise<Workers> {
    const { log } = options;
    // What a worker warns of is mostly a client's doing (a packet out of place), and there can be much of it.
    setLogEventListeners({
      onwarn: (namespace, text) => log.debug({ namespace }, text),
      onerror: (namespace, text, error) => log.warn({ namespace, err: error }, text),
    });
    const workers = new Workers(options);
    try {
      for (let index = 0; index < options.count; index++) await workers.#open(index);
    } catch (error) {
      workers.stop();
      throw error;
    }
    return workers;
  }

  private constructor(options: WorkersOptions) {
    this.#options = options;
  }

  get slots(): WorkerSlot[] {
    return [...this.#slots.values()];
  }

  /** Places that should hold a worker and do not. */
  get missing(): number {
    return this.#options.count - this.#slots.size;
  }

  onDied(listener: (slot: WorkerSlot) => void): void {
    this.#diedListeners.push(listener);
  }

  /** Resolves at once while a worker runs, else with the next one that does, or after `limitMs`. */
  async running(limitMs: number): Promise<void> {
    if (this.#slots.size > 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
      this.#openedWaiters.push(resolve);
    });
    clearTimeout(timer);
  }

  /** A router on the worker with the fewest rooms. @throws SfuError no_worker */
  async createRouter(): Promise<{ router: mediasoup.Router; slot: WorkerSlot }> {
    const [slot] = this.slots.sort((a, b) => a.load - b.load);
    if (!slot) throw new SfuError('no_worker', 'No media worker is running on this node.');
    // Counted before the worker answers, so that rooms opened at the same time spread out.
    slot.load += 1;
    try {
      const router = await slot.worker.createRouter({ mediaCodecs });
      router.observer.once('close', () => {
        slot.load -= 1;
      });
      return { router, slot };
    } catch (error) {
      slot.load -= 1;
      throw new SfuError('no_worker', 'The media worker did not open a room.', { cause: error });
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#restarts) clearTimeout(timer);
    for (const slot of this.#slots.values()) {
      stopAsking(slot);
      slot.worker.close();
    }
    this.#slots.clear();
  }

  async #open(index: number): Promise<void> {
    const { host, announcedAddress, log } = this.#options;
    const port = this.#options.port + index;
    const worker = await withoutSignalHandlers(() => createWorker({ logLevel: 'warn' })).catch(
      (error: unknown) => {
        throw new SfuError('worker_start', `The media worker did not start: ${String(error)}.`, {
          cause: error,
        });
      },
    );
    const address = { ip: host, port, ...(announcedAddress && { announcedAddress }) };
    let server: mediasoup.WebRtcServer;
    try {
      server = await worker.createWebRtcServer({
        // UDP first: mediasoup prefers candidates in this order.
        listenInfos: [
          { protocol: 'udp', ...address },
          { protocol: 'tcp', ...address },
        ],
      });
    } catch (error) {
      worker.close();
      throw new SfuError(
        'rtc_port_busy',
        `Cannot listen on ${host}:${port}, UDP and TCP: ${String(error)}.`,
        {
          cause: error,
        },
      );
    }
    if (this.#stopped) {
      worker.close();
      return;
    }
    const pulse = new WorkerPulse(worker);
    const slot: WorkerSlot = { index, worker, server, pulse, rounds: new Rounds(), load: 0 };
    this.#slots.set(index, slot);
    for (const resolve of this.#openedWaiters.splice(0)) resolve();
    const openedAtMs = performance.now();
    worker.once('died', (error) => {
      log.error({ worker: index, pid: worker.pid, err: error }, 'media worker died');
      stopAsking(slot);
      this.#slots.delete(index);
      for (const listener of this.#diedListeners) listener(slot);
      const steady = performance.now() - openedAtMs > steadyAfterMs;
      this.#restart(index, steady ? 0 : restartPauseMs.first);
    });
  }

  #restart(index: number, pauseMs: number): void {
    if (this.#stopped) return;
    const { log } = this.#options;
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#open(index).then(
        () => log.info({ worker: index }, 'media worker replaced'),
        (error: unknown) => {
          log.error({ worker: index, err: error }, 'media worker could not be replaced');
          const longer = Math.max(pauseMs * 2, restartPauseMs.first);
          this.#restart(index, Math.min(longer, restartPauseMs.last));
        },
      );
    }, pauseMs);
    this.#restarts.add(timer);
  }
}

function stopAsking({ pulse, rounds }: WorkerSlot): void {
  pulse.stop();
  rounds.stop();
}

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * mediasoup closes each worker as soon as the process is told to stop, by handlers that the worker's constructor installs; calls
 * are to go on until their people are elsewhere, and `stop` closes the workers then.
 */
function withoutSignalHandlers<T>(make: () => T): T {
  const before = signals.map((signal) => process.listeners(signal));
  const made = make();
  signals.forEach((signal, i) => {
    for (const listener of process.listeners(signal)) {
      if (!before[i]!.includes(listener)) process.removeListener(signal, listener);
    }
  });
  return made;
}

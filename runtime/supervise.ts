/** Keeps one part of the stack running: a part that ends by itself is started again, later each time. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Embedded, endOf, type LineLog } from './embedded/part.ts';

export type ChildState = 'starting' | 'ready' | 'restarting' | 'stopped';

export interface Child {
  readonly name: string;
  /** Of the process that runs now; undefined while none does. */
  readonly pid: number | undefined;
  readonly state: ChildState;
  /** How often it was started again because it had ended by itself. */
  readonly restarts: number;
  /** Sends a signal to the process, which counts as ending by itself. @returns false when none runs */
  kill(signal: NodeJS.Signals): boolean;
  /** Ends it and leaves it ended. */
  stop(): Promise<void>;
  /** Starts it again after `stop`. @throws EmbeddedError when it cannot */
  start(): Promise<void>;
}

/** The waits before the first, second, … new start; the last repeats. A crash costs little, a loop of them too. */
const backoffMs = [250, 500, 1000, 2000, 5000, 10_000];
/** A part that ran this long is no crash loop: the next wait is the shortest again. */
const steadyAfterMs = 30_000;

/**
 * @param start starts the part anew; on restart it must take the same addresses
 * @param log one line for each end and new start
 * @returns a stopped child: call `start`
 */
export function supervised(
  name: string,
  start: (signal: AbortSignal) => Promise<Embedded>,
  log: LineLog,
): Child {
  let part: Embedded | undefined;
  let state: ChildState = 'stopped';
  let restarts = 0;
  let order = new AbortController();
  let watching: Promise<void> = Promise.resolve();

  /** Runs until the order to stop; never rejects. */
  async function watch(first: Embedded, signal: AbortSignal): Promise<void> {
    let running = first;
    for (let failures = 0; ; ) {
      part = running;
      state = 'ready';
      const readyAt = Date.now();
      const code = await running.exited;
      part = undefined;
      if (signal.aborted) return;
      if (Date.now() - readyAt > steadyAfterMs) failures = 0;
      state = 'restarting';
      let why = `ended (${endOf(code)})`;
      for (;;) {
        const waitMs = backoffMs[Math.min(failures++, backoffMs.length - 1)]!;
        log(`${name} ${why}; starting it again in ${waitMs / 1000} s`);
        await delay(waitMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
        try {
          running = await start(signal);
          break;
        } catch (error) {
          if (signal.aborted) return;
          why = `did not start: ${error instanceof Error ? error.message : String(error)}`;
        }
      }
      if (signal.aborted) return running.stop();
      restarts++;
      log(`${name} runs again (pid ${running.pid})`);
    }
  }

  return {
    name,
    get pid() {
      return part?.pid;
    },
    get state() {
      return state;
    },
    get restarts() {
      return restarts;
    },
    kill(signal) {
      return part !== undefined && process.kill(part.pid, signal);
    },
    async start() {
      if (state !== 'stopped') return;
      order = new AbortController();
      state = 'starting';
      try {
        watching = watch(await start(order.signal), order.signal);
      } catch (error) {
        state = 'stopped';
        throw error;
      }
    },
    async stop() {
      order.abort();
      await part?.stop();
      await watching;
      state = 'stopped';
    },
  };
}

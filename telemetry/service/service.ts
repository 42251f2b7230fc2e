/**
 * What every service process does the same way: log in JSON, say when it is ready, stop once and cleanly on
 * SIGTERM, SIGINT or when the supervisor that started it is gone, and name the fault when it cannot start.
 */
import pino, { type Logger } from 'pino';
import { ConfigError } from './config.ts';

export type { Logger } from 'pino';

export interface Running {
  /** Addresses and the like, told in the `ready` line. */
  readonly info?: Record<string, unknown>;
  /** Finish what was accepted, then let go of everything. */
  stop(): Promise<void>;
}

/** Level by CALLSCOPE_LOG_LEVEL. @default info */
export function createLogger(service: string): Logger {
  return pino({
    name: service,
    level: process.env.CALLSCOPE_LOG_LEVEL || 'info',
    redact: ['*.token', '*.secret', '*.password'],
  });
}

/** How long a stop may take before the process ends anyway. */
const stopLimitMs = 15_000;

/**
 * Runs a service until it is told to stop. Exit code 0 after a clean stop, 1 when it could not start or stop.
 * Where stdin is a pipe (a supervisor holds the other end), its end counts as the order to stop.
 */
export async function runService(name: string, start: (log: Logger) => Promise<Running>): Promise<void> {
  const log = createLogger(name);
  let running: Running | undefined;
  let stopping = false;
  const stop = async (why: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'stopping');
    setTimeout(() => process.exit(1), stopLimitMs).unref();
    try {
      await running?.stop();
      process.exit(0);
    } catch (error) {
      log.error({ err: error }, 'stop failed');
      process.exit(1);
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
  if (process.env.CALLSCOPE_SUPERVISED) {
    process.stdin
      .on('end', () => void stop('supervisor gone'))
      .on('error', () => void stop('supervisor gone'));
    process.stdin.resume();
  }
  try {
    running = await start(log);
    log.info(running.info ?? {}, 'ready');
  } catch (error) {
    if (error instanceof ConfigError) process.stderr.write(`${name}: wrong settings\n${error.message}\n`);
    else log.fatal({ err: error }, 'could not start');
    process.exit(1);
  }
}

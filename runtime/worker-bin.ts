/** Where the set-up left mediasoup's worker program. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const stateFile = path.join(import.meta.dirname, '..', '.callscope', 'setup', 'worker.json');
const state = z.object({ bin: z.string().min(1) });

/**
 * @returns the value for MEDIASOUP_WORKER_BIN: what the environment says, else what the set-up found
 * @throws Error when the set-up has not run
 */
export function workerBin(env: NodeJS.ProcessEnv = process.env): string {
  if (env.MEDIASOUP_WORKER_BIN) return env.MEDIASOUP_WORKER_BIN;
  try {
    return state.parse(JSON.parse(readFileSync(stateFile, 'utf8'))).bin;
  } catch (error) {
    throw new Error(`${stateFile} does not tell where mediasoup's worker is. Run: node runtime/setup.mjs`, {
      cause: error,
    });
  }
}

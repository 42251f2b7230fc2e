/** Recordings of others that stand beside the project where there are any; they are never part of it. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** Beside the checkout, or beside the folder of a worktree. */
export const dumpsFolder = ['../shared', '../../shared']
  .map((parent) => `${root}/${parent}/data/rtcstats-dumps`)
  .find((folder) => existsSync(folder));

export const whySkipped = 'skipped: no ../shared/data/rtcstats-dumps beside this checkout';

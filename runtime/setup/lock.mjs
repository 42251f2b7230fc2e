/** Two set-ups of one checkout at once would tear up each other's work: the second waits for the first. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setupDir } from './paths.mjs';

const lockFile = path.join(setupDir, 'lock');
const lookAgainMs = 500;

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(work) {
  mkdirSync(setupDir, { recursive: true });
  let told = false;
  while (!take()) {
    if (!told) console.error(`Waiting for another set-up of this checkout (process ${holder()}).`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
  // Also when interrupted: `exit` handlers run on process.exit, and these two signals are made to call it.
  const release = () => rmSync(lockFile, { force: true });
  const interrupted = () => process.exit(130);
  process.once('exit', release);
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    return await work();
  } finally {
    release();
    process.off('exit', release);
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  }
}

function take() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    if (!alive(holder())) rmSync(lockFile, { force: true });
    return false;
  }
}

function holder() {
  try {
    return Number(readFileSync(lockFile, 'utf8'));
  } catch {
    return 0;
  }
}

/** @param {number} pid */
function alive(pid) {
  if (!pid) return true; // being written this moment
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

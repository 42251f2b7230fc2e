/** Running other programs: quietly, with what they said at hand when they fail. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/**
 * @typedef {object} Outcome
 * @property {number | null} code null when it could not be started or was ended by a signal
 * @property {string} output stdout and stderr together
 */

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, onLine?: (line: string) => void }} [options]
 * @returns {Promise<Outcome>}
 */
export function run(command, args, { cwd, env, timeoutMs, onLine } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, timeout: timeoutMs, stdio: ['ignore', 'pipe', 'pipe'] });
    const endWithUs = () => child.kill('SIGTERM');
    process.once('exit', endWithUs);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        output += `${line}\n`;
        onLine?.(line);
      });
    }
    const settle = (/** @type {number | null} */ code) => {
      process.off('exit', endWithUs);
      resolve({ code, output });
    };
    child.once('error', (error) => {
      output += `${error.message}\n`;
      settle(null);
    });
    child.once('close', settle);
  });
}

/**
 * @param {string} command
 * @returns {boolean} whether the shell would find it
 */
export function isInstalled(command) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  return folders.some((folder) => {
    try {
      accessSync(path.join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The last lines, indented, for an error message. */
export const tail = (/** @type {string} */ output, lines = 30) =>
  output
    .trimEnd()
    .split('\n')
    .slice(-lines)
    .map((line) => `  ${line}`)
    .join('\n');

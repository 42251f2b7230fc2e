/** Step: the npm packages of the lock file, among them Node 24 itself. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { node24, root } from './paths.mjs';
import { SetupError } from './progress.mjs';
import { run } from './run.mjs';

const minimumNode = 24;

/** @param {import('./progress.mjs').Say} say */
export async function nodePackages(say) {
  const difference = differenceFromLock(root);
  if (!difference) return `as locked, with Node ${await versionOf(node24)}`;
  say(`npm ci (${difference})`);
  const { code, output } = await run('npm', ['ci', '--loglevel=error', '--no-progress'], {
    cwd: root,
    env: environmentForNpm(),
  });
  const left = differenceFromLock(root);
  if (code !== 0 || left) {
    throw new SetupError(
      `npm ci failed with code ${code}${left ? ` (${left})` : ''}:\n${output.trimEnd()}`,
      'npm ci',
    );
  }
  return `installed, with Node ${await versionOf(node24)}`;
}

/**
 * npm writes its record `node_modules/.package-lock.json` last, so a broken installation has none or another.
 * @param {string} folder
 * @returns {string | undefined} in words what differs from the lock file; undefined when nothing does
 */
export function differenceFromLock(folder) {
  const recordFile = path.join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(recordFile)) return 'nothing installed yet';
  const locked = readPackages(path.join(folder, 'package-lock.json'));
  const installed = readPackages(recordFile);
  for (const [place, { version, integrity, optional }] of Object.entries(locked)) {
    if (place === '') continue; // the project itself
    const found = installed[place];
    // Optional packages are there only where they fit the machine.
    if (!found && optional) continue;
    if (!found) return `${place} is missing`;
    if (found.version !== version || found.integrity !== integrity) return `${place} is another version`;
  }
  const surplus = Object.keys(installed).find((place) => !(place in locked));
  return surplus && `${surplus} is not in the lock file`;
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }>}
 */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

/** @param {string} node */
async function versionOf(node) {
  const { code, output } = await run(node, ['--version']);
  const version = output.trim().replace(/^v/, '');
  if (code !== 0 || Number.parseInt(version, 10) < minimumNode) {
    throw new SetupError(
      `${node} is not Node ${minimumNode} or newer: ${output.trim()}`,
      'rm -rf node_modules && npm ci',
    );
  }
  return version;
}

/**
 * mediasoup's own installation step would download or build a worker; that is a step of its own here, and with
 * this variable it does nothing. npm must not run on the Node that it is about to replace.
 */
function environmentForNpm() {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return {
    ...process.env,
    PATH: folders
      .filter((folder) => !folder.endsWith(path.join('node_modules', '.bin')))
      .join(path.delimiter),
    MEDIASOUP_WORKER_BIN: process.env.MEDIASOUP_WORKER_BIN || path.join(root, '.callscope', 'later'),
  };
}

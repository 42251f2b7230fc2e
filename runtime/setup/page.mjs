/** Step: the meeting page and the browser SDK, bundled for the SFU to serve. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hashOf } from './hash.mjs';
import { node24, root, setupDir, stateDir } from './paths.mjs';
import { SetupError } from './progress.mjs';
import { run, tail } from './run.mjs';

const stamp = path.join(setupDir, 'page.hash');
const page = path.join(stateDir, 'page', 'index.html');

/** @param {import('./progress.mjs').Say} say */
export async function meetingPage(say) {
  const sources = ['client', 'telemetry', 'package-lock.json'].map((name) => path.join(root, name));
  const hash = hashOf(sources);
  if (existsSync(page) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return 'up to date';
  say('bundling');
  rmSync(stamp, { force: true });
  const { code, output } = await run(node24, [path.join(root, 'client', 'build.ts')], { cwd: root });
  if (code !== 0) {
    throw new SetupError(
      `bundling failed:\n${tail(output)}`,
      `${path.relative(root, node24)} client/build.ts`,
    );
  }
  if (!existsSync(page)) throw new SetupError(`bundling left no ${page}`, 'git status client');
  writeFileSync(stamp, hash);
  return 'bundled';
}

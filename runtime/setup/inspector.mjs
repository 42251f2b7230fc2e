/** Step: the inspector's page, bundled for the inspector to serve. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hashOf } from './hash.mjs';
import { node24, root, setupDir, stateDir } from './paths.mjs';
import { SetupError } from './progress.mjs';
import { run, tail } from './run.mjs';

const stamp = path.join(setupDir, 'inspector.hash');
const page = path.join(stateDir, 'inspector', 'index.html');

/** @param {import('./progress.mjs').Say} say */
export async function inspectorPage(say) {
  const sources = ['inspector', 'quality', 'telemetry', 'package-lock.json'].map((name) =>
    path.join(root, name),
  );
  const hash = hashOf(sources);
  if (existsSync(page) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return 'up to date';
  say('bundling');
  rmSync(stamp, { force: true });
  const { code, output } = await run(node24, [path.join(root, 'inspector', 'build.ts')], { cwd: root });
  if (code !== 0) {
    throw new SetupError(
      `bundling failed:\n${tail(output)}`,
      `${path.relative(root, node24)} inspector/build.ts`,
    );
  }
  if (!existsSync(page)) throw new SetupError(`bundling left no ${page}`, 'git status inspector');
  writeFileSync(stamp, hash);
  return 'bundled';
}

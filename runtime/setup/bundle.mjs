/** What the steps that bundle a page share: done anew when a source has changed, and only then. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hashOf } from './hash.mjs';
import { node24, root, setupDir, stateDir } from './paths.mjs';
import { SetupError } from './progress.mjs';
import { run, tail } from './run.mjs';

/**
 * @param {{ name: string, folder: string, sources: string[] }} page `folder` has a build.ts, which makes `name`/index.html
 *   in the state's folder of what is in `sources`
 * @param {import('./progress.mjs').Say} say
 */
export async function bundled({ name, folder, sources }, say) {
  const stamp = path.join(setupDir, `${name}.hash`);
  const page = path.join(stateDir, name, 'index.html');
  const hash = hashOf([...sources, 'package-lock.json'].map((source) => path.join(root, source)));
  if (existsSync(page) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return 'up to date';
  say('bundling');
  rmSync(stamp, { force: true });
  const { code, output } = await run(node24, [path.join(root, folder, 'build.ts')], { cwd: root });
  if (code !== 0) {
    throw new SetupError(
      `bundling failed:\n${tail(output)}`,
      `${path.relative(root, node24)} ${folder}/build.ts`,
    );
  }
  if (!existsSync(page)) throw new SetupError(`bundling left no ${page}`, `git status ${folder}`);
  writeFileSync(stamp, hash);
  return 'bundled';
}

/** Builds the worker by runtime/mediasoup-worker/CMakeLists.txt: nothing is downloaded but Debian packages. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { installPackages } from './debian.mjs';
import { stateDir } from './paths.mjs';
import { SetupError } from './progress.mjs';
import { run, tail } from './run.mjs';

const packages = [
  ...['g++', 'cmake', 'ninja-build'],
  ...[
    'libssl-dev',
    'libuv1-dev',
    'libsrtp2-dev',
    'libabsl-dev',
    'libflatbuffers-dev',
    'flatbuffers-compiler',
  ],
];
const logFile = path.join(stateDir, 'logs', 'worker-build.log');

/**
 * @param {object} options
 * @param {string} options.mediasoup the installed npm package
 * @param {string} options.recipe folder of the CMakeLists.txt
 * @param {string} options.workplace an empty folder for the build
 * @param {string} options.to path of the finished program
 * @param {import('./progress.mjs').Say} options.say
 * @throws {SetupError}
 */
export async function buildWorker({ mediasoup, recipe, workplace, to, say }) {
  const missing = await missingPackages();
  if (missing.length) await installPackages(missing, say);
  const build = path.join(workplace, 'build');
  say('building it: configuring');
  await must('cmake', ['-S', recipe, '-B', build, '-G', 'Ninja', `-DMEDIASOUP_DIR=${mediasoup}`]);
  await must('ninja', ['-C', build], (line) => {
    const [, done, all] = /^\[(\d+)\/(\d+)\]/.exec(line) ?? [];
    if (done) say(`building it: ${done} of ${all} files`);
  });
  await must('strip', [path.join(build, 'mediasoup-worker')]);
  copyFileSync(path.join(build, 'mediasoup-worker'), to);
}

/** By dpkg's own record: headers and libraries have no command to look for. */
async function missingPackages() {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const { output } = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...packages]);
  const installed = new Set(
    output
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return packages.filter((name) => !installed.has(name));
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {(line: string) => void} [onLine]
 */
async function must(command, args, onLine) {
  const { code, output } = await run(command, args, { onLine });
  if (code === 0) return;
  mkdirSync(path.dirname(logFile), { recursive: true });
  writeFileSync(logFile, output);
  throw new SetupError(
    `${command} failed with code ${code} while building the mediasoup worker. All of it is in ${logFile}; its end:\n${tail(output)}`,
    'node runtime/setup.mjs   # or: export MEDIASOUP_WORKER_BIN=/path/to/a/mediasoup-worker',
  );
}

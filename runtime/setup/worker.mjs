/**
 * Step: mediasoup's media worker, a native program. Its own release is downloaded where the network allows, else
 * it is built from the npm package's source with Debian's libraries. Either way it is kept outside the checkout,
 * and `.callscope/setup/worker.json` tells the rest of Callscope where.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { hashOf } from './hash.mjs';
import { cacheDir, root, setupDir } from './paths.mjs';
import { SetupError } from './progress.mjs';
import { run } from './run.mjs';
import { buildWorker } from './worker-build.mjs';
import { downloadWorker } from './worker-download.mjs';

const stateFile = path.join(setupDir, 'worker.json');
const recipe = path.join(root, 'runtime', 'mediasoup-worker');
const mediasoup = path.join(root, 'node_modules', 'mediasoup');

/** Started by nobody it knows, the worker says so and exits with this code. That proves that it can run. */
const wrongParentExitCode = 41;

const workplacePrefix = 'making-';
const abandonedAfterMs = 3_600_000;

const origins = {
  given: 'given by MEDIASOUP_WORKER_BIN',
  prebuilt: "mediasoup's own release",
  built: 'built here',
};

/** @param {import('./progress.mjs').Say} say */
export async function mediasoupWorker(say) {
  const { version } = JSON.parse(readFileSync(path.join(mediasoup, 'package.json'), 'utf8'));
  const given = process.env.MEDIASOUP_WORKER_BIN;
  if (given) {
    if (!(await runs(given))) {
      throw new SetupError(
        `MEDIASOUP_WORKER_BIN=${given} is not a mediasoup-worker that runs here.`,
        'unset MEDIASOUP_WORKER_BIN',
      );
    }
    return remember(path.resolve(given), 'given', version);
  }

  const folder = path.join(cacheDir, 'mediasoup-worker', `${version}-${hashOf([recipe])}`);
  const bin = path.join(folder, 'mediasoup-worker');
  const originFile = path.join(folder, 'origin');
  if (existsSync(bin) && existsSync(originFile) && (await runs(bin))) {
    return remember(bin, readFileSync(originFile, 'utf8').trim(), version);
  }

  mkdirSync(folder, { recursive: true });
  removeAbandoned(folder);
  const workplace = mkdtempSync(path.join(folder, workplacePrefix));
  try {
    const made = path.join(workplace, 'mediasoup-worker');
    const refusal = await downloadWorker({ mediasoup, version, to: made, say });
    const usable = !refusal && (await runs(made));
    if (!usable) {
      say(`building it, about three minutes (${refusal ?? 'the release does not run here'})`);
      await buildWorker({ mediasoup, recipe, workplace, to: made, say });
      if (!(await runs(made)))
        throw new SetupError(`the worker built in ${workplace} does not run.`, 'node runtime/setup.mjs');
    }
    rmSync(originFile, { force: true });
    renameSync(made, bin);
    writeFileSync(originFile, `${usable ? 'prebuilt' : 'built'}\n`); // last: without it the rest does not count
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
  return remember(bin, readFileSync(originFile, 'utf8').trim(), version);
}

/**
 * Half-made workers that a killed set-up left. Young ones may belong to another checkout at work this moment.
 * @param {string} folder
 */
function removeAbandoned(folder) {
  for (const name of readdirSync(folder)) {
    const place = path.join(folder, name);
    const old = Date.now() - statSync(place).mtimeMs > abandonedAfterMs;
    if (name.startsWith(workplacePrefix) && old) rmSync(place, { recursive: true, force: true });
  }
}

/** @param {string} bin */
async function runs(bin) {
  const env = { ...process.env };
  delete env.MEDIASOUP_VERSION;
  return (await run(bin, [], { env, timeoutMs: 10_000 })).code === wrongParentExitCode;
}

/**
 * @param {string} bin
 * @param {string} origin
 * @param {string} version
 */
function remember(bin, origin, version) {
  mkdirSync(setupDir, { recursive: true });
  const aside = `${stateFile}.${process.pid}`;
  writeFileSync(aside, `${JSON.stringify({ bin, origin, version }, null, 2)}\n`);
  renameSync(aside, stateFile);
  return `${version}, ${origins[/** @type {keyof typeof origins} */ (origin)] ?? origin}`;
}

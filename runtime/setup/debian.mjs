/** Step: programs out of Debian's packages, installed only where they are missing. */
import { SetupError } from './progress.mjs';
import { isInstalled, run, tail } from './run.mjs';

/** What `npm start` can do without: the browser always, the others when their work is done elsewhere. */
const isStart = process.env.npm_lifecycle_event === 'start';
/** Only `npm start` can be told not to record; tests and lab do. */
const records = !(isStart && process.env.CALLSCOPE_RECORDING === 'off');
const writesDown = records && !(isStart && process.env.CALLSCOPE_SPEECH_URL);

const programs = [
  { command: 'chromium', package: 'chromium', needed: !isStart },
  { command: 'redis-server', package: 'redis-server', needed: !(isStart && process.env.CALLSCOPE_REDIS_URL) },
  {
    command: 'prometheus-alertmanager',
    package: 'prometheus-alertmanager',
    needed: process.env.npm_lifecycle_event === 'test',
  },
  { command: 'turnserver', package: 'coturn', needed: !(isStart && process.env.CALLSCOPE_TURN_URLS) },
  { command: 'ffmpeg', package: 'ffmpeg', needed: records },
  { command: 'pocketsphinx_continuous', package: 'pocketsphinx', needed: writesDown },
  { command: 'pocketsphinx_continuous', package: 'pocketsphinx-en-us', needed: writesDown },
  { command: 'espeak-ng', package: 'espeak-ng', needed: !isStart },
  { command: 'openssl', package: 'openssl', needed: !(isStart && process.env.CALLSCOPE_TURN_URLS) },
  // part of every Debian, not of every container
  { command: 'setpriv', package: 'util-linux', needed: true },
  { command: 'flock', package: 'util-linux', needed: true },
];

/** @param {import('./progress.mjs').Say} say */
export async function debianPackages(say) {
  const wanted = programs.filter(({ needed }) => needed);
  const missing = wanted.filter(({ command }) => !isInstalled(command)).map((program) => program.package);
  if (!missing.length) return `${[...new Set(wanted.map(({ command }) => command))].join(', ')} are there`;
  const packages = [...new Set(missing)];
  await installPackages(packages, say);
  return `installed ${packages.join(', ')}`;
}

/**
 * Installs as root, or by sudo where it asks for no password. Debian starts a service on installing it and on
 * every boot after; ours run as children of Callscope only, so neither may happen.
 * @param {string[]} packages
 * @param {import('./progress.mjs').Say} say
 * @throws {SetupError} naming the line to run, when this user may not install
 */
export async function installPackages(packages, say) {
  const byHand = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!isInstalled('apt-get')) {
    throw new SetupError(
      `missing programs, and no apt-get to install them (${packages.join(', ')}).`,
      `${byHand}   # or your system's packages of the same programs`,
    );
  }
  const root = process.getuid?.() === 0;
  if (!root && (await run('sudo', ['-n', 'true'])).code !== 0) {
    throw new SetupError(
      `missing Debian packages, and this user may not install any: ${packages.join(', ')}.`,
      `sudo ${byHand}`,
    );
  }
  say(`installing ${packages.join(', ')}`);
  const command = ['sh', '-c', installScript, 'install', ...packages];
  const { code, output } = await run(root ? 'sh' : 'sudo', root ? command.slice(1) : ['-n', ...command], {
    onLine: (line) => {
      if (/^(Get:|Unpacking|Setting up|Reading)/.test(line)) say(line);
    },
  });
  if (code !== 0) {
    throw new SetupError(
      `apt-get failed with code ${code}:\n${tail(output)}`,
      `${root ? '' : 'sudo '}apt-get update && ${root ? '' : 'sudo '}${byHand}`,
    );
  }
}

/** Takes the packages as its arguments. A policy-rc.d that is there already stays as it is. */
const installScript = `
set -e
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
apt-get update -o DPkg::Lock::Timeout=120
apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
if command -v systemctl > /dev/null; then
  for package in "$@"; do
    case "$package" in
      redis-server | coturn | prometheus-alertmanager) systemctl disable --quiet "$package.service" || true ;;
    esac
  done
fi
`;

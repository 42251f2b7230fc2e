/** Step: is this a machine that the packages are made for? */
import { readFileSync } from 'node:fs';
import { SetupError } from './progress.mjs';

export async function machine() {
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major < 20) {
    throw new SetupError(
      `Node ${process.versions.node} is too old: the set-up needs 20 or newer (it brings its own Node 24).`,
      'apt-get install -y nodejs   # or https://nodejs.org/en/download',
    );
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(
      `${process.platform} on ${process.arch}: the ClickHouse and Node packages are for Linux on x86-64.`,
      'docker run --rm -it --platform linux/amd64 node:24-bookworm   # and clone there',
    );
  }
  // The ClickHouse library is compiled for AVX2 and would die of an illegal instruction.
  if (!process.env.CALLSCOPE_CLICKHOUSE_URL && !/\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))) {
    throw new SetupError(
      'this processor has no AVX2, which the embedded ClickHouse needs.',
      'export CALLSCOPE_CLICKHOUSE_URL=http://user:password@host:8123/database   # a ClickHouse elsewhere',
    );
  }
  return `Linux x86-64, Node ${process.versions.node}`;
}

/**
 * Builds the official Collector of builder.yaml with its own builder and keeps it outside the checkout, by what it is made
 * of: the next one who asks has it at once.
 *
 *   node deploy/otelcol/build.ts        prints where it is, or why there is none (exit code 1)
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const manifest = path.join(import.meta.dirname, 'builder.yaml');
/** Some hundred modules from an empty cache on two cores take three minutes. */
const buildLimitMs = 8 * 60_000;
const reachLimitMs = 20_000;

export type Otelcol = { readonly program: string } | { readonly missing: string };

/** @returns the program, built if need be; or in words why it cannot be */
export async function otelcol(): Promise<Otelcol> {
  const text = readFileSync(manifest, 'utf8');
  const key = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const cache = path.join(
    process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'),
    'callscope',
    'otelcol',
  );
  const program = path.join(cache, key, 'otelcol');
  if (existsSync(program)) return { program };
  const version = / (v\S+)$/m.exec(text)?.[1];
  const builder = `go.opentelemetry.io/collector/cmd/builder@${version}`;
  try {
    await run('go', ['version']);
  } catch {
    return { missing: 'Go is not installed: it builds the official Collector' };
  }
  const work = mkdtempSync(path.join(os.tmpdir(), 'callscope-otelcol-'));
  try {
    try {
      await run('go', ['list', '-m', builder], { cwd: work, timeout: reachLimitMs });
    } catch (error) {
      return { missing: `Go modules cannot be reached: ${reason(error)}` };
    }
    cpSync(manifest, path.join(work, 'builder.yaml'));
    // Gives way to whatever else runs: a build is in no hurry.
    const nice = (args: string[], cwd: string) =>
      run('nice', ['-n', '19', 'go', ...args], { cwd, timeout: buildLimitMs, maxBuffer: 2 ** 26 });
    await nice(['run', builder, '--config', 'builder.yaml', '--skip-compilation'], work);
    await nice(['build', '-trimpath', '-ldflags=-s -w', '-o', 'otelcol', '.'], path.join(work, 'build'));
    mkdirSync(path.dirname(program), { recursive: true });
    // Copied beside it first: the cache may be on another disk, and half a program must not stand there.
    const aside = `${program}.${process.pid}`;
    cpSync(path.join(work, 'build', 'otelcol'), aside);
    renameSync(aside, program);
    return { program };
  } catch (error) {
    return { missing: `the official Collector was not built: ${reason(error)}` };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const reason = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .trim()
    .split('\n')
    .slice(-2)
    .join(' ')
    .slice(0, 400);

if (import.meta.main) {
  const built = await otelcol();
  if ('program' in built) console.log(built.program);
  else {
    console.error(built.missing);
    process.exitCode = 1;
  }
}

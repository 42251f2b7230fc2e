/**
 * Builds the browser code with esbuild: `node client/build.ts [folder]`.
 *
 * Into the folder (@default `.callscope/page`): `index.html`, `assets/` (script and style with hashed names and
 * source maps), `favicon.svg`, and `sdk.js`, the telemetry SDK alone as an ES module. Built beside the folder
 * and put in its place by renaming, so that a server never sees half of it; left alone where nothing changed.
 */
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';

const clientDir = import.meta.dirname;
const projectDir = dirname(clientDir);
export const defaultPageDir = join(projectDir, '.callscope', 'page');

const common: BuildOptions = {
  absWorkingDir: projectDir,
  bundle: true,
  format: 'esm',
  target: ['chrome120', 'firefox121', 'safari17.4'],
  minify: true,
  sourcemap: true,
  metafile: true,
  legalComments: 'none',
  logLevel: 'silent',
};

export interface BuiltFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly bytes: number;
  readonly gzipBytes: number;
}

/**
 * @returns what was built, source maps left out
 * @throws BuildFailure of esbuild (its message has file, line and column), or the error of the file system
 */
export async function buildClient(pageDir: string = defaultPageDir): Promise<BuiltFile[]> {
  const target = resolve(pageDir);
  const fresh = `${target}.${randomUUID()}`;
  await mkdir(fresh, { recursive: true });
  try {
    await buildInto(fresh);
    const files = await sizes(fresh);
    if (!(await sameFolder(fresh, target))) await replaceFolder(fresh, target);
    return files;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function buildInto(folder: string): Promise<void> {
  const page = await build({
    ...common,
    entryPoints: [join(clientDir, 'page/main.ts'), join(clientDir, 'page/style.css')],
    outdir: join(folder, 'assets'),
    entryNames: '[name]-[hash]',
  });
  await build({
    ...common,
    entryPoints: [join(clientDir, 'sdk/telemetry.ts')],
    outfile: join(folder, 'sdk.js'),
  });
  const outputs = Object.keys(page.metafile?.outputs ?? {});
  const asset = (extension: string) => {
    const found = outputs.find((path) => path.endsWith(extension));
    if (!found) throw new Error(`esbuild wrote no ${extension} file for the page`);
    return `assets/${basename(found)}`;
  };
  const html = await readFile(join(clientDir, 'page/index.html'), 'utf8');
  await writeFile(
    join(folder, 'index.html'),
    html.replace('href="STYLE"', `href="${asset('.css')}"`).replace('src="SCRIPT"', `src="${asset('.js')}"`),
  );
  await copyFile(join(clientDir, 'page/favicon.svg'), join(folder, 'favicon.svg'));
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

async function sizes(folder: string): Promise<BuiltFile[]> {
  const paths = (await filesOf(folder)).filter((path) => !path.endsWith('.map'));
  return Promise.all(
    paths.map(async (path) => {
      const content = await readFile(join(folder, path));
      return { path, bytes: content.length, gzipBytes: gzipSync(content, { level: 9 }).length };
    }),
  );
}

async function sameFolder(a: string, b: string): Promise<boolean> {
  const [inA, inB] = await Promise.all([filesOf(a), filesOf(b).catch(() => [])]);
  if (inA.join('\n') !== inB.join('\n')) return false;
  for (const path of inA) {
    const [one, other] = await Promise.all([readFile(join(a, path)), readFile(join(b, path))]);
    if (!one.equals(other)) return false;
  }
  return true;
}

async function replaceFolder(fresh: string, target: string): Promise<void> {
  const old = `${fresh}.old`;
  await rename(target, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(fresh, target).catch(async (error: NodeJS.ErrnoException) => {
    // Another build came in between, from the same sources: its folder is as good as ours.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  await rm(old, { recursive: true, force: true });
}

function told(error: unknown): string {
  const faults = (
    error as { errors?: { text: string; location: { file: string; line: number; column: number } | null }[] }
  ).errors;
  if (!faults) return error instanceof Error ? error.message : String(error);
  return faults
    .map(({ text, location }) =>
      location ? `${location.file}:${location.line}:${location.column}: ${text}` : text,
    )
    .join('\n');
}

if (import.meta.main) {
  const pageDir = process.argv[2] ?? defaultPageDir;
  try {
    for (const { path, bytes, gzipBytes } of await buildClient(pageDir)) {
      const kb = (size: number) => `${(size / 1000).toFixed(1)} kB`.padStart(9);
      process.stdout.write(`${kb(bytes)} ${kb(gzipBytes)} gzip  ${path}\n`);
    }
  } catch (error) {
    process.stderr.write(`client/build.ts: the page could not be built into ${pageDir}\n${told(error)}\n`);
    process.exitCode = 1;
  }
}

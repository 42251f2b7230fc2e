/**
 * Builds the inspector's page with Vite: `node inspector/build.ts [folder]` (@default `.callscope/inspector`).
 *
 * Built beside the folder and put in its place by renaming, so that a server never sees half of it. Every text file
 * gets its gzip beside it, which is what is served.
 */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const projectDir = dirname(import.meta.dirname);
export const defaultInspectorDir = join(projectDir, '.callscope', 'inspector');

export interface BuiltFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly bytes: number;
  readonly gzipBytes: number;
}

/** @returns what was built, packed copies left out */
export async function buildInspector(folder: string = defaultInspectorDir): Promise<BuiltFile[]> {
  const target = resolve(folder);
  const fresh = `${target}.${randomUUID()}`;
  try {
    await build({
      root: join(import.meta.dirname, 'page'),
      configFile: false,
      envDir: false,
      logLevel: 'error',
      base: '/',
      oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
      build: {
        outDir: fresh,
        emptyOutDir: true,
        target: ['chrome120', 'firefox121', 'safari17.4'],
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
      },
    });
    const files = await packed(fresh);
    await rm(target, { recursive: true, force: true });
    await rename(fresh, target).catch((error: NodeJS.ErrnoException) => {
      // Another build came in between, from the same sources: its folder is as good as ours.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return files;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function packed(folder: string): Promise<BuiltFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.sort().map(async (file) => {
      const content = await readFile(file);
      const gzip = gzipSync(content, { level: 9 });
      await writeFile(`${file}.gz`, gzip);
      return { path: relative(folder, file), bytes: content.length, gzipBytes: gzip.length };
    }),
  );
}

if (import.meta.main) {
  const folder = process.argv[2] ?? defaultInspectorDir;
  try {
    for (const { path, bytes, gzipBytes } of await buildInspector(folder)) {
      const kb = (size: number) => `${(size / 1000).toFixed(1)} kB`.padStart(9);
      process.stdout.write(`${kb(bytes)} ${kb(gzipBytes)} gzip  ${path}\n`);
    }
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    process.stderr.write(`inspector/build.ts: the page could not be built into ${folder}\n${told}\n`);
    process.exitCode = 1;
  }
}

/** A folder as the store: another disk, a share, a mounted bucket. */
import { copyFile, mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { measured } from '../disk/measured.ts';
import { RecorderError } from '../errors.ts';
import type { FileToStore, Store } from './store.ts';

export function folderStore(root: string): Store {
  const base = path.resolve(root);
  return {
    name: base,
    async put(file) {
      const target = path.join(base, file.key);
      if (await isThere(target, file)) return;
      const temporary = `${target}.part`;
      try {
        await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
        await copyFile(file.file, temporary);
        // Read back: what a share took is not always what it has.
        if (!(await isThere(temporary, file))) {
          throw new RecorderError('not_verified', `${target} is not what was written.`);
        }
        await rename(temporary, target);
      } catch (error) {
        if (error instanceof RecorderError) throw error;
        throw new RecorderError('store_refused', `${target}: ${(error as Error).message}`, { cause: error });
      }
    },
  };
}

async function isThere(target: string, { bytes, sha256 }: FileToStore): Promise<boolean> {
  const size = await stat(target).then(
    (found) => found.size,
    () => -1,
  );
  return size === bytes && (await measured(target)).sha256 === sha256;
}

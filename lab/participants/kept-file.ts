/** Files that the lab draws once and keeps: in the project, not in git. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.join(import.meta.dirname, '..', '..', '.callscope', 'lab');

/** @param name changes with the content @returns its path, whole at any time */
export function keptFile(name: string, draw: () => Buffer): string {
  const file = path.join(folder, name);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const aside = `${file}.${process.pid}`;
    writeFileSync(aside, draw());
    renameSync(aside, file);
  }
  return file;
}

/** Passwords that are made once, kept with the data they guard, and readable by the owner alone (0600). */
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const contents = z.record(z.string(), z.string().min(16));

/**
 * @param file JSON of name to secret; written on the first call, read on later ones
 * @returns one secret of 192 random bits per name, in URL-safe letters
 * @throws Error when the file is there but damaged: the data beside it expect what it held
 */
export function keptSecrets<Name extends string>(file: string, names: readonly Name[]): Record<Name, string> {
  if (!existsSync(file)) {
    const fresh = Object.fromEntries(names.map((name) => [name, randomBytes(24).toString('base64url')]));
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    // Written aside and linked into place: a reader sees the whole file or none, and of two writers one wins.
    const aside = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
    writeFileSync(aside, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600, flush: true });
    try {
      linkSync(aside, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(aside, { force: true });
    }
  }
  const read = contents.safeParse(parseJson(readFileSync(file, 'utf8')));
  const missing = names.filter((name) => read.data?.[name] === undefined);
  if (!read.success || missing.length) {
    throw new Error(
      `${file} is damaged (missing: ${missing.join(', ')}). Restore it, or delete the folder to start anew.`,
    );
  }
  return read.data as Record<Name, string>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A log file that stays small: at the limit it becomes `<file>.1` (replacing the last one) and begins anew. */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import type { LineLog } from './embedded/part.ts';

const defaultLimitBytes = 10_000_000;

/**
 * @returns a function that appends a line. It writes at once: what a part said before a crash is there.
 * A full disk loses lines and nothing else.
 */
export function logFile(file: string, limitBytes = defaultLimitBytes): LineLog {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  let size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return (line) => {
    const bytes = Buffer.from(`${line}\n`);
    try {
      if (size > 0 && size + bytes.length > limitBytes) {
        renameSync(file, `${file}.1`);
        size = 0;
      }
      appendFileSync(file, bytes, { mode: 0o600 });
      size += bytes.length;
    } catch {
      // Nowhere to say it: this is the log.
    }
  };
}

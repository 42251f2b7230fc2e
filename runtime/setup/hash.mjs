/** Hashes that tell whether what a step made still fits what it was made from. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * @param {string[]} places files and folders; a folder counts with all it holds
 * @returns {string} 16 hexadecimal digits over names and contents
 */
export function hashOf(places) {
  const hash = createHash('sha256');
  for (const place of places) {
    for (const file of filesUnder(place)) {
      hash
        .update(`${path.relative(path.dirname(place), file)}\0`)
        .update(readFileSync(file))
        .update('\0');
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * @param {string} place
 * @returns {string[]}
 */
function filesUnder(place) {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place)
    .sort()
    .flatMap((name) => filesUnder(path.join(place, name)));
}

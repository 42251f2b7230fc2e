/** One process of a kind at a folder. The kernel lets go of the name with the process, however that ends. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { RecorderError } from '../errors.ts';

/** @returns lets go. @throws RecorderError in_use */
export async function aloneAt(dir: string, kind: string): Promise<() => void> {
  const name = createHash('sha256')
    .update(`${kind} ${realpathSync(dir)}`)
    .digest('hex')
    .slice(0, 32);
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', () => reject(new RecorderError('in_use', `A ${kind} works at ${dir} already.`)));
    // Linux: a socket of the abstract namespace, no file.
    server.listen(`\0callscope-${name}`, resolve);
  });
  return () => server.close();
}

/** coturn's own load client: relays packets between two of its allocations and counts what is lost. */
import { spawn } from 'node:child_process';
import { turnCredentials } from '../../../turn/credentials.ts';

export interface ThroughRelay {
  readonly secret: string;
  readonly port: number;
  readonly transport?: 'udp' | 'tcp';
  readonly messages?: number;
  /** Until when the credentials hold, from now. */
  readonly ttlSeconds?: number;
}

/** @returns its output, once it has ended or been refused */
export async function relayThrough(through: ThroughRelay): Promise<string> {
  const { secret, port, transport = 'udp', messages = 5, ttlSeconds = 600 } = through;
  const { username, credential } = turnCredentials({ secret, name: 'tester', ttlSeconds, nowMs: Date.now() });
  const how = transport === 'tcp' ? ['-t'] : [];
  const args = ['-y', ...how, '-u', username, '-w', credential, '-p', String(port), '-n', String(messages)];
  const child = spawn('turnutils_uclient', [...args, '-m', '1', '127.0.0.1'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  return new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes) => {
        output += bytes;
        // It would go on asking.
        if (/error/i.test(output)) child.kill('SIGKILL');
      });
    }
    child.on('close', () => resolve(output));
    child.on('error', (error) => resolve(String(error)));
  });
}

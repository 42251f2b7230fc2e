/**
 * Where packets go that nobody looks at, as a process of its own: it binds a port, tells it, and stands still, so that the
 * kernel drops what does not fit and no process is charged for reading. (A socket bound in Node is read at once.)
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface Unread {
  readonly port: number;
  close(): void;
}

export async function openUnread(): Promise<Unread> {
  // One that stands still does not notice the end of its parent: the kernel ends it.
  const command = ['--pdeathsig', 'KILL', '--', process.execPath, import.meta.filename];
  const child = spawn('setpriv', command, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [port] = (await once(child, 'message')) as [number];
  child.kill('SIGSTOP');
  return { port, close: () => child.kill('SIGKILL') };
}

if (import.meta.main && process.send) {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1', () => process.send!(socket.address().port));
  process.on('disconnect', () => process.exit(0));
}

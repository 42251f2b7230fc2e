/**
 * A process of its own that stops another and lets it run in turns: `node pulser.ts PID STOP_MS RUN_MS`.
 * It begins at once and goes on until its input ends, which it does whatever becomes of the one who started it:
 * nothing is left stopped.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const [pid, stopMs, runMs] = process.argv.slice(2).map(Number) as [number, number, number];
let over = false;
process.stdin.on('end', () => {
  over = true;
});
process.stdin.resume();

function send(signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone: nothing to slow down.
    over = true;
  }
}

process.on('exit', () => send('SIGCONT'));
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => process.exit(0));
send('SIGSTOP');
process.stdout.write(`${Date.now()}\n`);
while (!over) {
  await sleep(stopMs);
  send('SIGCONT');
  if (over) break;
  await sleep(runMs);
  if (!over) send('SIGSTOP');
}
process.exit(0);

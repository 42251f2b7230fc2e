/** The worker thread behind network.ts: holds the relays and does what it is asked. */
import { parentPort } from 'node:worker_threads';
import type { Answer, Command, Request } from './network.ts';
import { createImpairment, type Impairment } from './relay.ts';

const lines = new Map<number, Impairment>();
let opened = 0;

parentPort?.on('message', async ({ id, command }: Request) => {
  let answer: Answer;
  try {
    answer = { id, value: await carryOut(command) };
  } catch (error) {
    answer = { id, error: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(answer);
});

async function carryOut(command: Command): Promise<unknown> {
  if (command.kind === 'open') {
    const relay = await createImpairment(command.options);
    const line = opened++;
    lines.set(line, relay);
    return { line, port: relay.listenPort };
  }
  const relay = lines.get(command.line);
  if (!relay) throw new Error(`the lab network has no open line ${command.line}`);
  switch (command.kind) {
    case 'change':
      relay.change(command.direction, command.change);
      return Date.now();
    case 'counters':
      return relay.counters();
    case 'close':
      lines.delete(command.line);
      return relay.close();
  }
}

/** Starts the stores and the fixture service, says its processes in a line of JSON, and waits to be killed. */
import { startStack } from '../../runtime/stack.ts';
import { fixture } from './fixture.ts';

const [dataDir = '', port = ''] = process.argv.slice(2);
const stack = await startStack({ dataDir, services: () => [[fixture(Number(port))]] });
const pids = [...stack.children.values()].map(({ pid }) => pid);
process.stdout.write(`${JSON.stringify({ pids })}\n`);

/**
 * Everything a fresh clone needs before Callscope can run, done once and found done afterwards. Plain JavaScript
 * without dependencies, because it runs on the machine's own Node (20 or newer) before anything is installed.
 *
 *   node runtime/setup.mjs
 *
 * Exit code 0 when all is in place; otherwise 1, with what failed and the line that mends it.
 */

import { debianPackages } from './setup/debian.mjs';
import { inspectorPage } from './setup/inspector.mjs';
import { machine } from './setup/machine.mjs';
import { nodePackages } from './setup/node-packages.mjs';
import { meetingPage } from './setup/page.mjs';
import { runSteps } from './setup/progress.mjs';
import { mediasoupWorker } from './setup/worker.mjs';

process.exitCode = await runSteps([
  { title: 'This machine', work: machine },
  { title: 'Debian packages', work: debianPackages },
  { title: 'Node packages', work: nodePackages },
  { title: 'mediasoup worker', work: mediasoupWorker },
  { title: 'Meeting page', work: meetingPage },
  { title: 'Inspector page', work: inspectorPage },
]);

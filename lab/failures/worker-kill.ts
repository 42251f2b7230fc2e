/** `kill -9` of the one media worker under a call. */
import { workerPid } from '../machine/processes.ts';
import { playDeath } from './media-death.ts';
import type { FailureScenario } from './scenario.ts';
import { openStand } from './stand.ts';

export const workerKill: FailureScenario = {
  name: 'worker-kill',
  fault: 'kill -9 of the media worker that carries the call, the only one of its node',
  detection: 'the media node (the worker’s process ends), the detector `sfu_death` from its word',
  raises: ['worker-died (ticket)'],
  mitigation:
    'the node starts another worker, opens the room there and tells the clients over the sockets they have; they make their media anew',
  lossOf: 'people without sound and picture of everybody at the end',
  async open(context) {
    const stand = await openStand(context);
    return {
      play: () =>
        playDeath(stand, 'worker-kill', context, () => {
          process.kill(workerPid(stand.stack.pid('sfu')), 'SIGKILL');
        }),
      close: stand.close,
    };
  },
};

/** `kill -9` of the media node that has a call, while another one lives. */
import { allReady, playDeath } from './media-death.ts';
import type { FailureScenario } from './scenario.ts';
import { openStand } from './stand.ts';

export const nodeKill: FailureScenario = {
  name: 'node-kill',
  fault: 'kill -9 of the media node that has the call, workers and all; another node lives',
  detection:
    'the other node (it asks each for its health, and hears its heartbeats in Redis), the clients (their sockets end), the detector `sfu_death` from the word of whoever takes the call over',
  raises: ['node-lost (ticket)'],
  mitigation:
    'clients ask at the other node whether theirs is gone, and are admitted there to the same call; the killed one is started again beside',
  lossOf: 'people without sound and picture of everybody at the end',
  async open(context) {
    const stand = await openStand(context, { env: { CALLSCOPE_SFU_NODES: '2' } });
    const { stack } = stand;
    return {
      async play() {
        await allReady(stack, context.signal);
        // The link leads to the first node, which keeps what it is asked for.
        return playDeath(stand, 'node-kill', context, () => {
          stack.children.get('sfu')!.kill('SIGKILL');
        });
      },
      close: stand.close,
    };
  },
};

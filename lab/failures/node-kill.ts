/** `kill -9` of a media node, while another one lives. */
import { allReady, playDeath } from './media-death.ts';
import type { FailureScenario } from './scenario.ts';
import { openStand } from './stand.ts';

/** The link leads to the first node, which keeps what it is asked for; whoever has no seat there sits on the second. */
type Victim = 'sfu' | 'sfu-2';

function nodeDeath(
  victim: Victim,
  env: Record<string, string>,
  words: Pick<FailureScenario, 'name' | 'fault' | 'detection' | 'mitigation'>,
): FailureScenario {
  return {
    ...words,
    raises: ['node-lost (ticket)'],
    lossOf: 'people without sound and picture of everybody at the end',
    async open(context) {
      const stand = await openStand(context, { env: { CALLSCOPE_SFU_NODES: '2', ...env } });
      const { stack } = stand;
      return {
        async play() {
          await allReady(stack, context.signal);
          return playDeath(stand, words.name, context, () => {
            stack.children.get(victim)!.kill('SIGKILL');
          });
        },
        close: stand.close,
      };
    },
  };
}

const byTheOther =
  'the other node (it asks each for its health, and hears its heartbeats in Redis), the clients (their sockets end), the detector `sfu_death` from the word of whoever takes the call over';
const acrossNodes = { CALLSCOPE_SFU_CALL_PARTICIPANTS_PER_NODE: '2' };

export const nodeKills: readonly FailureScenario[] = [
  nodeDeath(
    'sfu',
    {},
    {
      name: 'node-kill',
      fault: 'kill -9 of the media node that has the call, workers and all; another node lives',
      detection: byTheOther,
      mitigation:
        'clients ask at the other node whether theirs is gone, and are admitted there to the same call; the killed one is started again beside',
    },
  ),
  nodeDeath('sfu', acrossNodes, {
    name: 'home-kill',
    fault: 'kill -9 of the media node that is the home of a call on two nodes, with two of its three people',
    detection: byTheOther,
    mitigation:
      'the other node shows its one out; all three are admitted to the same call by whichever entrance lives, and sit there',
  }),
  nodeDeath('sfu-2', acrossNodes, {
    name: 'part-kill',
    fault: 'kill -9 of the media node that has one of the three people of a call whose home lives',
    detection:
      'the home (the link breaks), which tells that its people left; the detector `sfu_death` from that',
    mitigation: 'that one is admitted again by the home; the two there go on without a gap between them',
  }),
];

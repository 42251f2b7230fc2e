import { expect, test } from 'vitest';
import { chooseSeat, type SeatQuestion } from '../../../sfu/pipes/chooseSeat.ts';
import type { NodeHeartbeat } from '../../../telemetry/media-nodes.ts';

const node = (nodeId: string, more: Partial<NodeHeartbeat> = {}): NodeHeartbeat => ({
  nodeId,
  region: 'eu',
  origins: [`https://${nodeId}.example`],
  state: 'serving',
  startedMs: 1,
  load: 0,
  ...more,
});
const question = (more: Partial<SeatQuestion>): SeatQuestion => ({
  home: { nodeId: 'home', region: 'eu' },
  asked: { nodeId: 'home', region: 'eu' },
  others: [node('b'), node('c', { load: 0.5 })],
  taken: new Map(),
  participantsPerNode: null,
  byRegion: false,
  ...more,
});
const inUs = { nodeId: 'us', region: 'us' };

test.each<[string, Partial<SeatQuestion>, string]>([
  ['nothing is set', { asked: inUs, taken: new Map([['home', 1_000]]) }, 'home'],
  ['the home has room', { participantsPerNode: 2, taken: new Map([['home', 1]]) }, 'home'],
  ['the home is full: the least loaded', { participantsPerNode: 2, taken: new Map([['home', 2]]) }, 'b'],
  [
    'another has a part already, though it is loaded',
    {
      participantsPerNode: 2,
      taken: new Map([
        ['home', 2],
        ['c', 1],
      ]),
    },
    'c',
  ],
  [
    'that part is full too',
    {
      participantsPerNode: 2,
      taken: new Map([
        ['home', 2],
        ['c', 2],
      ]),
    },
    'b',
  ],
  [
    'all are full: home, whatever its share',
    {
      participantsPerNode: 1,
      taken: new Map([
        ['home', 4],
        ['b', 1],
        ['c', 1],
      ]),
    },
    'home',
  ],
  [
    'those that have room are about to stop',
    { participantsPerNode: 1, taken: new Map([['home', 1]]), others: [node('b', { state: 'draining' })] },
    'home',
  ],
  [
    'the asked region has a node',
    { byRegion: true, asked: inUs, others: [node('b'), node('us', inUs)] },
    'us',
  ],
  ['the asked region has none', { byRegion: true, asked: inUs }, 'home'],
  [
    'the asked region’s node is full',
    {
      byRegion: true,
      participantsPerNode: 1,
      asked: inUs,
      others: [node('us', inUs)],
      taken: new Map([['us', 1]]),
    },
    'home',
  ],
])('%s', (_, more, seat) => {
  expect(chooseSeat(question(more))).toBe(seat);
});

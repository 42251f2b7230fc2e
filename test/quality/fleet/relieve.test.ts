import { describe, expect, it } from 'vitest';
import { easedLoad, type LoadedRelay, relieveRelays } from '../../../quality/fleet/relieve.ts';

const relay = (relayId: string, load: number | undefined, more: Partial<LoadedRelay> = {}): LoadedRelay => ({
  relayId,
  region: 'eu',
  state: 'serving',
  healthy: true,
  load,
  ...more,
});
const loadsAfter = (relays: readonly LoadedRelay[]) =>
  relieveRelays(relays).map(({ relayId, share }) => {
    const { load } = relays.find((one) => one.relayId === relayId)!;
    return [relayId, Math.round(load! * (1 - share) * 100) / 100];
  });

describe('a full relay', () => {
  it('is brought down as far as the others have room, the fullest first', () => {
    expect(loadsAfter([relay('a', 1), relay('b', 0.1)])).toEqual([['a', easedLoad]]);
    expect(loadsAfter([relay('a', 0.95), relay('b', 1.2), relay('c', 0.2)])).toEqual([
      ['b', 0.75],
      ['a', 0.85],
    ]);
  });

  it.each([
    ['is not full', [relay('a', 0.9), relay('b', 0)]],
    ['is alone', [relay('a', 1.5)]],
    ['has others that have hardly room', [relay('a', 1), relay('b', 0.7)]],
    ['has room in another region only', [relay('a', 1), relay('b', 0, { region: 'us' })]],
    ['has others that are not there yet', [relay('a', 1), relay('b', 0, { state: 'warming' })]],
    ['has others that drain', [relay('a', 1), relay('b', 0, { state: 'draining' })]],
    ['has others that are dead', [relay('a', 1), relay('b', 0, { healthy: false })]],
    ['has others of which nothing is known', [relay('a', 1), relay('b', undefined)]],
    ['is dead: its calls move for that', [relay('a', 1, { healthy: false }), relay('b', 0)]],
    ['is one of which nothing is known', [relay('a', undefined), relay('b', 0)]],
  ])('is left as it is when it %s', (_why, relays) => {
    expect(relieveRelays(relays)).toEqual([]);
  });

  it('is relieved while it drains', () => {
    expect(loadsAfter([relay('a', 1, { state: 'draining' }), relay('b', 0.1)])).toEqual([['a', easedLoad]]);
  });
});

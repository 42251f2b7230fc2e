import { expect, it } from 'vitest';
import { chooseRelays, type RelayOffer } from '../../../quality/fleet/choose-relays.ts';

const offer = (relayId: string, more: Partial<RelayOffer> = {}): RelayOffer => ({
  relayId,
  region: 'eu',
  state: 'serving',
  healthy: true,
  load: 0.2,
  ...more,
});

it.each<[string, RelayOffer[], { region: string; except?: string[] }, string[]]>([
  [
    'the two least loaded',
    [offer('a', { load: 0.5 }), offer('b'), offer('c', { load: 0.1 })],
    { region: 'eu' },
    ['c', 'b'],
  ],
  [
    'those of the region first',
    [offer('us', { region: 'us', load: 0 }), offer('a'), offer('b')],
    { region: 'eu' },
    ['a', 'b'],
  ],
  [
    'elsewhere before a full one',
    [offer('a', { load: 0.95 }), offer('us', { region: 'us' })],
    { region: 'eu' },
    ['us', 'a'],
  ],
  ['a full one when there is nothing else', [offer('a', { load: 1.2 })], { region: 'eu' }, ['a']],
  [
    'none that drains, warms up or is dead',
    [offer('a', { state: 'draining' }), offer('b', { state: 'warming' }), offer('c', { healthy: false })],
    { region: 'eu' },
    [],
  ],
  ['not the one to get away from', [offer('a'), offer('b')], { region: 'eu', except: ['a'] }, ['b']],
  [
    'an unknown load for half full',
    [offer('a', { load: undefined }), offer('b', { load: 0.6 }), offer('c', { load: 0.4 })],
    { region: '' },
    ['c', 'a'],
  ],
])('gives %s', (_what, offers, wish, expected) => {
  expect(chooseRelays(offers, wish).map(({ relayId }) => relayId)).toEqual(expected);
});

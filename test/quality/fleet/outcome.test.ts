import { expect, test } from 'vitest';
import type { FleetView, RelayView } from '../../../quality/fleet/fleet.ts';
import { judgeFleet } from '../../../quality/fleet/outcome.ts';

const relay = (
  relayId: string,
  load: number | undefined,
  state: RelayView['state'] = 'serving',
): RelayView => ({
  relayId,
  state,
  healthy: true,
  steadySinceMs: 0,
  recentLosses: 0,
  load,
  allocations: 1,
});
const view = (...relays: RelayView[]): FleetView => ({
  nowMs: 0,
  region: '',
  relays,
  arrivingPerMinute: undefined,
  leavingPerMinute: undefined,
});
const grown = { action: 'grow', wanted: 2, fullestLoad: 0.95, removed: [] } as const;
const shrunk = { action: 'shrink', wanted: 1, fullestLoad: 0.2, removed: [] } as const;

test.each([
  ['better', 'the relays came and there is room', grown, view(relay('a', 0.95), relay('b', 0.1))],
  ['worse', 'nothing came and all is full', grown, view(relay('a', 0.95))],
  ['same', 'they came and are full already', grown, view(relay('a', 0.95), relay('b', 0.95))],
  ['unknown', 'nobody tells', grown, view(relay('a', undefined))],
  [
    'better',
    'one fewer serves and there is room',
    shrunk,
    view(relay('a', 0.3), relay('b', 0.1, 'draining')),
  ],
  ['worse', 'the rest is full now', shrunk, view(relay('a', 0.95), relay('b', 0.1, 'draining'))],
  ['same', 'the relay still serves', shrunk, view(relay('a', 0.3), relay('b', 0.1))],
  [
    'better',
    'what was ended is gone',
    { ...grown, action: 'tidy', removed: ['x'] } as const,
    view(relay('a', 0.3)),
  ],
] as const)('%s: %s', (outcome, _why, decided, now) => {
  expect(judgeFleet(decided, now, 0.9).outcome).toBe(outcome);
});

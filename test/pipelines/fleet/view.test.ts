import { describe, expect, test } from 'vitest';
import { wantedOf } from '../../../pipelines/fleet/scale.ts';
import { fleetMetricsText, fleetStatus } from '../../../pipelines/fleet/shown.ts';
import { comingAfter, type FleetState, fleetViewOf, freshState } from '../../../pipelines/fleet/view.ts';
import { noMemory } from '../../../quality/fleet/fleet.ts';
import { decideFleet } from '../../../quality/fleet/policy.ts';
import { defaultFleetSettings } from '../../../quality/fleet/settings.ts';
import type { RelayHeartbeat } from '../../../telemetry/relays.ts';

const nowMs = 1_700_000_000_000;
const heartbeat = (relayId: string, change: Partial<RelayHeartbeat> = {}): RelayHeartbeat => ({
  relayId,
  region: 'eu',
  urls: [`turn:${relayId}:3478?transport=udp`],
  state: 'serving',
  healthy: true,
  startedMs: 1,
  load: 0.5,
  allocations: 10,
  opened: 10,
  closed: 0,
  steadyForMs: 60_000,
  recentLosses: 0,
  ...change,
});
const tracked = (relayId: string, change: Partial<FleetState['relays'][string]> = {}) => ({
  [relayId]: {
    urls: [],
    state: 'serving' as const,
    unheardSinceMs: null,
    opened: 10,
    closed: 0,
    ...change,
  },
});
const state = (change: Partial<FleetState> = {}): FleetState => ({ ...freshState(noMemory), ...change });
const see = (
  heartbeats: Record<string, RelayHeartbeat | null>,
  before: FleetState,
  answers: Record<string, boolean> = {},
) => {
  const seen = { nowMs, region: 'eu', heartbeats: new Map(Object.entries(heartbeats)) };
  return fleetViewOf({ ...seen, answers: new Map(Object.entries(answers)) }, before);
};

describe('what the policy is told', () => {
  test('load, and how fast it comes and goes', () => {
    const before = state({ lookedAtMs: nowMs - 30_000, relays: tracked('a') });
    const { view } = see({ a: heartbeat('a', { opened: 30, closed: 10 }) }, before);
    expect(view.relays).toMatchObject([{ relayId: 'a', load: 0.5, steadySinceMs: nowMs - 60_000 }]);
    expect(view.arrivingPerMinute).toBeCloseTo(2);
    expect(view.leavingPerMinute).toBeCloseTo(1);
  });

  test('no rates from the counts of another agent, nor over a long gap', () => {
    const restarted = see(
      { a: heartbeat('a', { opened: 2 }) },
      state({ lookedAtMs: nowMs - 30_000, relays: tracked('a') }),
    );
    const gap = see({ a: heartbeat('a') }, state({ lookedAtMs: nowMs - 600_000, relays: tracked('a') }));
    expect([restarted, gap].map(({ view }) => view.arrivingPerMinute)).toEqual([undefined, undefined]);
  });

  test('an unheard relay that answers is there and of unknown load; one that does not is dead', () => {
    const before = state({ relays: { ...tracked('a'), ...tracked('b') } });
    const { view, relays } = see({ a: null, b: null }, before, { a: true, b: false });
    expect(view.relays).toMatchObject([
      { relayId: 'a', healthy: true, load: undefined },
      { relayId: 'b', healthy: false, steadySinceMs: nowMs },
    ]);
    expect(relays.b?.unheardSinceMs).toBe(nowMs);
  });

  test('what was ordered counts as on its way until it comes or its time is over', () => {
    const before = state({ coming: [{ untilMs: nowMs + 1_000, relays: 2 }], relays: tracked('a') });
    expect(see({ a: heartbeat('a') }, before).view.relays.map((one) => one.state)).toEqual([
      'serving',
      'warming',
      'warming',
    ]);
    const arrived = { a: heartbeat('a'), b: heartbeat('b') };
    expect(see(arrived, before).view.relays.map((one) => one.relayId)).toEqual(['a', 'b', 'ordered-1']);
    const heard = new Map(Object.entries(arrived));
    expect(comingAfter(before, heard, nowMs)).toEqual([{ untilMs: nowMs + 1_000, relays: 1 }]);
    expect(comingAfter(before, heard, nowMs + 2_000)).toEqual([]);
  });

  test('what was told to drain counts as draining before it says so', () => {
    const before = state({ leaving: [{ relayId: 'a', untilMs: nowMs + 1_000 }] });
    const { view } = see({ a: heartbeat('a'), b: heartbeat('b') }, before);
    expect(view.relays.map((one) => one.state)).toEqual(['draining', 'serving']);
    // And not for long enough to be ended.
    expect(view.relays[0]?.steadySinceMs).toBe(nowMs);
  });
});

test('without telemetry of the fleet it is frozen, and an autoscaler sees what it saw before', () => {
  const before = state({ wanted: 5, relays: { ...tracked('a'), ...tracked('b'), ...tracked('c') } });
  const { view } = see({ a: null, b: null, c: null }, before, { a: true, b: true, c: true });
  const { decision } = decideFleet(view, noMemory, defaultFleetSettings);
  expect(decision).toMatchObject({ action: 'freeze', start: 0, drain: [], remove: [] });
  expect(wantedOf(decision, before, defaultFleetSettings)).toBe(5);
});

test('within the cool-down an autoscaler is shown what is there, not what would do', () => {
  const three = {
    a: heartbeat('a', { load: 0 }),
    b: heartbeat('b', { load: 0 }),
    c: heartbeat('c', { load: 0 }),
  };
  const { view } = see(three, state());
  const policy = { ...defaultFleetSettings, burstRelays: 0 };
  const { decision } = decideFleet(view, noMemory, policy);
  expect(decision).toMatchObject({ action: 'hold', wanted: 2 });
  expect(wantedOf(decision, state(), policy)).toBe(3);
});

describe('what autoscalers read', () => {
  const shown = state({
    wanted: 3,
    lookedAtMs: nowMs,
    relays: { ...tracked('a'), ...tracked('b', { state: 'draining' }) },
  });

  test('is the wanted number with those that serve and drain', () => {
    expect(fleetStatus('eu', shown, nowMs)).toMatchObject({ wanted: 3, serving: 1, draining: 1 });
    expect(fleetMetricsText(new Map([['e"u', shown]]), nowMs)).toContain(
      'callscope_turn_wanted_relays{region="e\\"u"} 3',
    );
  });

  test('is nothing once it is old', () => {
    expect(fleetStatus('eu', shown, nowMs + 200_000)).toBeUndefined();
    expect(fleetMetricsText(new Map([['eu', shown]]), nowMs + 200_000)).not.toContain('region=');
  });
});

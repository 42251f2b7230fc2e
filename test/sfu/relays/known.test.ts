import { describe, expect, test } from 'vitest';
import { type KnownRelay, lookAtRelays } from '../../../sfu/relays/known.ts';
import type { RelayHeartbeat } from '../../../telemetry/relays.ts';

const relay = (relayId: string, change: Partial<RelayHeartbeat> = {}): RelayHeartbeat => ({
  relayId,
  region: '',
  urls: [`turn:${relayId}:3478?transport=udp`],
  state: 'serving',
  healthy: true,
  startedMs: 1,
  load: 0.2,
  allocations: 3,
  opened: 3,
  closed: 0,
  steadyForMs: 60_000,
  recentLosses: 0,
  ...change,
});
const known = (...relays: RelayHeartbeat[]) =>
  new Map(relays.map((heartbeat): [string, KnownRelay] => [heartbeat.relayId, { heartbeat, heard: true }]));
const seen = (relays: Record<string, RelayHeartbeat | null>) => new Map(Object.entries(relays));
const long = 60_000;

describe('a relay is lost', () => {
  const other = relay('b');
  test.each([
    ['dead', 'when it says that its coturn is gone', relay('a', { healthy: false })],
    ['restarted', 'when its coturn is another one', relay('a', { startedMs: 2 })],
    ['unheard', 'when it is silent while others speak', null],
  ])('as %s %s', (why, _when, now) => {
    const { lost } = lookAtRelays(known(relay('a'), other), {
      seen: seen({ a: now, b: other }),
      connectedForMs: long,
    });
    expect(lost).toEqual([{ relayId: 'a', urls: relay('a').urls, why }]);
  });

  test('as gone when it signed off with calls on it', () => {
    const before = known(relay('a'), relay('c', { allocations: 0 }), other);
    const { lost, known: now } = lookAtRelays(before, { seen: seen({ b: other }), connectedForMs: long });
    expect(lost.map(({ relayId, why }) => [relayId, why])).toEqual([['a', 'gone']]);
    expect([...now.keys()]).toEqual(['b']);
  });

  test('once, and is known again when it is back', () => {
    const first = lookAtRelays(known(relay('a'), other), {
      seen: seen({ a: null, b: other }),
      connectedForMs: long,
    });
    const second = lookAtRelays(first.known, { seen: seen({ a: null, b: other }), connectedForMs: long });
    expect(second.lost).toEqual([]);
    expect(second.known.get('a')?.heard).toBe(false);
    const third = lookAtRelays(second.known, {
      seen: seen({ a: relay('a'), b: other }),
      connectedForMs: long,
    });
    expect(third.lost).toEqual([]);
    expect(third.known.get('a')?.heard).toBe(true);
  });

  test('once also where its coturn died and another was started', () => {
    const died = lookAtRelays(known(relay('a'), other), {
      seen: seen({ a: relay('a', { healthy: false }), b: other }),
      connectedForMs: long,
    });
    const back = lookAtRelays(died.known, {
      seen: seen({ a: relay('a', { startedMs: 2 }), b: other }),
      connectedForMs: long,
    });
    expect([died.lost.length, back.lost.length]).toEqual([1, 0]);
  });
});

describe('nothing is lost', () => {
  test.each([
    ['when all are silent at once: it is the telemetry', { a: null, b: null }, long],
    ['when all signed off at once without Redis having been there', {}, 100],
    ['right after Redis came back', { a: null, b: relay('b') }, 500],
    ['while Redis is away', { a: null, b: relay('b') }, Number.NEGATIVE_INFINITY],
  ])('%s', (_when, now, connectedForMs) => {
    const look = { seen: seen(now as Record<string, RelayHeartbeat | null>), connectedForMs };
    const { lost, known: after } = lookAtRelays(known(relay('a'), relay('b')), look);
    expect(lost).toEqual([]);
    expect(after.get('a')?.heard).toBe(true);
  });
});

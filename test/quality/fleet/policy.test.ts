import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FleetMemory, type FleetView, noMemory, type RelayView } from '../../../quality/fleet/fleet.ts';
import { decideFleet } from '../../../quality/fleet/policy.ts';
import { defaultFleetSettings as settings } from '../../../quality/fleet/settings.ts';

/** Without room for bursts the numbers of relays can be reckoned in one's head. */
const plain = { ...settings, burstRelays: 0 };

const relay = (relayId: string, more: Partial<RelayView> = {}): RelayView => ({
  relayId,
  state: 'serving',
  healthy: true,
  steadySinceMs: 0,
  recentLosses: 0,
  load: 0.3,
  allocations: 30,
  ...more,
});

const view = (relays: readonly RelayView[], nowMs = 10_000_000): FleetView => ({
  nowMs,
  region: 'eu',
  relays,
  arrivingPerMinute: undefined,
  leavingPerMinute: undefined,
});

const fleet = (count: number, load: number) =>
  Array.from({ length: count }, (_, i) => relay(`r${i}`, { load }));

/** A memory that has seen the same need for a whole cool-down. */
const calm = (relays: number, nowMs: number): FleetMemory => ({
  ...noMemory,
  wanted: [{ atMs: nowMs - settings.coolDownMs + 1, relays }],
});

const decide = (relays: readonly RelayView[], memory: FleetMemory = noMemory) =>
  decideFleet(view(relays), memory, plain).decision;

describe('decideFleet', () => {
  it('starts what the load and the loss of one relay ask for', () => {
    const { action, start, reason, evidence } = decide(fleet(3, 0.85));
    expect({ action, start }).toEqual({ action: 'grow', start: 2 - 1 });
    expect(reason).toMatch(/^Starts 1: load of 2\.5 relays in eu/);
    expect(evidence).toMatchObject({ loadRelays: 2.55, soundRelays: 3 });
  });

  it('takes a draining relay back before it starts one', () => {
    const { start, resume } = decide([...fleet(3, 0.8), relay('warm', { state: 'draining', load: 0.1 })]);
    expect({ start, resume }).toEqual({ start: 0, resume: ['warm'] });
  });

  it('orders no more while a relay ordered before still warms up', () => {
    expect(
      decide([...fleet(3, 0.85), relay('new', { state: 'warming', load: 0, allocations: 0 })]).start,
    ).toBe(0);
  });

  it('replaces a relay that died', () => {
    expect(decide([relay('a'), relay('b', { healthy: false, load: undefined })])).toMatchObject({
      action: 'grow',
      start: 1,
    });
  });

  it('drains what was superfluous for a whole cool-down, the least loaded first', () => {
    const relays = [relay('a', { load: 0.4 }), relay('b', { load: 0.1 }), relay('c', { load: 0.3 })];
    expect(decide(relays)).toMatchObject({ action: 'hold' });
    expect(decide(relays, calm(2, 10_000_000))).toMatchObject({ action: 'shrink', drain: ['b'], remove: [] });
  });

  it('ends a draining relay only when it is empty', () => {
    const drained = (allocations: number) => [
      ...fleet(2, 0.3),
      relay('old', { state: 'draining', load: 0, allocations }),
    ];
    expect(decide(drained(1)).remove).toEqual([]);
    expect(decide(drained(0)).remove).toEqual(['old']);
  });

  it('drains a relay that comes and goes, once others carry its load', () => {
    const flapping = relay('f', { recentLosses: 3 });
    expect(decide([relay('a'), flapping])).toMatchObject({ action: 'grow', drain: [] });
    expect(decide([...fleet(3, 0.3), flapping])).toMatchObject({ action: 'tidy', drain: ['f'] });
  });

  it('freezes and says so when most telemetry is missing, and remembers nothing of it', () => {
    const memory = calm(2, 10_000_000);
    const step = decideFleet(view(fleet(6, 0).map((one) => ({ ...one, load: undefined }))), memory, plain);
    expect(step.decision).toMatchObject({ action: 'freeze', start: 0, drain: [], remove: [] });
    expect(step.decision.reason).toMatch(/^Frozen: telemetry of only 0 %/);
    expect(step.memory).toBe(memory);
  });

  it('foresees a wave by the joins, before the load shows it', () => {
    const arriving = { ...view(fleet(4, 0.5)), arrivingPerMinute: 1, leavingPerMinute: 0.1 };
    expect(decideFleet(arriving, noMemory, plain).decision.action).toBe('grow');
    expect(decideFleet(view(fleet(4, 0.5)), noMemory, plain).decision.action).toBe('hold');
  });
});

/** Loads of a fleet over time; undefined: telemetry of all is missing in that look. */
const looks = fc.array(fc.option(fc.double({ min: 0, max: 140, noNaN: true }), { nil: undefined, freq: 5 }), {
  minLength: 10,
  maxLength: 300,
});

/** Plays the looks through the policy, relays warm at once; half of what drains is empty at the next look. */
function play(demands: readonly (number | undefined)[], onLook: (look: ReturnType<typeof oneLook>) => void) {
  let relays: RelayView[] = fleet(2, 0);
  let memory: FleetMemory = noMemory;
  let named = 0;
  demands.forEach((demand, index) => {
    const look = oneLook(relays, demand, memory, index * 120_000);
    onLook(look);
    const { decision } = look;
    memory = look.memory;
    relays = look.relays
      .filter(({ relayId }) => !decision.remove.includes(relayId))
      .map((one): RelayView => {
        if (decision.resume.includes(one.relayId))
          return { ...one, state: 'serving', steadySinceMs: look.nowMs };
        if (decision.drain.includes(one.relayId))
          return { ...one, state: 'draining', steadySinceMs: look.nowMs };
        return one;
      });
    for (let i = 0; i < decision.start; i++)
      relays.push(relay(`n${++named}`, { load: 0, steadySinceMs: look.nowMs }));
  });
}

function oneLook(
  relays: readonly RelayView[],
  demand: number | undefined,
  memory: FleetMemory,
  nowMs: number,
) {
  const serving = relays.filter(({ state }) => state === 'serving').length;
  const seen = relays.map((one): RelayView => {
    if (demand === undefined) return { ...one, load: undefined, allocations: undefined };
    if (one.state === 'draining') return { ...one, load: 0, allocations: nowMs % 240_000 === 0 ? 0 : 1 };
    return { ...one, load: demand / serving, allocations: Math.ceil(demand) };
  });
  const before = seen.filter(({ state }) => state !== 'draining').length;
  const { decision, memory: after } = decideFleet(view(seen, nowMs), memory, settings);
  const left = before + decision.start + decision.resume.length - decision.drain.length;
  return { nowMs, demand, relays: seen, decision, memory: after, before, left };
}

describe('decideFleet, whatever the demand', () => {
  const always = (check: (look: ReturnType<typeof oneLook>) => void) =>
    fc.assert(
      fc.property(looks, (demands) => play(demands, check)),
      { numRuns: 60 },
    );

  it('stays within its bounds, paid relays included', () =>
    always(({ left, relays, decision }) => {
      expect(left).toBeGreaterThanOrEqual(settings.minRelays);
      expect(relays.length + decision.start).toBeLessThanOrEqual(settings.maxRelays);
      expect(decision.wanted).toBeGreaterThanOrEqual(settings.minRelays);
      expect(decision.wanted).toBeLessThanOrEqual(settings.maxRelays);
    }));

  it('changes nothing while telemetry is missing', () =>
    always(({ demand, decision }) => {
      if (demand !== undefined) return;
      expect(decision).toMatchObject({ action: 'freeze', start: 0, resume: [], drain: [], remove: [] });
    }));

  it('never leaves fewer than the load needs with one lost', () =>
    always(({ demand, left, decision }) => {
      if (demand === undefined || decision.drain.length === 0) return;
      expect((left - 1) * settings.saturatedLoad).toBeGreaterThanOrEqual(demand - 1e-6);
    }));

  it('never ends a relay that carries calls', () =>
    always(({ relays, decision }) => {
      for (const id of decision.remove) expect(relays.find((one) => one.relayId === id)?.allocations).toBe(0);
    }));

  it('reverses at most once in a cool-down', () => {
    fc.assert(
      fc.property(looks, (demands) => {
        let changes: { atMs: number; grows: boolean }[] = [];
        play(demands, ({ nowMs, decision }) => {
          const grows = decision.start + decision.resume.length > 0;
          if (!grows && decision.drain.length === 0) return;
          changes = [
            ...changes.filter(({ atMs }) => atMs > nowMs - settings.coolDownMs),
            { atMs: nowMs, grows },
          ];
          const reversals = changes.filter((one, i) => i > 0 && one.grows !== changes[i - 1]?.grows);
          expect(reversals.length).toBeLessThanOrEqual(1);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('says the same twice, with a reason', () => {
    const relays = fleet(3, 0.7);
    expect(decide(relays)).toEqual(decide(relays));
    always(({ decision }) => expect(decision.reason).not.toBe(''));
  });
});

/**
 * One region's relays in the simulated week. Calls stay on the relay they began on (25 minutes on average); new ones
 * go to the least loaded; those on a dead relay move at once, as an ICE restart moves them, and part of those on a full
 * one a look later, where others have room. A relay costs from its order to its end, the drain included.
 */
import type { FleetView, RelayView } from '../../quality/fleet/fleet.ts';
import { relievedForMs, relieveRelays } from '../../quality/fleet/relieve.ts';
import { stepMs, steps } from './demand.ts';
import { type Faults, isBlind, isFlappedAway } from './faults.ts';
import { randomFrom } from './random.ts';

export const warmUpMs = 90_000;
const meanCallMinutes = 25;
export const saturatedLoad = 0.9;
/** Less than half a call. */
const emptyLoad = 0.005;
/** Relays report their load with this error. */
const noise = 0.02;
/** Calls left on a draining relay after this are moved by ICE restart. */
export const drainPatienceMs = 20 * 60_000;

const flapMs = 30 * 60_000;

interface Relay {
  readonly id: string;
  state: RelayView['state'];
  healthy: boolean;
  load: number;
  steadySinceMs: number;
  readonly lostAtMs: number[];
  relievedAtMs: number;
}

/** What a scaler orders; our policy's decisions are of this shape. */
export interface Order {
  readonly start: number;
  readonly resume: readonly string[];
  readonly drain: readonly string[];
  readonly remove: readonly string[];
}

export type Scaler = (view: FleetView, truth: { readonly step: number }) => Order;

export interface WeekResult {
  saturatedMinutes: number;
  relayHours: number;
  /** Times that it grew or shrank within half an hour of the contrary. */
  reversals: number;
  /** Reversals within half an hour of another: to and fro and to again. */
  flaps: number;
  /** Relays ordered or drained while nothing was known. */
  blindChanges: number;
}

export interface WeekOptions {
  readonly region: string;
  readonly demand: Float64Array;
  readonly faults: Faults;
  readonly seed: number;
  readonly startWith: number;
  readonly scaler: Scaler;
}

export function playWeek({ region, demand, faults, seed, startWith, scaler }: WeekOptions): WeekResult {
  const random = randomFrom(seed + 17);
  let named = 0;
  const add = (state: Relay['state'], nowMs: number): Relay => ({
    id: `${region}-${++named}`,
    state,
    healthy: true,
    load: 0,
    steadySinceMs: nowMs,
    lostAtMs: [],
    relievedAtMs: Number.NEGATIVE_INFINITY,
  });
  let relays = Array.from({ length: startWith }, () => add('serving', 0));
  for (const relay of relays) relay.load = (demand[0] ?? 0) / startWith;
  const flows: { arriving: number; leaving: number }[] = [];
  const result: WeekResult = {
    saturatedMinutes: 0,
    relayHours: 0,
    reversals: 0,
    flaps: 0,
    blindChanges: 0,
  };
  let saturatedNow = false;
  let flapping: Relay | undefined;
  let grewAt = Number.NEGATIVE_INFINITY;
  let shrankAt = Number.NEGATIVE_INFINITY;
  let reversedAt = Number.NEGATIVE_INFINITY;
  const stepsPerMinute = 60_000 / stepMs;

  for (let step = 0; step < steps; step++) {
    const nowMs = step * stepMs;
    let moving = 0;
    const lose = (relay: Relay) => {
      relay.healthy = false;
      relay.steadySinceMs = nowMs;
      relay.lostAtMs.push(nowMs);
      moving += relay.load;
      relay.load = 0;
    };
    for (const relay of relays) {
      if (relay.state === 'warming' && nowMs - relay.steadySinceMs >= warmUpMs) {
        relay.state = 'serving';
        relay.steadySinceMs = nowMs;
      }
      if (relay.state === 'draining' && nowMs - relay.steadySinceMs >= drainPatienceMs) {
        moving += relay.load;
        relay.load = 0;
      }
    }
    const serving = relays.filter(({ state, healthy }) => state === 'serving' && healthy);
    if (faults.deaths.has(step) && serving[0]) lose(serving[0]);
    if (step === faults.flapFrom) flapping = serving.at(-1);
    if (flapping) {
      const away = isFlappedAway(faults, step);
      if (away && flapping.healthy) lose(flapping);
      if (!away && !flapping.healthy) {
        flapping.healthy = true;
        flapping.steadySinceMs = nowMs;
      }
      if (step >= faults.flapFrom + faults.flapSteps) flapping = undefined;
    }

    const wanted = demand[step] ?? 0;
    const dependable = ({ lostAtMs }: Relay) => !lostAtMs.some((at) => nowMs - at < 5 * 60_000);
    if (!isBlind(faults, step)) moving += relieve(relays.filter(dependable), nowMs);
    let carried = 0;
    let leaving = 0;
    for (const relay of relays) {
      const gone = relay.load * (stepMs / 60_000 / meanCallMinutes);
      relay.load -= gone;
      leaving += gone;
      carried += relay.load;
    }
    if (carried + moving > wanted) {
      const scale = wanted / (carried + moving);
      leaving += (carried + moving) * (1 - scale);
      for (const relay of relays) relay.load *= scale;
      moving *= scale;
      carried *= scale;
    }
    const arriving = Math.max(0, wanted - carried - moving);
    const takers = relays.filter((relay) => relay.state === 'serving' && relay.healthy && dependable(relay));
    const missed = fill(
      takers.length > 0 ? takers : relays.filter(({ healthy }) => healthy),
      arriving + moving,
    );
    flows.push({ arriving, leaving });
    if (flows.length > stepsPerMinute / 2) flows.shift();

    if (missed > 0 || relays.some(({ load }) => load > saturatedLoad + 1e-9)) saturatedNow = true;
    if (step % stepsPerMinute === stepsPerMinute - 1) {
      if (saturatedNow) result.saturatedMinutes += 1;
      saturatedNow = false;
    }
    result.relayHours += (relays.filter(({ healthy }) => healthy).length * stepMs) / 3_600_000;

    const blind = isBlind(faults, step);
    const perMinute = (pick: 'arriving' | 'leaving') =>
      (flows.reduce((sum, flow) => sum + flow[pick], 0) / flows.length) * stepsPerMinute;
    const order = scaler(
      {
        nowMs,
        region,
        relays: relays.map((relay) => ({
          relayId: relay.id,
          state: relay.state,
          healthy: blind ? undefined : relay.healthy,
          steadySinceMs: relay.steadySinceMs,
          recentLosses: relay.lostAtMs.filter((at) => nowMs - at < 30 * 60_000).length,
          load: blind || !relay.healthy ? undefined : relay.load * (1 + (random() - 0.5) * 2 * noise),
          allocations: blind ? undefined : relay.load < emptyLoad ? 0 : Math.ceil(relay.load * 100),
        })),
        arrivingPerMinute: blind ? undefined : perMinute('arriving'),
        leavingPerMinute: blind ? undefined : perMinute('leaving'),
      },
      { step },
    );
    const grows = order.start > 0 || order.resume.length > 0;
    // A relay that comes and goes is replaced, which makes the fleet no smaller.
    const steady = (id: string) =>
      !relays.some((r) => r.id === id && r.lostAtMs.some((at) => nowMs - at < flapMs));
    const shrinks = order.drain.some(steady);
    if (blind && (grows || shrinks || order.remove.length > 0)) result.blindChanges += 1;
    if ((grows && nowMs - shrankAt < flapMs) || (shrinks && nowMs - grewAt < flapMs)) {
      result.reversals += 1;
      if (nowMs - reversedAt < flapMs) result.flaps += 1;
      reversedAt = nowMs;
      // What was turned round counts once.
      if (grows) shrankAt = Number.NEGATIVE_INFINITY;
      else grewAt = Number.NEGATIVE_INFINITY;
    }
    if (grows) grewAt = nowMs;
    if (shrinks) shrankAt = nowMs;
    for (const relay of relays) {
      if (order.resume.includes(relay.id)) relay.state = 'serving';
      if (order.drain.includes(relay.id) && relay.state === 'serving') {
        relay.state = 'draining';
        relay.steadySinceMs = nowMs;
      }
    }
    relays = relays.filter(({ id, load }) => !(order.remove.includes(id) && load < emptyLoad));
    for (let i = 0; i < order.start; i++) relays.push(add('warming', nowMs));
  }
  return result;
}

/** What the media nodes ask to leave relays that were full a look ago. @returns the load that moves */
function relieve(relays: readonly Relay[], nowMs: number): number {
  const byId = new Map(relays.map((relay) => [relay.id, relay]));
  const loads = relays.map(({ id, state, healthy, load }) => ({
    relayId: id,
    region: '',
    state,
    healthy,
    load,
  }));
  let moving = 0;
  for (const { relayId, share } of relieveRelays(loads)) {
    const relay = byId.get(relayId)!;
    if (nowMs - relay.relievedAtMs < relievedForMs) continue;
    relay.relievedAtMs = nowMs;
    moving += relay.load * share;
    relay.load *= 1 - share;
  }
  return moving;
}

/** Brings the least loaded up together. @returns what nobody could take */
function fill(takers: readonly Relay[], amount: number): number {
  if (takers.length === 0) return amount;
  const sorted = takers.toSorted((a, b) => a.load - b.load);
  let left = amount;
  for (let i = 0; i < sorted.length && left > 0; i++) {
    const level = sorted[i]?.load ?? 0;
    const next = sorted[i + 1]?.load ?? Number.POSITIVE_INFINITY;
    const each = Math.min(next - level, left / (i + 1));
    for (let j = 0; j <= i; j++) sorted[j]!.load += each;
    left -= each * (i + 1);
  }
  return 0;
}

/** From heartbeats to what the fleet policy is told. Pure; what must be remembered between looks is plain data. */
import { z } from 'zod';
import type { FleetMemory, FleetView, RelayView } from '../../quality/fleet/fleet.ts';
import type { RelayHeartbeat } from '../../telemetry/relays.ts';

const number = z.number();
/** Lost or of another build, it begins anew: the policy then does not shrink for one cool-down. */
export const fleetStateSchema = z.object({
  memory: z.object({
    demand: z.array(
      z.object({
        atMs: number,
        load: number,
        netPerMinute: number.nullish().transform((n) => n ?? undefined),
      }),
    ),
    wanted: z.array(z.object({ atMs: number, relays: number })),
    grewAtMs: number.nullish().transform((n) => n ?? undefined),
    shrankAtMs: number.nullish().transform((n) => n ?? undefined),
  }),
  /** What each relay last said, and since when nothing was heard of it. */
  relays: z.record(
    z.string(),
    z.object({
      urls: z.array(z.string()),
      state: z.enum(['warming', 'serving', 'draining']),
      unheardSinceMs: number.nullable(),
      /** Counts of allocations begun and ended, when they were last looked at. */
      opened: number,
      closed: number,
    }),
  ),
  lookedAtMs: number,
  /** Relays that were ordered, and are not heard of yet: by when they should be. */
  coming: z.array(z.object({ untilMs: number, relays: number })),
  /** Relays that were ordered to drain, and do not say so yet. */
  leaving: z.array(z.object({ untilMs: number, relayId: z.string() })),
  /** Of the last decision that was kept, to keep only what is new. */
  lastAction: z.string(),
  /** What an autoscaler is shown. */
  wanted: number,
});
export type FleetState = z.infer<typeof fleetStateSchema>;

export const freshState = (memory: FleetMemory): FleetState => ({
  memory: { ...memory, demand: [...memory.demand], wanted: [...memory.wanted] },
  relays: {},
  lookedAtMs: 0,
  coming: [],
  leaving: [],
  lastAction: '',
  wanted: 0,
});

export interface Seen {
  readonly nowMs: number;
  readonly region: string;
  /** Of this region; null: unheard. */
  readonly heartbeats: ReadonlyMap<string, RelayHeartbeat | null>;
  /** Of those unheard: whether coturn answers on its port all the same. */
  readonly answers: ReadonlyMap<string, boolean>;
}

export function fleetViewOf(
  seen: Seen,
  state: FleetState,
): { view: FleetView; relays: FleetState['relays'] } {
  const { nowMs, region } = seen;
  const relays: FleetState['relays'] = {};
  const views: RelayView[] = [];
  const leaving = new Set(
    state.leaving.filter(({ untilMs }) => untilMs > nowMs).map(({ relayId }) => relayId),
  );
  let [opened, closed, known] = [0, 0, 0];
  for (const [relayId, heartbeat] of seen.heartbeats) {
    const before = state.relays[relayId];
    if (heartbeat) {
      relays[relayId] = { ...trackOf(heartbeat), unheardSinceMs: null };
      views.push(leaving.has(relayId) ? asDraining(heartbeat, nowMs) : viewOf(heartbeat, nowMs));
      // A smaller count is another agent's.
      if (before && heartbeat.opened >= before.opened && heartbeat.closed >= before.closed) {
        opened += heartbeat.opened - before.opened;
        closed += heartbeat.closed - before.closed;
        known++;
      }
    } else if (before) {
      const unheardSinceMs = before.unheardSinceMs ?? nowMs;
      relays[relayId] = { ...before, unheardSinceMs };
      const unheard = {
        relayId,
        state: before.state,
        load: undefined,
        allocations: undefined,
        recentLosses: 0,
      };
      // It answers: its agent is gone, not the relay; how full it is nobody knows.
      views.push({
        ...unheard,
        healthy: seen.answers.get(relayId) ?? undefined,
        steadySinceMs: unheardSinceMs,
      });
    }
  }
  const minutes = (nowMs - state.lookedAtMs) / 60_000;
  const perAllocation = loadPerAllocation(seen.heartbeats);
  // Over more than a few looks the counts say nothing of now.
  const rate = (count: number) =>
    known === 0 || perAllocation === undefined || minutes <= 0 || minutes > 2
      ? undefined
      : (count * perAllocation) / minutes;
  const view = {
    nowMs,
    region,
    relays: views,
    arrivingPerMinute: rate(opened),
    leavingPerMinute: rate(closed),
  };
  return { view: withComing(view, state), relays };
}

/** Ordered and not heard of yet: they count as on their way, or every look would order them again. */
function withComing(view: FleetView, state: FleetState): FleetView {
  const fresh = view.relays.filter(({ relayId }) => !state.relays[relayId]).length;
  const coming = stillComing(state, view.nowMs).reduce((sum, { relays }) => sum + relays, 0) - fresh;
  const warming = Array.from(
    { length: Math.max(0, coming) },
    (_, i): RelayView => ({
      relayId: `ordered-${i + 1}`,
      state: 'warming',
      healthy: undefined,
      steadySinceMs: view.nowMs,
      recentLosses: 0,
      load: undefined,
      allocations: undefined,
    }),
  );
  return { ...view, relays: [...view.relays, ...warming] };
}

/** What is left of the orders, after those relays that came since the last look. */
export function comingAfter(state: FleetState, heartbeats: ReadonlyMap<string, unknown>, nowMs: number) {
  let arrived = [...heartbeats.keys()].filter((id) => !state.relays[id]).length;
  return stillComing(state, nowMs).flatMap(({ untilMs, relays }) => {
    const taken = Math.min(arrived, relays);
    arrived -= taken;
    return relays > taken ? [{ untilMs, relays: relays - taken }] : [];
  });
}

const stillComing = ({ coming }: FleetState, nowMs: number) =>
  coming.filter(({ untilMs }) => untilMs > nowMs);

const trackOf = ({ urls, state, opened, closed }: RelayHeartbeat) => ({ urls, state, opened, closed });

const viewOf = (heartbeat: RelayHeartbeat, nowMs: number): RelayView => ({
  relayId: heartbeat.relayId,
  state: heartbeat.state,
  healthy: heartbeat.healthy,
  steadySinceMs: nowMs - heartbeat.steadyForMs,
  recentLosses: heartbeat.recentLosses,
  load: heartbeat.load ?? undefined,
  allocations: heartbeat.allocations ?? undefined,
});

/** Told to drain a moment ago: not to be drained twice, nor to be ended on the strength of how long it was serving. */
const asDraining = (heartbeat: RelayHeartbeat, nowMs: number): RelayView =>
  heartbeat.state === 'draining'
    ? viewOf(heartbeat, nowMs)
    : { ...viewOf(heartbeat, nowMs), state: 'draining', steadySinceMs: nowMs };

function loadPerAllocation(heartbeats: Seen['heartbeats']): number | undefined {
  let [load, allocations] = [0, 0];
  for (const heartbeat of heartbeats.values()) {
    if (!heartbeat || heartbeat.load === null || heartbeat.allocations === null) continue;
    load += heartbeat.load;
    allocations += heartbeat.allocations;
  }
  return allocations > 0 ? load / allocations : undefined;
}

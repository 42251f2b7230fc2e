/** Our policy and the two that it is measured against, each as one function of what is reported. */
import { type FleetMemory, type FleetView, noMemory } from '../../quality/fleet/fleet.ts';
import { decideFleet } from '../../quality/fleet/policy.ts';
import { defaultFleetSettings } from '../../quality/fleet/settings.ts';
import { stepMs, steps } from './demand.ts';
import { type Scaler, saturatedLoad, warmUpMs } from './world.ts';

/** The policy of production with its defaults. */
export function ourScaler(): Scaler {
  let memory: FleetMemory = noMemory;
  return (view) => {
    const step = decideFleet(view, memory, {
      ...defaultFleetSettings,
      warmUpMs,
      lookMs: stepMs,
    });
    memory = step.memory;
    return step.decision;
  };
}

const nothing = { start: 0, resume: [], drain: [], remove: [] };

const empty = (view: FleetView) =>
  view.relays
    .filter((r) => r.healthy === false || (r.state === 'draining' && r.allocations === 0))
    .filter((r) => view.nowMs - r.steadySinceMs >= 60_000)
    .map(({ relayId }) => relayId);

/** Bought once for the expected peak; what dies is replaced. */
export function staticScaler(relays: number): Scaler {
  return (view) => {
    const alive = view.relays.filter(({ healthy }) => healthy !== false).length;
    return { ...nothing, start: Math.max(0, relays - alive), remove: empty(view) };
  };
}

/**
 * As cloud autoscalers do it by default: in proportion to the mean utilisation, aimed at 70 %, 10 % tolerance; down
 * only to the most wanted within five minutes (the defaults of Kubernetes' HorizontalPodAutoscaler). Drains as ours.
 */
export function thresholdScaler(): Scaler {
  const target = 0.7;
  const recent: { atMs: number; wanted: number }[] = [];
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  return (view) => {
    const active = view.relays.filter(({ state, healthy }) => state !== 'draining' && healthy !== false);
    const loads = active.filter(({ state }) => state === 'serving').map(({ load }) => load);
    if (loads.length === 0 || loads.includes(undefined) || view.nowMs - lookedAtMs < 15_000) return nothing;
    lookedAtMs = view.nowMs;
    const mean = loads.reduce<number>((sum, load) => sum + (load ?? 0), 0) / loads.length;
    const wanted =
      Math.abs(mean / target - 1) <= 0.1
        ? active.length
        : Math.max(2, Math.ceil((loads.length * mean) / target));
    recent.push({ atMs: view.nowMs, wanted });
    while ((recent[0]?.atMs ?? 0) < view.nowMs - 5 * 60_000) recent.shift();
    const kept = Math.max(...recent.map((one) => one.wanted));
    const start = Math.max(0, wanted - active.length);
    const surplus = Math.max(0, active.length - kept);
    const drain = active
      .filter(({ state }) => state === 'serving')
      .toSorted((a, b) => (a.load ?? 0) - (b.load ?? 0))
      .slice(0, start > 0 ? 0 : surplus)
      .map(({ relayId }) => relayId);
    return { ...nothing, start, drain, remove: empty(view) };
  };
}

/**
 * The perfect forecast: knows the demand and every death beforehand, orders each relay exactly one warm-up early, and
 * ends it the moment it is superfluous, without draining: cheaper than anything real. `spare` 1: like ours it can
 * lose one relay at any time; 0: it need not, because it knows.
 */
export function forecastHours(demand: Float64Array, spare: 0 | 1): number {
  const needed = Array.from(demand, (load) => Math.max(2, Math.ceil(load / saturatedLoad - 1e-9) + spare));
  const early = Math.ceil(warmUpMs / stepMs);
  let relaySteps = 0;
  for (let step = 0; step < steps; step++) {
    let most = 0;
    for (let ahead = step; ahead <= Math.min(step + early, steps - 1); ahead++)
      most = Math.max(most, needed[ahead] ?? 0);
    relaySteps += most;
  }
  return (relaySteps * stepMs) / 3_600_000;
}

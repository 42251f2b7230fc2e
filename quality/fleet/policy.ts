/**
 * How many relays a region needs, and what to do about it now. Grows at once and by as much as is needed; shrinks
 * only to the most that was wanted over a whole cool-down, by draining. What is not known is never taken for idle.
 * Pure: the same view and memory give the same decision; the simulated week and production run this very code.
 */
import { type Demand, measureDemand, netPerMinute } from './demand.ts';
import type { FleetDecision, FleetMemory, FleetView, RelayView } from './fleet.ts';
import type { FleetSettings } from './settings.ts';

export interface FleetStep {
  readonly decision: FleetDecision;
  readonly memory: FleetMemory;
}

export function decideFleet(view: FleetView, memory: FleetMemory, settings: FleetSettings): FleetStep {
  const { nowMs, relays } = view;
  const demand = measureDemand(view, memory, settings);
  const sound = relays.filter((relay) => counts(relay, nowMs, settings));
  const evidence = evidenceOf(demand, relays, sound, settings);
  // Memory is left as it was: a gap in telemetry must not look like a quiet time afterwards.
  if (demand.knownShare < settings.leastKnownShare) {
    const percent = Math.round(demand.knownShare * 100);
    const reason = `Frozen: telemetry of only ${percent} % of the relays in ${view.region}; nothing is started or ended until it is back.`;
    return { decision: { ...idle('freeze', sound.length, reason), evidence }, memory };
  }
  const needed = neededRelays(demand, settings);
  const remembered = remember(memory, view, demand.load, needed, settings);
  const complete = demand.knownShare === 1;
  const remove = complete
    ? relays.filter((relay) => isDone(relay, nowMs, settings)).map(({ relayId }) => relayId)
    : [];
  const step = (decision: FleetDecision, more: Partial<FleetMemory> = {}): FleetStep => ({
    decision: { ...decision, evidence },
    memory: { ...remembered, ...more },
  });

  if (needed > sound.length) {
    const grown = grow(view, needed, sound.length, settings, demand);
    if (grown.start > 0 || grown.resume.length > 0) {
      return step(
        { ...grown, remove: remove.filter((id) => !grown.resume.includes(id)) },
        { grewAtMs: nowMs },
      );
    }
  }
  const unsteady = relays.filter(
    (relay) =>
      relay.state === 'serving' && relay.healthy === true && relay.recentLosses >= settings.mostLosses,
  );
  if (unsteady.length > 0 && complete && sound.length >= needed) {
    const names = unsteady.map(({ relayId }) => relayId);
    const reason = `Drains ${names.join(', ')}: lost ${Math.max(...unsteady.map((r) => r.recentLosses))} times within half an hour; ${sound.length} sound relays carry the load.`;
    return step({ ...idle('tidy', needed, reason), drain: names, remove });
  }
  const kept = Math.max(needed, ...remembered.wanted.map(({ relays: wanted }) => wanted));
  const surplus = sound.length - kept;
  if (surplus > 0 && complete && mayShrink(remembered, nowMs, settings)) {
    const drain = leastLoaded(sound.filter(({ state }) => state === 'serving')).slice(0, surplus);
    if (drain.length > 0) {
      const minutes = settings.coolDownMs / 60_000;
      const reason = `Drains ${drain.length} of ${sound.length}: for ${minutes} minutes never more than ${kept} were needed in ${view.region}.`;
      return step(
        { ...idle('shrink', kept, reason), drain: drain.map(({ relayId }) => relayId), remove },
        { shrankAtMs: nowMs },
      );
    }
  }
  if (remove.length > 0) {
    return step({
      ...idle('tidy', needed, `Ends ${remove.join(', ')}: empty after a drain, or dead.`),
      remove,
    });
  }
  return step(idle('hold', needed, holdReason(needed, sound.length, complete, settings)));
}

/** In service or on its way there, and to be relied on. */
export function counts(relay: RelayView, nowMs: number, settings: FleetSettings): boolean {
  if (relay.state === 'draining' || relay.healthy === false) return false;
  if (relay.recentLosses === 0) return true;
  return relay.recentLosses < settings.mostLosses && nowMs - relay.steadySinceMs >= settings.probationMs;
}

/** Enough for now with the spare ones lost, and enough for what is coming; never outside the bounds. */
export function neededRelays(demand: Demand, settings: FleetSettings): number {
  const withSpare = Math.ceil(demand.load / settings.saturatedLoad) + settings.spareRelays;
  const forGrowth = Math.ceil(demand.ahead / settings.saturatedLoad);
  return clamp(Math.max(withSpare, forGrowth), settings);
}

const clamp = (relays: number, { minRelays, maxRelays }: FleetSettings) =>
  Math.min(maxRelays, Math.max(minRelays, relays));

function grow(
  view: FleetView,
  needed: number,
  have: number,
  settings: FleetSettings,
  demand: Demand,
): FleetDecision {
  const missing = needed - have;
  // The fullest first: it is warm and has calls to keep anyway.
  const resume = leastLoaded(view.relays.filter((relay) => canResume(relay, settings)))
    .toReversed()
    .slice(0, missing)
    .map(({ relayId }) => relayId);
  // Dead ones cost nothing more, draining ones do: the bound is on what is paid for.
  const paid = view.relays.filter(({ healthy }) => healthy !== false).length;
  const start = Math.max(0, Math.min(missing - resume.length, settings.maxRelays - paid));
  const limited =
    start + resume.length < missing ? `; the bound of ${settings.maxRelays} allows no more` : '';
  const how = [
    start > 0 && `starts ${start}`,
    resume.length > 0 && `takes ${resume.length} back from draining`,
  ]
    .filter(Boolean)
    .join(', ');
  const reason = `${capital(how || 'cannot grow')}: load of ${demand.load.toFixed(1)} relays in ${view.region}, ${demand.ahead.toFixed(1)} foreseen at the end of the warm-up, ${have} sound relays of ${needed} needed${limited}.`;
  return { ...idle('grow', needed, reason), start, resume };
}

const canResume = (relay: RelayView, { mostLosses }: FleetSettings) =>
  relay.state === 'draining' && relay.healthy === true && relay.recentLosses < mostLosses;

function isDone(relay: RelayView, nowMs: number, { deadAfterMs, lateAllocationMs }: FleetSettings): boolean {
  const sinceMs = nowMs - relay.steadySinceMs;
  if (relay.healthy === false) return sinceMs >= deadAfterMs;
  return relay.state === 'draining' && relay.allocations === 0 && sinceMs >= lateAllocationMs;
}

/** A whole cool-down must have been seen, and none may have passed since it last grew. */
function mayShrink(memory: FleetMemory, nowMs: number, { coolDownMs, lookMs }: FleetSettings): boolean {
  const oldest = memory.wanted[0]?.atMs ?? nowMs;
  const seen = nowMs - oldest >= coolDownMs - 2 * lookMs;
  return seen && (memory.grewAtMs === undefined || nowMs - memory.grewAtMs >= coolDownMs);
}

function remember(
  memory: FleetMemory,
  view: FleetView,
  load: number,
  needed: number,
  { trendMs, coolDownMs }: FleetSettings,
): FleetMemory {
  const { nowMs } = view;
  const within = (spanMs: number) => (one: { readonly atMs: number }) => one.atMs > nowMs - spanMs;
  return {
    ...memory,
    demand: [
      ...memory.demand.filter(within(trendMs)),
      { atMs: nowMs, load, netPerMinute: netPerMinute(view) },
    ],
    wanted: [...memory.wanted.filter(within(coolDownMs)), { atMs: nowMs, relays: needed }],
  };
}

const leastLoaded = (relays: readonly RelayView[]) =>
  relays.toSorted((a, b) => (a.load ?? 1) - (b.load ?? 1) || a.relayId.localeCompare(b.relayId));

function holdReason(needed: number, have: number, complete: boolean, { coolDownMs }: FleetSettings): string {
  if (have === needed) return `As it is: ${needed} relays are needed and there.`;
  if (have < needed)
    return `As it is: ${needed} relays are needed, ${have} are there, and no more are allowed.`;
  if (!complete) return `As it is: ${have - needed} more than needed, but telemetry of some is missing.`;
  return `As it is: ${have - needed} more than needed, but not for ${coolDownMs / 60_000} minutes yet.`;
}

function evidenceOf(
  demand: Demand,
  relays: readonly RelayView[],
  sound: readonly RelayView[],
  { costPerRelayHour }: FleetSettings,
): Record<string, number> {
  const round = (value: number) => Math.round(value * 1000) / 1000;
  return {
    loadRelays: round(demand.load),
    growthRelaysPerMinute: round(demand.growthPerMinute),
    quickeningRelaysPerMinute2: round(demand.quickening),
    aheadRelays: round(demand.ahead),
    knownShare: round(demand.knownShare),
    soundRelays: sound.length,
    drainingRelays: relays.filter(({ state }) => state === 'draining').length,
    deadRelays: relays.filter(({ healthy }) => healthy === false).length,
    costPerHour: round(relays.filter(({ healthy }) => healthy !== false).length * costPerRelayHour),
  };
}

const idle = (action: FleetDecision['action'], wanted: number, reason: string): FleetDecision => ({
  action,
  wanted,
  start: 0,
  resume: [],
  drain: [],
  remove: [],
  reason,
  evidence: {},
});

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

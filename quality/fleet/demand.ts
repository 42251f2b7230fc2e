/** How much load there is and how much there will be when a relay ordered now takes its first call. */
import type { FleetMemory, FleetView, RelayView } from './fleet.ts';
import type { FleetSettings } from './settings.ts';

export interface Demand {
  /** Now, in relays. A relay without telemetry is taken for as loaded as the fullest that is known. */
  readonly load: number;
  /** Growth of the load, relays per minute; below 0 when it falls. */
  readonly growthPerMinute: number;
  /** How much faster it grows than a minute ago, relays per minute and minute; 0 where it does not, or it is not known. */
  readonly quickening: number;
  /** Load at the end of the warm-up, with room for a burst. */
  readonly ahead: number;
  /** Share of the relays that carry calls of which telemetry is there, 0 to 1. */
  readonly knownShare: number;
}

const carries = (relay: RelayView) => relay.state !== 'warming' && relay.healthy !== false;

export function measureDemand(view: FleetView, memory: FleetMemory, settings: FleetSettings): Demand {
  const carrying = view.relays.filter(carries);
  const known = carrying.filter((relay) => relay.load !== undefined && relay.healthy !== undefined);
  const fullest = Math.max(0, ...known.map((relay) => relay.load ?? 0));
  const load = carrying.reduce((sum, relay) => sum + (relay.load ?? fullest), 0);
  const growthPerMinute = Math.max(trend(load, view.nowMs, memory, settings), netArrivals(view));
  const aheadMinutes = (settings.warmUpMs + 2 * settings.lookMs) / 60_000;
  const quickening = quickeningOf(view, memory);
  const growth =
    Math.max(0, growthPerMinute) * aheadMinutes * settings.growthFactor +
    (quickening * aheadMinutes ** 2) / 2;
  return {
    load,
    growthPerMinute,
    quickening,
    ahead: load + growth + settings.burstRelays,
    knownShare: carrying.length === 0 ? 1 : known.length / carrying.length,
  };
}

/** Against the mean of the earlier half of the trend window: one noisy look does not make a trend. */
function trend(load: number, nowMs: number, memory: FleetMemory, { trendMs }: FleetSettings): number {
  const recent = [
    ...memory.demand.filter(({ atMs }) => atMs >= nowMs - trendMs && atMs < nowMs),
    { atMs: nowMs, load },
  ];
  if (recent.length < 4) return 0;
  const middle = Math.floor(recent.length / 2);
  const mean = (part: typeof recent) => ({
    atMs: part.reduce((sum, { atMs }) => sum + atMs, 0) / part.length,
    load: part.reduce((sum, one) => sum + one.load, 0) / part.length,
  });
  const [before, after] = [mean(recent.slice(0, middle)), mean(recent.slice(middle))];
  return ((after.load - before.load) / (after.atMs - before.atMs)) * 60_000;
}

/** Joins announce a wave before the load shows it. */
const netArrivals = (view: FleetView): number => netPerMinute(view) ?? Number.NEGATIVE_INFINITY;

export const netPerMinute = ({ arrivingPerMinute, leavingPerMinute }: FleetView): number | undefined =>
  arrivingPerMinute === undefined || leavingPerMinute === undefined
    ? undefined
    : arrivingPerMinute - leavingPerMinute;

const minuteMs = 60_000;

/** A wave that nobody announced begins slowly: by the time its speed is measured it is faster. */
function quickeningOf(view: FleetView, memory: FleetMemory): number {
  const now = netPerMinute(view);
  const then = memory.demand.findLast(({ atMs }) => atMs <= view.nowMs - minuteMs);
  if (now === undefined || then?.netPerMinute === undefined) return 0;
  return Math.max(0, ((now - Math.max(0, then.netPerMinute)) * minuteMs) / (view.nowMs - then.atMs));
}

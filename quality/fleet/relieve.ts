/**
 * Calls stay on the relay they began on, so one that became full would stay so long after others have come. Part of its
 * calls are asked to move to those with room, as an ICE restart moves them: they keep the old path until the new one
 * works. Pure; the simulated week and the media nodes run this very code.
 */
import { defaultFleetSettings } from './settings.ts';

export interface LoadedRelay {
  readonly relayId: string;
  readonly region: string;
  readonly state: 'warming' | 'serving' | 'draining';
  readonly healthy: boolean;
  /** Share of its capacity in use, 0 to 1 and above; undefined: not known. */
  readonly load: number | undefined;
}

export interface Relief {
  readonly relayId: string;
  /** Of the calls on it that are to move, 0 to 1. */
  readonly share: number;
}

const fullLoad = defaultFleetSettings.saturatedLoad;
/** Down to this a full one is brought, and up to this others are filled: far enough from full not to be so again. */
export const easedLoad = 0.75;
/** Loads are known up to so much late: until then a relay whose calls were asked to move still looks full. */
export const relievedForMs = 20_000;
/** Less room than this is gone before anybody has moved. */
const leastRoom = 0.1;

export function relieveRelays(relays: readonly LoadedRelay[]): Relief[] {
  return [...Map.groupBy(relays, ({ region }) => region).values()].flatMap(relieveRegion);
}

/** The fullest first, as long as there is room. */
function relieveRegion(relays: readonly LoadedRelay[]): Relief[] {
  let room = relays.reduce((sum, { state, healthy, load }) => {
    const takes = state === 'serving' && healthy && load !== undefined;
    return takes ? sum + Math.max(0, easedLoad - load) : sum;
  }, 0);
  const full = relays
    .flatMap(({ relayId, healthy, load }) =>
      healthy && load !== undefined && load > fullLoad ? [{ relayId, load }] : [],
    )
    .toSorted((a, b) => b.load - a.load);
  return full.flatMap(({ relayId, load }) => {
    if (room < leastRoom) return [];
    const moved = Math.min(load - easedLoad, room);
    room -= moved;
    return [{ relayId, share: moved / load }];
  });
}

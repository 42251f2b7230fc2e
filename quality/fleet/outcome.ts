/** What came of a decision on a fleet, some time later: did the relays come or go, and is the fleet relieved? Pure. */
import type { FleetAction, FleetView } from './fleet.ts';

/** What is kept of the decision to judge it by. */
export interface DecidedFleet {
  readonly action: FleetAction;
  readonly wanted: number;
  /** Load of the fullest serving relay when it was decided, 0 to 1 and above; undefined: not known. */
  readonly fullestLoad: number | undefined;
  readonly removed: readonly string[];
}

export interface FleetOutcome {
  readonly outcome: 'better' | 'same' | 'worse' | 'unknown';
  /** Names with units. */
  readonly evidence: Readonly<Record<string, number>>;
}

/** Load of the fullest relay that takes calls; undefined: none is known. */
export function fullestLoad(view: FleetView): number | undefined {
  const loads = view.relays.flatMap(({ state, load }) =>
    state === 'serving' && load !== undefined ? [load] : [],
  );
  return loads.length > 0 ? Math.max(...loads) : undefined;
}

/** Below this a new call has room: the emptiest relay is the one that it is given. */
function roomiest(view: FleetView): number | undefined {
  const loads = view.relays.flatMap(({ state, healthy, load }) =>
    state === 'serving' && healthy !== false && load !== undefined ? [load] : [],
  );
  return loads.length > 0 ? Math.min(...loads) : undefined;
}

export function judgeFleet(decided: DecidedFleet, view: FleetView, saturatedLoad: number): FleetOutcome {
  const serving = view.relays.filter(({ state, healthy }) => state === 'serving' && healthy !== false).length;
  const fullest = fullestLoad(view);
  const emptiest = roomiest(view);
  const evidence = {
    servingRelays: serving,
    ...(fullest !== undefined && { fullestLoad: fullest }),
    ...(emptiest !== undefined && { emptiestLoad: emptiest }),
  };
  if (emptiest === undefined) return { outcome: 'unknown', evidence };
  const room = emptiest < saturatedLoad;
  if (decided.action === 'grow') {
    if (serving >= decided.wanted && room) return { outcome: 'better', evidence };
    return { outcome: serving >= decided.wanted || room ? 'same' : 'worse', evidence };
  }
  // Whatever else was done, it must not have made the fleet full.
  const wasFull = (decided.fullestLoad ?? 0) >= saturatedLoad;
  if (!room) return { outcome: wasFull ? 'same' : 'worse', evidence };
  const gone = decided.removed.every((id) => view.relays.every(({ relayId }) => relayId !== id));
  const fewer = decided.action === 'shrink' ? serving <= decided.wanted : gone;
  return { outcome: fewer ? 'better' : 'same', evidence };
}

/**
 * What the fleet policy is told and what it answers. One region is one fleet: a relay elsewhere does not help a
 * caller here. Load is in relays: 1 is all that one relay carries.
 */

/** One relay as the last measurements show it. */
export interface RelayView {
  readonly relayId: string;
  /** `warming` is paid for but takes no calls yet; `draining` keeps its calls and takes no new ones. */
  readonly state: 'warming' | 'serving' | 'draining';
  /** Whether it answers on its port; undefined: nobody has looked lately. */
  readonly healthy: boolean | undefined;
  /** Since when it is in this state and healthy without a break, epoch ms. */
  readonly steadySinceMs: number;
  /** How often it was lost in the last half hour. */
  readonly recentLosses: number;
  /** Share of its capacity in use, 0 to 1 and above; undefined: no telemetry. */
  readonly load: number | undefined;
  /** undefined: no telemetry. */
  readonly allocations: number | undefined;
}

export interface FleetView {
  readonly nowMs: number;
  readonly region: string;
  readonly relays: readonly RelayView[];
  /** New load per minute by allocations that begin, in relays; undefined: not known. */
  readonly arrivingPerMinute: number | undefined;
  /** Load per minute that ends, in relays; undefined: not known. */
  readonly leavingPerMinute: number | undefined;
}

/** What the policy remembers; plain data, may be stored and lost. Lost, it does not shrink for one cool-down. */
export interface FleetMemory {
  /** Demand in relays, newest last. */
  readonly demand: readonly {
    readonly atMs: number;
    readonly load: number;
    /** Load per minute that came less what went, in relays; undefined: not known. */
    readonly netPerMinute: number | undefined;
  }[];
  /** What was wanted, newest last, over one cool-down. */
  readonly wanted: readonly { readonly atMs: number; readonly relays: number }[];
  readonly grewAtMs: number | undefined;
  readonly shrankAtMs: number | undefined;
}

export const noMemory: FleetMemory = {
  demand: [],
  wanted: [],
  grewAtMs: undefined,
  shrankAtMs: undefined,
};

/** hold: as it is. freeze: as it is because too little is known. tidy: only what is empty or dead goes. */
export type FleetAction = 'grow' | 'shrink' | 'hold' | 'freeze' | 'tidy';

export interface FleetDecision {
  readonly action: FleetAction;
  /** Relays that should serve or be on their way to. */
  readonly wanted: number;
  /** How many to start. */
  readonly start: number;
  /** Draining ones that serve again: they are warm. */
  readonly resume: readonly string[];
  /** No new calls from now on. */
  readonly drain: readonly string[];
  /** Empty after a drain, or dead: may be ended. */
  readonly remove: readonly string[];
  /** In words. */
  readonly reason: string;
  /** Names with units. */
  readonly evidence: Readonly<Record<string, number>>;
}

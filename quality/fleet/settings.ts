/** The numbers of the fleet policy, each with its effect. */

export interface FleetSettings {
  /** Never fewer: everybody gets two relays, so two must be there. */
  readonly minRelays: number;
  /** Never more, whatever the demand: the bound of the bill. */
  readonly maxRelays: number;
  /** A relay above this share of its capacity counts as saturated; nothing is planned beyond it. */
  readonly saturatedLoad: number;
  /** Relays beyond what the load needs, so that as many may be lost at any time. */
  readonly spareRelays: number;
  /** From the order to the first call on a new relay, ms. Demand is looked at so far ahead, and one look more. */
  readonly warmUpMs: number;
  /** Between two looks, ms. */
  readonly lookMs: number;
  /** The fleet shrinks only to the most that was wanted in this time, ms; so a dip changes nothing. */
  readonly coolDownMs: number;
  /** Over this time the trend is measured, ms: long enough for noise, short enough for a wave. */
  readonly trendMs: number;
  /** Growth is trusted this many times over: a wave that has begun grows faster before it grows slower. */
  readonly growthFactor: number;
  /** Room for a burst that no trend announces, in relays: a sleeping region meets the same burst as a busy one. */
  readonly burstRelays: number;
  /** A relay that came back counts again after this, ms; until then it may go once more. */
  readonly probationMs: number;
  /** Lost so often in half an hour, a relay is drained and replaced. */
  readonly mostLosses: number;
  /** Unhealthy for so long, a relay is not coming back by itself, ms. */
  readonly deadAfterMs: number;
  /** Clients that were given a relay just before its drain may still allocate on it so long, ms. */
  readonly lateAllocationMs: number;
  /** Known relays under this share of the serving ones: too little to decide on. */
  readonly leastKnownShare: number;
  /** One relay for one hour, in whatever currency; only reported. */
  readonly costPerRelayHour: number;
}

export const defaultFleetSettings: FleetSettings = {
  minRelays: 2,
  maxRelays: 100,
  saturatedLoad: 0.9,
  spareRelays: 1,
  warmUpMs: 90_000,
  lookMs: 15_000,
  coolDownMs: 32 * 60_000,
  trendMs: 120_000,
  growthFactor: 2,
  burstRelays: 1.7,
  probationMs: 5 * 60_000,
  mostLosses: 3,
  deadAfterMs: 60_000,
  lateAllocationMs: 60_000,
  leastKnownShare: 0.5,
  costPerRelayHour: 1,
};

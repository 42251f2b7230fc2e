/**
 * Which relays a participant is given: two or more, so that ICE has another when one dies. Region first, then what
 * is free; those near saturation only when there is nothing else, draining, dead and unheard ones never.
 */

export interface RelayOffer {
  readonly relayId: string;
  readonly region: string;
  readonly state: 'warming' | 'serving' | 'draining';
  readonly healthy: boolean;
  /** Share of its capacity in use; undefined: not known, taken for half full. */
  readonly load: number | undefined;
}

export interface RelayWish {
  /** '' for no wish. */
  readonly region: string;
  /** Never these: the relay that the participant is being moved away from. */
  readonly except?: readonly string[];
  /** @default 2 */
  readonly count?: number;
}

/** Beyond this a relay gets no new calls while another of the region is below. */
export const fullLoad = 0.85;

export function chooseRelays<Offer extends RelayOffer>(offers: readonly Offer[], wish: RelayWish): Offer[] {
  const { region, except = [], count = 2 } = wish;
  const load = (offer: RelayOffer) => offer.load ?? 0.5;
  const rank = (offer: RelayOffer) =>
    (load(offer) >= fullLoad ? 2 : 0) + (region !== '' && offer.region !== region ? 1 : 0);
  return offers
    .filter((offer) => offer.state === 'serving' && offer.healthy && !except.includes(offer.relayId))
    .toSorted((a, b) => rank(a) - rank(b) || load(a) - load(b) || a.relayId.localeCompare(b.relayId))
    .slice(0, count);
}

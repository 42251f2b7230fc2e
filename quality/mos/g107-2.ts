/**
 * The E-model, fullband, as the open field uses ITU-T G.107.2 (06/2019).
 *
 *   R = 148 − 1.48·Idd − [Ie + (132 − Ie)·Ppl/(Ppl/BurstR + Bpl)] + A
 *
 * We claim no conformance to G.107.2. What is disputed: whether 148 is a constant (as here, and in the
 * open implementations that publish numbers) or is computed from noise and levels as Ro is in G.107, and
 * with it whether echo and loudness terms enter. Nothing but delay, codec and loss is judged here.
 */

import { effectiveEquipmentImpairment, pureDelay } from './g107.ts';
import { mosOfRating } from './rating.ts';

export interface G1072Parameters {
  /** Absolute one-way delay, mouth to ear, ms. */
  ta: number;
  /** Equipment impairment factor on the fullband scale. */
  ie: number;
  /** Packet-loss robustness factor. */
  bpl: number;
  /** Packet loss, PERCENT (0 to 100). */
  ppl: number;
  /** Burst ratio; 1 is random. */
  burstr: number;
  /** Advantage factor. */
  a: number;
  /** Delay sensitivity. */
  st: number;
  /** Minimum perceivable delay, ms. */
  mt: number;
}

export const g1072Defaults: Readonly<G1072Parameters> = {
  ta: 0,
  ie: 0,
  bpl: 4.3,
  ppl: 0,
  burstr: 1,
  a: 0,
  st: 1,
  mt: 100,
};

export const g1072Model = 'g107.2@open-2019-06';

export interface G1072Result {
  model: typeof g1072Model;
  parameters: G1072Parameters;
  terms: { ro: number; is: number; x: number; idd: number; id: number; ieEff: number };
  r: number;
  /** 1 to 4.5, fullband scale. */
  mos: number;
}

export function g1072(given: Partial<G1072Parameters> = {}): G1072Result {
  const p: G1072Parameters = { ...g1072Defaults, ...given };
  const ro = 148;
  const { x, idd } = pureDelay(p.ta, p.st, p.mt);
  const id = 1.48 * idd;
  const ieEff = effectiveEquipmentImpairment(p.ie, p.bpl, p.ppl, p.burstr, 132);
  const r = fullbandRating(idd, ieEff, p.a);
  return {
    model: g1072Model,
    parameters: p,
    terms: { ro, is: 0, x, idd, id, ieEff },
    r,
    mos: mosOfRating(r, 'fullband'),
  };
}

/** R on the fullband scale from impairments that are known already. */
export function fullbandRating(idd: number, ieEff: number, a = 0): number {
  return 148 - 1.48 * idd - ieEff + a;
}

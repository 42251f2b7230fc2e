/**
 * The E-model, wideband (50 to 7000 Hz): ITU-T G.107.1 (06/2019) with Corrigendum 1 (01/2020).
 *
 *   R = Ro,WB − Is,WB − Id,WB − Ie,eff,WB + A                                                        (7-1)
 *
 * Ro,WB is 129 and Is,WB is 0 (7-3): loudness, sidetone, room and circuit noise are not analysed for
 * wideband, so they are no inputs here. Two readings are ours, since the Corrigendum's text is not open:
 * - Roe,WB is written with the noise that Ro,WB = 129 implies at SLR 8: 15 − 1.5·(8 + No) = 129, No = −84,
 *   so Roe,WB = 126 + 1.5·RLR (129 at the default RLR). The 06/2019 text has No, which it never defines.
 * - Listener echo counts only where there is a loop (Tr > 0), so that the defaults give R = 129 and not
 *   128.85, as every published wideband table assumes.
 */

import { effectiveEquipmentImpairment, pureDelay } from './g107.ts';
import { mosOfRating } from './rating.ts';

export interface G1071Parameters {
  /** Receive loudness rating, dB. */
  rlr: number;
  /** Talker echo loudness rating, dB. */
  telr: number;
  /** Weighted echo path loss, dB. */
  wepl: number;
  /** Mean one-way delay of the echo path, ms. */
  t: number;
  /** Round-trip delay in a 4-wire loop, ms. */
  tr: number;
  /** Absolute one-way delay, ms. */
  ta: number;
  /** Equipment impairment factor on the wideband scale (G.113 Appendix IV). */
  ie: number;
  /** Packet-loss robustness factor (G.113 Table IV.4). */
  bpl: number;
  /** Packet loss, PERCENT (0 to 100). */
  ppl: number;
  /** Burst ratio. G.113 has wideband values for random loss only: 1. */
  burstr: number;
  /** Advantage factor. */
  a: number;
  /** Delay sensitivity, as in G.107 Table 1. */
  st: number;
  /** Minimum perceivable delay, ms, as in G.107 Table 1. */
  mt: number;
}

export const g1071Defaults: Readonly<G1071Parameters> = {
  rlr: 2,
  telr: 65,
  wepl: 110,
  t: 0,
  tr: 0,
  ta: 0,
  ie: 0,
  bpl: 4.3,
  ppl: 0,
  burstr: 1,
  a: 0,
  st: 1,
  mt: 100,
};

export const g1071Model = 'g107.1@2019-06-cor1';

/** Every intermediate term of clause 7, by its symbol. */
export interface G1071Terms {
  ro: number;
  is: number;
  terv: number;
  roe: number;
  re: number;
  idte: number;
  rle: number;
  idle: number;
  x: number;
  idd: number;
  id: number;
  ieEff: number;
}

export interface G1071Result {
  model: typeof g1071Model;
  parameters: G1071Parameters;
  terms: G1071Terms;
  r: number;
  /** 1 to 4.5, wideband scale. */
  mos: number;
}

export function g1071(given: Partial<G1071Parameters> = {}): G1071Result {
  const p: G1071Parameters = { ...g1071Defaults, ...given };
  const ro = 129; // 7.2
  const is = 0; // (7-3)

  // 7.4 Talker echo, listener echo, delay as such.
  const terv = p.telr - 40 * Math.log10((1 + p.t / 10) / (1 + p.t / 150)) + 6 * Math.exp(-0.3 * p.t * p.t);
  const roe = 126 + 1.5 * p.rlr;
  const re = 80 + 3 * (terv - 14);
  const idte =
    p.t < 1 ? 0 : ((roe - re) / 2 + Math.sqrt((roe - re) ** 2 / 4 + 100) - 1) * (1 - Math.exp(-p.t));
  const rle = 10.5 * (p.wepl + 7) * (p.tr + 1) ** -0.25;
  const idle = p.tr > 0 ? (ro - rle) / 2 + Math.sqrt((ro - rle) ** 2 / 4 + 169) : 0;
  const { x, idd } = pureDelay(p.ta, p.st, p.mt);
  const id = idte + idle + idd; // (7-4)

  // 7.5 The constant stays 95, as in narrowband; it is not the scale's 129.
  const ieEff = effectiveEquipmentImpairment(p.ie, p.bpl, p.ppl, p.burstr, 95); // (7-15)

  const r = ro - is - id - ieEff + p.a;
  return {
    model: g1071Model,
    parameters: p,
    terms: { ro, is, terv, roe, re, idte, rle, idle, x, idd, id, ieEff },
    r,
    mos: mosOfRating(r, 'wideband'),
  };
}

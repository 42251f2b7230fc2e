/**
 * The E-model, narrowband: ITU-T G.107 (06/2015), complete. Equation numbers are those of clause 7.
 *
 *   R = Ro − Is − Id − Ie,eff + A                                                                    (7-1)
 *
 * Levels in dB or dBm0p as the Recommendation has them, delays in milliseconds, loss in percent.
 */

import { goodOrBetter, mosOfRating, poorOrWorse } from './rating.ts';

/** Every input of Table 3 by its symbol in lower case, plus the D-value of the receive side (`dr`). */
export interface G107Parameters {
  /** Send loudness rating, dB. */
  slr: number;
  /** Receive loudness rating, dB. */
  rlr: number;
  /** Sidetone masking rating, dB. */
  stmr: number;
  /** Listener sidetone rating, dB. LSTR = STMR + Dr unless it is given. */
  lstr: number;
  /** D-value of the telephone, send side, dB. */
  ds: number;
  /** D-value of the telephone, receive side, dB. */
  dr: number;
  /** Talker echo loudness rating, dB. */
  telr: number;
  /** Weighted echo path loss, dB. */
  wepl: number;
  /** Mean one-way delay of the echo path, ms. */
  t: number;
  /** Round-trip delay in a 4-wire loop, ms. */
  tr: number;
  /** Absolute one-way delay in echo-free connections, ms. */
  ta: number;
  /** Quantisation distortion units. */
  qdu: number;
  /** Equipment impairment factor of the codec. */
  ie: number;
  /** Packet-loss robustness factor of the codec. */
  bpl: number;
  /** Random packet-loss probability, PERCENT (0 to 100), never a fraction. */
  ppl: number;
  /** Burst ratio: mean burst length against that of random loss; 1 is random. */
  burstr: number;
  /** Circuit noise referred to 0 dBr, dBm0p. */
  nc: number;
  /** Noise floor at the receive side, dBmp. */
  nfor: number;
  /** Room noise at the send side, dB(A). */
  ps: number;
  /** Room noise at the receive side, dB(A). */
  pr: number;
  /** Advantage factor. */
  a: number;
  /** Delay sensitivity: 1 by default, less for people who interact less (Table 1). */
  st: number;
  /** Minimum perceivable delay, ms (Table 1). */
  mt: number;
}

/** Default values of Table 3 (clause 7.7). */
export const g107Defaults: Readonly<G107Parameters> = {
  slr: 8,
  rlr: 2,
  stmr: 15,
  lstr: 18,
  ds: 3,
  dr: 3,
  telr: 65,
  wepl: 110,
  t: 0,
  tr: 0,
  ta: 0,
  qdu: 1,
  ie: 0,
  bpl: 4.3,
  ppl: 0,
  burstr: 1,
  nc: -70,
  nfor: -64,
  ps: 35,
  pr: 35,
  a: 0,
  st: 1,
  mt: 100,
};

/** Every intermediate term of clause 7, by its symbol. */
export interface G107Terms {
  olr: number;
  nos: number;
  pre: number;
  nor: number;
  nfo: number;
  no: number;
  ro: number;
  xolr: number;
  iolr: number;
  stmro: number;
  ist: number;
  q: number;
  g: number;
  y: number;
  z: number;
  iq: number;
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

export interface G107Result {
  model: typeof g107Model;
  parameters: G107Parameters;
  terms: G107Terms;
  r: number;
  /** 1 to 4.5, narrowband scale. */
  mos: number;
  /** Percentage good or better. */
  gob: number;
  /** Percentage poor or worse. */
  pow: number;
}

export const g107Model = 'g107@2015-06';

/**
 * Rates a connection. What is not given has its default of Table 3. Out-of-range values are computed as
 * they are: checking against Table 3 is the caller's (see parameters.ts).
 */
export function g107(given: Partial<G107Parameters> = {}): G107Result {
  const p: G107Parameters = { ...g107Defaults, ...given };
  if (given.lstr === undefined) p.lstr = p.stmr + p.dr;

  // 7.2 Basic signal-to-noise ratio.
  const olr = p.slr + p.rlr;
  const nos = p.ps - p.slr - p.ds - 100 + 0.004 * (p.ps - olr - p.ds - 14) ** 2; // (7-4)
  const pre = p.pr + 10 * Math.log10(1 + 10 ** ((10 - p.lstr) / 10)); // (7-6)
  const nor = p.rlr - 121 + pre + 0.008 * (pre - 35) ** 2; // (7-5)
  const nfo = p.nfor + p.rlr; // (7-7)
  const no = 10 * Math.log10(10 ** (p.nc / 10) + 10 ** (nos / 10) + 10 ** (nor / 10) + 10 ** (nfo / 10)); // (7-3)
  const ro = 15 - 1.5 * (p.slr + no); // (7-2)

  // 7.3 Simultaneous impairments: too loud a connection, sidetone, quantisation.
  const xolr = olr + 0.2 * (64 + no - p.rlr); // (7-10)
  const iolr = 20 * ((1 + (xolr / 8) ** 8) ** (1 / 8) - xolr / 8); // (7-9)
  const stmro = -10 * Math.log10(10 ** (-p.stmr / 10) + Math.exp(-p.t / 4) * 10 ** (-p.telr / 10)); // (7-12)
  const ist =
    12 * (1 + ((stmro - 13) / 6) ** 8) ** (1 / 8) -
    28 * (1 + ((stmro + 1) / 19.4) ** 35) ** (1 / 35) -
    13 * (1 + ((stmro - 3) / 33) ** 13) ** (1 / 13) +
    29; // (7-11)
  const q = 37 - 15 * Math.log10(p.qdu); // (7-17)
  const g = 1.07 + 0.258 * q + 0.0602 * q * q; // (7-16)
  const y = (ro - 100) / 15 + 46 / 8.4 - g / 9; // (7-14)
  const z = 46 / 30 - g / 40; // (7-15)
  const iq = 15 * Math.log10(1 + 10 ** y + 10 ** z); // (7-13)
  const is = iolr + ist + iq; // (7-8)

  // 7.4 Delayed impairments: talker echo, listener echo, delay as such.
  const { terv, roe, re, idte } = talkerEcho(p, no, ist);
  const rle = 10.5 * (p.wepl + 7) * (p.tr + 1) ** -0.25; // (7-26)
  const idle = (ro - rle) / 2 + Math.sqrt((ro - rle) ** 2 / 4 + 169); // (7-25)
  const { x, idd } = pureDelay(p.ta, p.st, p.mt);
  const id = idte + idle + idd; // (7-18)

  // 7.5 Equipment impairment.
  const ieEff = effectiveEquipmentImpairment(p.ie, p.bpl, p.ppl, p.burstr); // (7-29)

  const r = ro - is - id - ieEff + p.a; // (7-1)
  return {
    model: g107Model,
    parameters: p,
    terms: {
      olr,
      nos,
      pre,
      nor,
      nfo,
      no,
      ro,
      xolr,
      iolr,
      stmro,
      ist,
      q,
      g,
      y,
      z,
      iq,
      is,
      terv,
      roe,
      re,
      idte,
      rle,
      idle,
      x,
      idd,
      id,
      ieEff,
    },
    r,
    mos: mosOfRating(r),
    gob: goodOrBetter(r),
    pow: poorOrWorse(r),
  };
}

/** Talker echo, (7-19) to (7-24). Sidetone under 9 dB masks it, over 20 dB adds to it. */
function talkerEcho(p: G107Parameters, no: number, ist: number) {
  const tervPlain =
    p.telr - 40 * Math.log10((1 + p.t / 10) / (1 + p.t / 150)) + 6 * Math.exp(-0.3 * p.t * p.t); // (7-22)
  const terv = p.stmr < 9 ? tervPlain + ist / 2 : tervPlain; // (7-23)
  const roe = -1.5 * (no - p.rlr); // (7-20)
  const re = 80 + 2.5 * (terv - 14); // (7-21)
  // "For values of T < 1 ms, the talker echo should be considered as sidetone, i.e. Idte = 0."
  const plain =
    p.t < 1 ? 0 : ((roe - re) / 2 + Math.sqrt((roe - re) ** 2 / 4 + 100) - 1) * (1 - Math.exp(-p.t)); // (7-19)
  const idte = p.stmr > 20 ? Math.sqrt(plain * plain + ist * ist) : plain; // (7-24)
  return { terv, roe, re, idte };
}

/**
 * Impairment by too long absolute delay, (7-27) and (7-28).
 * @param ta absolute one-way delay, ms
 * @param st delay sensitivity, 0.4 to 1
 * @param mt minimum perceivable delay, ms
 */
export function pureDelay(ta: number, st = 1, mt = 100): { x: number; idd: number } {
  if (ta <= mt) return { x: 0, idd: 0 };
  const x = Math.log10(ta / mt) / Math.log10(2);
  const power = 6 * st;
  const idd = 25 * ((1 + x ** power) ** (1 / power) - 3 * (1 + (x / 3) ** power) ** (1 / power) + 2);
  return { x, idd };
}

/**
 * Codec and loss together, (7-29): Ie + (ceiling − Ie)·Ppl/(Ppl/BurstR + Bpl).
 * @param pplPercent loss in percent, 0 to 100
 * @param ceiling what total loss tends to: 95 in G.107 and G.107.1, 132 in G.107.2
 */
export function effectiveEquipmentImpairment(
  ie: number,
  bpl: number,
  pplPercent: number,
  burstRatio = 1,
  ceiling = 95,
): number {
  if (pplPercent <= 0) return ie;
  return ie + ((ceiling - ie) * pplPercent) / (pplPercent / burstRatio + bpl);
}

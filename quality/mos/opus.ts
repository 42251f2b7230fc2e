/**
 * How much Opus and the loss of its packets impair speech, on the fullband scale.
 *
 * ITU-T G.113 has no row for Opus. Source: Alahmadi, Počta, Melvin, "An Adaptive Bitrate Switching
 * Algorithm for Speech Applications in Context of WebRTC", ACM TOMM 17(4) 2021, doi 10.1145/3458751, and
 * the values its first author publishes with it: super-wideband, VBR, 16 to 40 kbit/s, random and bursty
 * loss, no FEC, no redundancy. Outside of that we extrapolate to the safe side and say so (`confidence`).
 */

import { effectiveEquipmentImpairment } from './g107.ts';

export const opusModel = 'callscope-opus@1';

interface OpusRow {
  readonly kbps: number;
  readonly ie: number;
  readonly bplRandom: number;
  readonly bplBursty: number;
}

export const opusRows: readonly OpusRow[] = [
  { kbps: 16, ie: 30.16, bplRandom: 11.83, bplBursty: 10.06 },
  { kbps: 19, ie: 23.81, bplRandom: 10.67, bplBursty: 8.92 },
  { kbps: 22, ie: 20.22, bplRandom: 10.47, bplBursty: 8.57 },
  { kbps: 25, ie: 20.21, bplRandom: 11.28, bplBursty: 9.18 },
  { kbps: 28, ie: 18.48, bplRandom: 10.63, bplBursty: 8.91 },
  { kbps: 31, ie: 16.83, bplRandom: 10.44, bplBursty: 8.82 },
  { kbps: 34, ie: 14.76, bplRandom: 10.12, bplBursty: 8.54 },
  { kbps: 37, ie: 12.08, bplRandom: 10.38, bplBursty: 8.3 },
  { kbps: 40, ie: 10.67, bplRandom: 9.79, bplBursty: 8.04 },
];

/** Burst ratio from which the bursty column counts in full; the paper gives two columns, not a curve. */
const burstyFrom = 2;

/**
 * Below the table a kbit/s less costs this much Ie: the slope of the same authors' 14 and 15 kbit/s
 * (38.06, 34.12), which they give apart. Opus narrows its band down there; at its lowest 6 kbit/s this
 * makes Ie 69, MOS 2.7, near what telephone band costs on the fullband scale.
 */
const slopeBelowPerKbps = 3.94;

/** Lowest bitrate of the codec (RFC 6716). */
const lowestKbps = 6;

/** What total loss tends to on the fullband scale. */
const ceiling = 132;

export interface OpusImpairment {
  /** Equipment impairment factor at this bitrate, without loss. */
  ie: number;
  /** Packet-loss robustness factor at this bitrate and burstiness. */
  bpl: number;
  /** Impairment by codec and loss together. */
  ieEff: number;
  /** 1 where the data speaks; less beyond it. */
  confidence: number;
}

/**
 * Interpolates in bitrate and burstiness.
 *
 * The table alone is not monotone: at 25 kbit/s Opus is more robust than at 28, so that under 10 % loss
 * fewer bits would score better. A node therefore never counts as less impaired than a node above it
 * (`ieEff` is the larger of the two): worst case, and more bitrate never scores worse.
 *
 * @param bitrateBps bitrate of the primary encoding, bit/s: the encoder's target where it is known
 * @param burstRatio mean burst length against that of random loss; 1 is random
 * @param pplPercent share of audio that was lost to the ear, PERCENT
 */
export function opusImpairment(bitrateBps: number, burstRatio = 1, pplPercent = 0): OpusImpairment {
  const kbps = Math.max(bitrateBps / 1000, lowestKbps);
  const burstShare = Math.min(1, Math.max(0, (burstRatio - 1) / (burstyFrom - 1)));
  const lossConfidence = pplPercent > 0 && burstRatio > burstyFrom ? 0.8 : 1;

  const lowest = opusRows[0]!;
  // From the top down: nodes at or above the bitrate, each no better than the one above it.
  let above: { kbps: number; ie: number; bpl: number; ieEff: number } | undefined;
  for (let index = opusRows.length - 1; index >= 0; index--) {
    const row = opusRows[index]!;
    const bpl = row.bplRandom + (row.bplBursty - row.bplRandom) * burstShare;
    const raw = effectiveEquipmentImpairment(row.ie, bpl, pplPercent, 1, ceiling);
    const node = { kbps: row.kbps, ie: row.ie, bpl, ieEff: Math.max(raw, above?.ieEff ?? 0) };
    if (kbps >= row.kbps) {
      if (!above) {
        // Nothing was measured above 40 kbit/s: what more bits may bring is not counted.
        return { ...pick(node), confidence: (kbps > row.kbps ? 0.85 : 1) * lossConfidence };
      }
      const share = (kbps - node.kbps) / (above.kbps - node.kbps);
      const between = (a: number, b: number) => a + (b - a) * share;
      return {
        ie: between(node.ie, above.ie),
        bpl: between(node.bpl, above.bpl),
        ieEff: between(node.ieEff, above.ieEff),
        confidence: lossConfidence,
      };
    }
    above = node;
  }
  const ie = lowest.ie + (lowest.kbps - kbps) * slopeBelowPerKbps;
  const bpl = above!.bpl;
  const raw = effectiveEquipmentImpairment(ie, bpl, pplPercent, 1, ceiling);
  return { ie, bpl, ieEff: Math.max(raw, above!.ieEff), confidence: 0.6 * lossConfidence };
}

function pick(node: { ie: number; bpl: number; ieEff: number }) {
  return { ie: node.ie, bpl: node.bpl, ieEff: node.ieEff };
}

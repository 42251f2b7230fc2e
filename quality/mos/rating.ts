/**
 * From the transmission rating R to what people say: MOS, "good or better", "poor or worse".
 *
 * Source: ITU-T G.107 (06/2015) Annex B. Wider bands map their R onto the same curve after division by a
 * constant (G.107.1: 1.29, G.107.2: 1.48), which is why a MOS must name its scale.
 */

/** Largest R of a scale; R is divided by `maximum / 100` before it meets the MOS curve. */
export const ratingScale = { narrowband: 100, wideband: 129, fullband: 148 } as const;
export type RatingScale = keyof typeof ratingScale;

/**
 * Estimated mean opinion score for `r` on `scale`, 1 to 4.5 (G.107 clause B.4).
 *
 * The cubic falls below 1 for 0 < R < 6.5, where a better R would score worse. No panel can answer below
 * 1, so the curve is held at 1 there: a rise of R never lowers the MOS. NaN stays NaN.
 */
export function mosOfRating(r: number, scale: RatingScale = 'narrowband'): number {
  const x = (r * 100) / ratingScale[scale];
  if (x <= 0) return 1;
  if (x >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * x + x * (x - 60) * (100 - x) * 7e-6);
}

/**
 * R for a MOS on `scale`: the inverse of {@link mosOfRating} on 6.5 <= R <= 100 (G.107 Appendix I has a
 * closed form; bisection is used since it stays exact at both ends). Outside 1 to 4.5 it clamps.
 */
export function ratingOfMos(mos: number, scale: RatingScale = 'narrowband'): number {
  const unit = ratingScale[scale] / 100;
  if (mos >= 4.5) return 100 * unit;
  let low = 6.5;
  let high = 100;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (mosOfRating(middle) < mos) low = middle;
    else high = middle;
  }
  return ((low + high) / 2) * unit;
}

/** Percentage of users who find it good or better (G.107 equation B-2), narrowband scale. */
export function goodOrBetter(r: number): number {
  return 100 * normalDistribution((r - 60) / 16);
}

/** Percentage of users who find it poor or worse (G.107 equation B-3), narrowband scale. */
export function poorOrWorse(r: number): number {
  return 100 * normalDistribution((45 - r) / 16);
}

/** Cumulative standard normal; Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8. */
function normalDistribution(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return x >= 0 ? 1 - tail : tail;
}

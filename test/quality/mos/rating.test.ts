import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  goodOrBetter,
  mosOfRating,
  poorOrWorse,
  ratingOfMos,
  ratingScale,
} from '../../../quality/mos/rating.ts';

describe('R to MOS', () => {
  // G.107 Annex B, Table B.1, and the finer figures of the same formula.
  it.each([
    { r: 100, mos: 4.5, gob: 99.4, pow: 0 },
    { r: 90, mos: 4.339, gob: 97, pow: 0.2 },
    { r: 80, mos: 4.024, gob: 89, pow: 1.4 },
    { r: 70, mos: 3.597, gob: 73, pow: 5.9 },
    { r: 60, mos: 3.1, gob: 50, pow: 17.4 },
    { r: 50, mos: 2.575, gob: 26.6, pow: 37.7 },
  ])('gives $mos for R = $r', ({ r, mos, gob, pow }) => {
    expect(mosOfRating(r)).toBeCloseTo(mos, 3);
    expect(Math.abs(goodOrBetter(r) - gob)).toBeLessThan(0.7);
    expect(Math.abs(poorOrWorse(r) - pow)).toBeLessThan(0.3);
  });

  it.each([-50, 0, 2, 3.2, 6.5])('is never under 1, also where the cubic dips (R = %s)', (r) => {
    expect(mosOfRating(r)).toBe(1);
  });

  it('stays at 4.5 above the top', () => {
    expect(mosOfRating(130)).toBe(4.5);
    expect(mosOfRating(200, 'fullband')).toBe(4.5);
  });

  it.each(Object.entries(ratingScale))('has its top at R = %s %d', (scale, top) => {
    expect(mosOfRating(top, scale as keyof typeof ratingScale)).toBe(4.5);
  });

  it('never falls when R rises, on any scale', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -50, max: 200, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.constantFrom('narrowband' as const, 'wideband' as const, 'fullband' as const),
        (r, more, scale) => mosOfRating(r + more, scale) >= mosOfRating(r, scale),
      ),
    );
  });

  it('comes back from MOS to R', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 7, max: 99.9, noNaN: true }),
        fc.constantFrom('narrowband' as const, 'wideband' as const, 'fullband' as const),
        (x, scale) => {
          const r = (x * ratingScale[scale]) / 100;
          return Math.abs(ratingOfMos(mosOfRating(r, scale), scale) - r) < 1e-6;
        },
      ),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { opusImpairment } from '../../../quality/mos/opus.ts';

describe('Opus impairment', () => {
  it.each([
    { kbps: 16, ie: 30.16, random: 11.83, bursty: 10.06 },
    { kbps: 25, ie: 20.21, random: 11.28, bursty: 9.18 },
    { kbps: 31, ie: 16.83, random: 10.44, bursty: 8.82 },
    { kbps: 40, ie: 10.67, random: 9.79, bursty: 8.04 },
  ])('is the published one at $kbps kbit/s', ({ kbps, ie, random, bursty }) => {
    expect(opusImpairment(kbps * 1000)).toMatchObject({ ie, bpl: random, ieEff: ie, confidence: 1 });
    expect(opusImpairment(kbps * 1000, 2).bpl).toBeCloseTo(bursty, 10);
  });

  it('lies between the rows and between the columns', () => {
    const between = opusImpairment(35_500, 1.5);
    expect(between.ie).toBeCloseTo((14.76 + 12.08) / 2, 6);
    expect(between.bpl).toBeCloseTo((10.12 + 8.54 + 10.38 + 8.3) / 4, 6);
  });

  it('counts nothing for bitrate above the data, and trusts it less', () => {
    expect(opusImpairment(128_000).ie).toBe(10.67);
    expect(opusImpairment(128_000).confidence).toBeLessThan(1);
  });

  it('falls steeply below the data, and trusts it less still', () => {
    expect(opusImpairment(12_000).ie).toBeGreaterThan(30.16 + 4 * 1.11);
    expect(opusImpairment(12_000).confidence).toBeLessThan(opusImpairment(128_000).confidence);
    expect(opusImpairment(1).ie).toBe(opusImpairment(6000).ie);
  });

  it('trusts burstiness beyond the bursty column less', () => {
    expect(opusImpairment(32_000, 6, 5).confidence).toBeLessThan(opusImpairment(32_000, 2, 5).confidence);
    expect(opusImpairment(32_000, 6, 0).confidence).toBe(1);
  });

  it('never impairs more at a higher bitrate, also where the table would', () => {
    // The raw rows: 28 kbit/s under 10 % loss is worse off than 25 kbit/s.
    expect(20.21 + ((132 - 20.21) * 10) / (10 + 11.28)).toBeLessThan(
      18.48 + ((132 - 18.48) * 10) / (10 + 10.63),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1000, max: 100_000 }),
        fc.integer({ min: 0, max: 40_000 }),
        fc.double({ min: 1, max: 4, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (bps, more, burst, ppl) =>
          opusImpairment(bps + more, burst, ppl).ieEff <= opusImpairment(bps, burst, ppl).ieEff + 1e-9,
      ),
    );
  });

  it('never impairs less with more loss or longer bursts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 6000, max: 64_000 }),
        fc.double({ min: 1, max: 4, noNaN: true }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.double({ min: 0, max: 80, noNaN: true }),
        fc.double({ min: 0, max: 20, noNaN: true }),
        (bps, burst, burstier, ppl, more) => {
          const { ieEff } = opusImpairment(bps, burst, ppl);
          return (
            opusImpairment(bps, burst, ppl + more).ieEff >= ieEff - 1e-9 &&
            opusImpairment(bps, burst + burstier, ppl).ieEff >= ieEff - 1e-9
          );
        },
      ),
    );
  });
});

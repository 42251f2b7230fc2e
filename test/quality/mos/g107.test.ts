import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { effectiveEquipmentImpairment, g107, pureDelay } from '../../../quality/mos/g107.ts';
import { g1071 } from '../../../quality/mos/g107-1.ts';
import { g1072 } from '../../../quality/mos/g107-2.ts';

describe('G.107, narrowband', () => {
  it('rates a connection of all defaults 93.2', () => {
    const { terms, r, mos } = g107();
    expect(terms.ro).toBeCloseTo(94.7688, 4);
    expect(terms.is).toBeCloseTo(1.4136, 4);
    expect(terms.id).toBeCloseTo(0.149, 4);
    expect(r).toBeCloseTo(93.2062, 4);
    expect(mos).toBeCloseTo(4.409, 3);
  });

  it.each([
    { ta: 150, r: 89.54, mos: 4.328 },
    { ta: 400, r: 62.25, mos: 3.216 },
  ])('rates $ta ms one way, echo path included', ({ ta, r, mos }) => {
    const result = g107({ ta, t: ta, tr: 2 * ta });
    expect(result.r).toBeCloseTo(r, 2);
    expect(result.mos).toBeCloseTo(mos, 3);
  });

  it.each([
    { ppl: 1, mos: 4.328 },
    { ppl: 5, mos: 3.923 },
  ])('rates $ppl % random loss of concealed G.711', ({ ppl, mos }) => {
    expect(g107({ ie: 0, bpl: 25.1, ppl }).mos).toBeCloseTo(mos, 3);
  });

  it('adds up: R is Ro − Is − Id − Ie,eff + A, and Id and Is are their parts', () => {
    const { terms, r, parameters } = g107({ t: 80, ta: 220, tr: 160, ppl: 3, qdu: 4, a: 5, slr: 10 });
    expect(r).toBeCloseTo(terms.ro - terms.is - terms.id - terms.ieEff + parameters.a, 10);
    expect(terms.is).toBeCloseTo(terms.iolr + terms.ist + terms.iq, 10);
    expect(terms.id).toBeCloseTo(terms.idte + terms.idle + terms.idd, 10);
  });

  it('takes talker echo under 1 ms for sidetone', () => {
    expect(g107({ t: 0.9, telr: 5 }).terms.idte).toBe(0);
    expect(g107({ t: 1.1, telr: 5 }).terms.idte).toBeGreaterThan(0);
  });

  it('lets strong sidetone mask the echo and adds weak sidetone to it', () => {
    const usual = g107({ t: 50, telr: 40, stmr: 15, lstr: 18 }).terms;
    const strong = g107({ t: 50, telr: 40, stmr: 5, lstr: 18 }).terms;
    const weak = g107({ t: 50, telr: 40, stmr: 25, lstr: 18 }).terms;
    expect(strong.terv).toBeCloseTo(usual.terv + strong.ist / 2, 10);
    expect(weak.idte).toBeCloseTo(Math.hypot(usual.idte, weak.ist), 6);
  });

  it('lets early echo mask as sidetone does, the less the later it comes', () => {
    // −10 lg(10^−1.5 + e^−2 · 10^−0.5)
    expect(g107({ t: 8, telr: 5, stmr: 15 }).terms.stmro).toBeCloseTo(11.283, 3);
  });

  it('derives LSTR from STMR and Dr unless it is given', () => {
    expect(g107({ stmr: 12, dr: 1 }).parameters.lstr).toBe(13);
    expect(g107({ stmr: 12, dr: 1, lstr: 20 }).parameters.lstr).toBe(20);
  });

  it.each([
    { what: 'louder connection than optimal', given: { slr: 2, rlr: -3 } },
    { what: 'quieter connection than optimal', given: { slr: 16, rlr: 10 } },
    { what: 'room noise at the speaker', given: { ps: 70 } },
    { what: 'room noise at the listener', given: { pr: 70 } },
    { what: 'circuit noise', given: { nc: -50 } },
    { what: 'quantisation', given: { qdu: 10 } },
    { what: 'talker echo', given: { t: 100, telr: 35 } },
    { what: 'listener echo', given: { tr: 300, wepl: 20 } },
    { what: 'codec', given: { ie: 11 } },
  ])('rates $what below the defaults', ({ given }) => {
    expect(g107(given).r).toBeLessThan(g107().r - 1);
  });

  it('lets people who interact less mind delay less', () => {
    expect(pureDelay(300, 0.4).idd).toBeLessThan(pureDelay(300, 1).idd);
    expect(pureDelay(110, 1, 120).idd).toBe(0);
  });

  it('never rates more delay, loss or burstiness better', () => {
    const range = (max: number) => fc.double({ min: 0, max, noNaN: true });
    fc.assert(
      fc.property(
        range(2000),
        range(500),
        range(100),
        range(20),
        range(10),
        range(5),
        (ta, later, ppl, more, burst, burstier) => {
          const given = { ta, ppl, burstr: 1 + burst, bpl: 10 };
          const { mos } = g107(given);
          const noBetter = (worse: object) => g107({ ...given, ...worse }).mos <= mos + 1e-9;
          return (
            noBetter({ ta: ta + later }) &&
            noBetter({ ppl: Math.min(100, ppl + more) }) &&
            noBetter({ burstr: 1 + burst + burstier })
          );
        },
      ),
    );
  });
});

describe('G.107.1, wideband', () => {
  it.each([
    { ie: 0, mos: 4.5 },
    { ie: 1, mos: 4.494 },
    { ie: 8, mos: 4.4206 },
    { ie: 13, mos: 4.3371 },
    { ie: 41, mos: 3.5123 },
    { ie: 56, mos: 2.922 },
  ])('gives $mos for Ie,wb $ie', ({ ie, mos }) => {
    expect(g1071({ ie }).mos).toBeCloseTo(mos, 4);
  });

  it('keeps 95 in the loss formula although the scale ends at 129', () => {
    const { terms, mos } = g1071({ ie: 20, bpl: 4.3, ppl: 2 });
    expect(terms.ieEff).toBeCloseTo(43.8095, 4);
    expect(mos).toBeCloseTo(3.4062, 4);
  });

  it('has the steeper echo curve of wideband', () => {
    // TERV = 45 − 40 lg 9 = 6.830, Re = 80 + 3 · (TERV − 14) = 58.491, Roe = 129.
    const { terms } = g1071({ t: 200, telr: 45 });
    expect(terms.re).toBeCloseTo(58.491, 3);
    expect(terms.idte).toBeCloseTo(70.9, 1);
  });

  it('counts talker echo, listener echo and delay', () => {
    const { terms, r } = g1071({ t: 200, tr: 400, ta: 200, telr: 45 });
    for (const part of [terms.idte, terms.idle, terms.idd]) expect(part).toBeGreaterThan(0.5);
    expect(r).toBeCloseTo(129 - terms.idte - terms.idle - terms.idd, 10);
  });
});

describe('G.107.2 as the open field uses it, fullband', () => {
  it.each([
    { ppl: 0, mos: 4.4 },
    { ppl: 2, mos: 3.98 },
    { ppl: 10, mos: 2.65 },
  ])('rates Opus at 40 kbit/s with $ppl % loss', ({ ppl, mos }) => {
    expect(g1072({ ie: 10.67, bpl: 9.79, ppl }).mos).toBeCloseTo(mos, 2);
  });

  it('scales delay by 1.48', () => {
    const { terms, r } = g1072({ ta: 400 });
    expect(terms.id).toBeCloseTo(1.48 * pureDelay(400).idd, 10);
    expect(r).toBeCloseTo(148 - terms.id, 10);
  });
});

it('has no loss impairment without loss, whatever the burst ratio', () => {
  expect(effectiveEquipmentImpairment(11, 4.3, 0, 8)).toBe(11);
});

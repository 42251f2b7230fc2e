import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AudioInput, scoreAudio } from '../../../quality/mos/score.ts';

const clean: AudioInput = {
  durationMs: 5000,
  codec: 'opus',
  targetBitrateBps: 40_000,
  lossRatio: 0,
  concealedRatio: 0,
  burstRatio: 1,
  delayMs: 80,
  packets: 250,
  expectedPackets: 250,
};
const mosOf = (change: Partial<AudioInput>) => scoreAudio({ ...clean, ...change }).mos;

describe('audio score', () => {
  it.each([
    { concealedRatio: 0, mos: 4.4 },
    { concealedRatio: 0.02, mos: 3.98 },
    { concealedRatio: 0.1, mos: 2.65 },
  ])('of Opus at 40 kbit/s with $concealedRatio concealed is $mos', ({ concealedRatio, mos }) => {
    expect(mosOf({ concealedRatio })).toBeCloseTo(mos, 2);
  });

  it('says scale, model and version, inputs used and missing', () => {
    const score = scoreAudio({ durationMs: 5000, lossRatio: 0.01, bitrateBps: 30_000 });
    expect(score).toMatchObject({ scale: 'fullband', model: 'callscope-opus@1', unclassified: '' });
    expect(score.inputs).toMatchObject({ durationMs: 5000, lossRatio: 0.01, bitrateBps: 30_000 });
    expect(score.missing).toEqual(['concealedRatio', 'delayMs', 'burstRatio', 'codec']);
    expect(score.confidence).toBeGreaterThan(0);
    expect(score.confidence).toBeLessThan(scoreAudio(clean).confidence);
  });

  it.each([
    { codec: 'PCMU', scale: 'narrowband', model: 'g107@2015-06' },
    { codec: 'audio/PCMA', scale: 'narrowband', model: 'g107@2015-06' },
    { codec: 'audio/G722', scale: 'wideband', model: 'g107.1@2019-06-cor1' },
    { codec: 'audio/opus', scale: 'fullband', model: 'callscope-opus@1' },
  ])('of $codec is on the $scale scale', ({ codec, scale, model }) => {
    expect(scoreAudio({ ...clean, codec })).toMatchObject({ scale, model, unclassified: '' });
  });

  it.each([
    { why: 'ICE never connected', change: { connected: false }, reason: 'never connected' },
    { why: 'the track is muted', change: { muted: true }, reason: 'muted' },
    { why: 'DTX says silence', change: { silent: true }, reason: 'silence (DTX)' },
    {
      why: 'the window is short',
      change: { durationMs: 400 },
      reason: 'too little data: window under 1000 ms',
    },
    {
      why: 'hardly a packet was sent',
      change: { packets: 2, expectedPackets: 2 },
      reason: 'too little data: 2 packets',
    },
    { why: 'the codec has no data', change: { codec: 'isac' }, reason: 'no impairment data for codec isac' },
    {
      why: 'neither loss nor concealment is known',
      change: { lossRatio: undefined, concealedRatio: undefined },
      reason: 'too little data: neither loss nor concealment is known',
    },
    {
      why: 'the duration is no number',
      change: { durationMs: Number.NaN },
      reason: 'too little data: window under 1000 ms',
    },
  ])('is unclassified when $why', ({ change, reason }) => {
    expect(scoreAudio({ ...clean, ...change })).toMatchObject({
      mos: null,
      confidence: 0,
      unclassified: reason,
    });
  });

  it('goes by what the ear met: repaired loss costs nothing', () => {
    expect(mosOf({ lossRatio: 0.1, concealedRatio: 0 })).toBe(mosOf({}));
  });

  it('takes wire loss as unrepaired where nothing else is known, with less confidence', () => {
    const wire = scoreAudio({ ...clean, lossRatio: 0.05, concealedRatio: undefined });
    const heard = scoreAudio({ ...clean, lossRatio: 0.05, concealedRatio: 0.05 });
    expect(wire.mos).toBe(heard.mos);
    expect(wire.confidence).toBeLessThan(heard.confidence);
  });

  it('does not take the silence after a pause for loss', () => {
    expect(mosOf({ silentConcealedRatio: 0.8 })).toBe(mosOf({}));
  });

  it('takes the silence of a long gap for loss as far as loss explains it', () => {
    expect(mosOf({ concealedRatio: 0.02, silentConcealedRatio: 0.3, lossRatio: 0.25 })).toBe(
      mosOf({ concealedRatio: 0.25, lossRatio: 0.25 }),
    );
  });

  it('scores an outage 1 although no loss was counted and concealment went silent', () => {
    const outage = scoreAudio({
      ...clean,
      packets: 0,
      expectedPackets: 250,
      lossRatio: 0,
      concealedRatio: 0.05,
    });
    expect(outage.mos).toBe(1);
    const unseen = { ...clean, packets: 0, lossRatio: undefined, concealedRatio: undefined };
    expect(scoreAudio(unseen).mos).toBe(1);
  });

  it('does not believe an outage that nobody heard: the two ends were counted over different times', () => {
    const apart = { packets: 100, expectedPackets: 250, silentConcealedRatio: 0 };
    expect(mosOf(apart)).toBe(mosOf({}));
    expect(mosOf({ ...apart, packets: 0, concealedRatio: 0.05, silentConcealedRatio: 0.95 })).toBe(1);
  });

  it('does not take packets under way at the edge of the window for loss', () => {
    expect(mosOf({ packets: 240 })).toBe(mosOf({}));
  });

  it('prefers the target of the encoder to the mean of a talk with pauses', () => {
    expect(mosOf({ targetBitrateBps: 32_000, bitrateBps: 12_000 })).toBe(mosOf({ targetBitrateBps: 32_000 }));
    const measured = { ...clean, targetBitrateBps: undefined, bitrateBps: 32_000 };
    expect(scoreAudio(measured).mos).toBe(mosOf({ targetBitrateBps: 32_000 }));
    expect(scoreAudio(measured).confidence).toBeLessThan(scoreAudio(clean).confidence);
  });

  it('does not count redundant copies as bitrate', () => {
    const red = { ...clean, targetBitrateBps: undefined, bitrateBps: 48_000, redundantCopies: 1 };
    expect(scoreAudio(red).mos).toBe(mosOf({ targetBitrateBps: 24_000 }));
  });

  it('judges RED as the Opus in it, with one copy unless told otherwise', () => {
    const red = { ...clean, codec: 'audio/red', targetBitrateBps: undefined, bitrateBps: 48_000 };
    expect(scoreAudio(red)).toMatchObject({ scale: 'fullband', unclassified: '' });
    expect(scoreAudio(red).mos).toBe(mosOf({ targetBitrateBps: 24_000 }));
  });

  it('forgives the stretching of any call and minds much of it', () => {
    expect(mosOf({ stretchRatio: 0.01 })).toBe(mosOf({}));
    expect(mosOf({ stretchRatio: 0.2 })).toBeLessThan(mosOf({})!);
  });

  it('uses the jitter buffer as the least the delay can be', () => {
    expect(mosOf({ delayMs: undefined, jitterBufferMs: 300 })).toBe(mosOf({ delayMs: 300 }));
  });

  it('never scores worse better', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const input = fc.record({
      durationMs: fc.constant(5000),
      codec: fc.constantFrom('opus', 'pcmu', 'g722'),
      targetBitrateBps: fc.integer({ min: 6000, max: 64_000 }),
      lossRatio: share,
      concealedRatio: fc.option(share, { nil: undefined }),
      silentConcealedRatio: fc.option(share, { nil: undefined }),
      burstRatio: fc.double({ min: 1, max: 10, noNaN: true }),
      delayMs: fc.double({ min: 0, max: 3000, noNaN: true }),
      stretchRatio: share,
      packets: fc.integer({ min: 0, max: 250 }),
      expectedPackets: fc.constant(250),
    });
    const worse = fc.constantFrom<[keyof AudioInput, number]>(
      ['lossRatio', 1],
      ['concealedRatio', 1],
      ['silentConcealedRatio', 1],
      ['burstRatio', 5],
      ['delayMs', 500],
      ['stretchRatio', 1],
      ['packets', -100],
      ['targetBitrateBps', -5000],
    );
    fc.assert(
      fc.property(input, worse, share, (good, [field, by], part) => {
        const value = good[field as keyof typeof good];
        fc.pre(value !== undefined);
        const bad = { ...good, [field]: Math.max(0, (value as number) + by * part) };
        return scoreAudio(bad).mos! <= scoreAudio(good).mos! + 1e-9;
      }),
      { numRuns: 2000 },
    );
  });

  it('stays within its scale whatever the counters say', () => {
    const any = fc.option(fc.oneof(fc.double(), fc.integer()), { nil: undefined });
    fc.assert(
      fc.property(
        fc.record({
          durationMs: fc.oneof(fc.double(), fc.constant(5000)),
          lossRatio: any,
          concealedRatio: any,
          silentConcealedRatio: any,
          burstRatio: any,
          delayMs: any,
          jitterBufferMs: any,
          stretchRatio: any,
          packets: any,
          expectedPackets: any,
          bitrateBps: any,
          targetBitrateBps: any,
          redundantCopies: any,
        }),
        (input) => {
          const { mos, confidence, unclassified } = scoreAudio(input);
          if (mos === null) return unclassified !== '';
          return mos >= 1 && mos <= 4.5 && confidence > 0 && confidence <= 1;
        },
      ),
      { numRuns: 2000 },
    );
  });
});

import { describe, expect, it } from 'vitest';
import { audioInputOf, burstRatioOf, emptyAudioTally } from '../../../quality/mos/tally.ts';

describe('counters to a score input', () => {
  it('makes ratios of what was heard', () => {
    const input = audioInputOf({
      durationMs: 5000,
      packetsReceived: 240,
      packetsLost: 10,
      bytesReceived: 20_000,
      totalSamplesReceived: 240_000,
      concealedSamples: 9600,
      silentConcealedSamples: 2400,
      concealmentEvents: 5,
      insertedSamplesForDeceleration: 1200,
      removedSamplesForAcceleration: 1200,
      jitterBufferDelayUs: 240_000 * 60_000,
      jitterBufferEmittedCount: 240_000,
    });
    expect(input).toMatchObject({
      durationMs: 5000,
      packets: 240,
      lossRatio: 0.04,
      bitrateBps: 32_000,
      concealedRatio: 0.03,
      silentConcealedRatio: 0.01,
      stretchRatio: 0.01,
      jitterBufferMs: 60,
    });
    // Ten packets' worth in five events: bursts of two.
    expect(input.burstRatio).toBeCloseTo(2 * 0.96, 10);
  });

  it('leaves out what the counters cannot tell', () => {
    expect(audioInputOf(emptyAudioTally)).toEqual({ durationMs: 0, packets: 0, samples: 0 });
  });
});

describe('burst ratio', () => {
  it.each([
    { what: 'single losses', seen: { lost: 10, bursts: 10, total: 1000 }, ratio: 1 },
    { what: 'bursts as long as chance makes them', seen: { lost: 100, bursts: 50, total: 200 }, ratio: 1 },
    { what: 'bursts of five', seen: { lost: 50, bursts: 10, total: 1000 }, ratio: 4.75 },
    { what: 'no loss', seen: { lost: 0, bursts: 0, total: 1000 }, ratio: 1 },
    { what: 'nothing seen', seen: { lost: 0, bursts: 1, total: 0 }, ratio: 1 },
  ])('of $what is $ratio', ({ seen, ratio }) => {
    expect(burstRatioOf(seen)).toBeCloseTo(ratio, 10);
  });
});

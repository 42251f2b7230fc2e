/**
 * Faults that scores in the field are known to have. Each test fails on a scorer that has the fault.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { g107 } from '../../../quality/mos/g107.ts';
import { type AudioInput, scoreAudio } from '../../../quality/mos/score.ts';
import { type AudioTally, audioInputOf, combineAudio, emptyAudioTally } from '../../../quality/mos/tally.ts';

const clean: AudioInput = {
  durationMs: 5000,
  codec: 'opus',
  targetBitrateBps: 32_000,
  lossRatio: 0,
  concealedRatio: 0,
  burstRatio: 1,
  delayMs: 50,
};
const mosOf = (change: Partial<AudioInput>) => scoreAudio({ ...clean, ...change }).mos!;

describe('faults of the field', () => {
  it('delay counts: 200 ms to 2 s of round trip do not all score 4.5', () => {
    const scores = [200, 400, 600, 800, 1200, 2000].map((rtt) => mosOf({ delayMs: rtt / 2 + 60 }));
    for (let index = 1; index < scores.length; index++)
      expect(scores[index]).toBeLessThan(scores[index - 1]!);
    expect(scores.at(-1)).toBeLessThan(2.8);
  });

  it('a fraction is not taken for percent: 20 % loss is bad', () => {
    expect(mosOf({ concealedRatio: 0.2 })).toBeLessThan(2);
    expect(mosOf({ concealedRatio: undefined, lossRatio: 0.2 })).toBeLessThan(2);
    expect(scoreAudio({ ...clean, codec: 'pcmu', concealedRatio: 0.2 }).mos).toBeLessThan(2.7);
  });

  it('no loss does not mean 4.5 whatever the delay', () => {
    expect(mosOf({ delayMs: 800 })).toBeLessThan(3);
    expect(g107({ ta: 800 }).mos).toBeLessThan(3);
  });

  it('R does not start at Ro: simultaneous impairments are taken off', () => {
    const { r, terms } = g107();
    expect(terms.ro - r).toBeGreaterThan(1.5);
  });

  it('two streams of 5 % loss are not one of 10 %', () => {
    const lossy: AudioTally = { ...second(48_000 / 20), durationMs: 1000 };
    const both = combineAudio([lossy, lossy]);
    expect(audioInputOf(both).concealedRatio).toBe(audioInputOf(lossy).concealedRatio);
  });

  it('the score does not depend on the polling interval, the order or the splitting of samples', () => {
    const tally = fc.record({
      durationMs: fc.integer({ min: 200, max: 1000 }),
      packetsReceived: fc.integer({ min: 0, max: 50 }),
      packetsLost: fc.integer({ min: -3, max: 20 }),
      bytesReceived: fc.integer({ min: 0, max: 6000 }),
      totalSamplesReceived: fc.integer({ min: 9600, max: 48_000 }),
      concealedSamples: fc.integer({ min: 0, max: 9600 }),
      silentConcealedSamples: fc.integer({ min: 0, max: 2000 }),
      concealmentEvents: fc.integer({ min: 0, max: 8 }),
      insertedSamplesForDeceleration: fc.integer({ min: 0, max: 500 }),
      removedSamplesForAcceleration: fc.integer({ min: 0, max: 500 }),
      jitterBufferDelayUs: fc.integer({ min: 0, max: 4_000_000_000 }),
      jitterBufferEmittedCount: fc.integer({ min: 0, max: 48_000 }),
    });
    const scoreOf = (tallies: AudioTally[]) => scoreAudio(audioInputOf(combineAudio(tallies)));
    fc.assert(
      fc.property(
        fc
          .array(tally, { minLength: 5, maxLength: 12 })
          .chain((polls) =>
            fc.tuple(
              fc.constant(polls),
              fc.shuffledSubarray(polls, { minLength: polls.length, maxLength: polls.length }),
              fc.array(fc.integer({ min: 0, max: 3 }), { minLength: polls.length, maxLength: polls.length }),
            ),
          ),
        ([polls, shuffled, groups]) => {
          // Coarser polls: neighbours are merged before they are judged.
          const merged = [0, 1, 2, 3].map((group) =>
            combineAudio(shuffled.filter((_, i) => groups[i] === group)),
          );
          expect(scoreOf(merged)).toEqual(scoreOf(polls));
        },
      ),
    );
  });
});

/** One second of 48 kHz audio with some concealment. */
function second(concealedSamples: number): AudioTally {
  return {
    ...emptyAudioTally,
    packetsReceived: 48,
    packetsLost: 2,
    bytesReceived: 4000,
    totalSamplesReceived: 48_000,
    concealedSamples,
    concealmentEvents: 2,
  };
}

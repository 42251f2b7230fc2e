/**
 * Counter differences of one stream, and how they become a score's input.
 *
 * Everything in a tally is a sum, so tallies of neighbouring intervals add up: one of 5 s, five of 1 s or
 * ten of 500 ms in any order give the same input and the same score. Loss per poll, means of ratios and
 * gauges read at the poll cannot do that, which is how scores elsewhere come to depend on the interval.
 */

import type { AudioInput } from './score.ts';

/** Differences of W3C inbound-rtp counters over an interval, audio. */
export interface AudioTally {
  durationMs: number;
  packetsReceived: number;
  /** May be negative in one interval (late packets), not in the sum. */
  packetsLost: number;
  bytesReceived: number;
  totalSamplesReceived: number;
  concealedSamples: number;
  silentConcealedSamples: number;
  concealmentEvents: number;
  insertedSamplesForDeceleration: number;
  removedSamplesForAcceleration: number;
  /** Sum over emitted samples of the time they spent in the jitter buffer, µs. */
  jitterBufferDelayUs: number;
  jitterBufferEmittedCount: number;
}

export const emptyAudioTally: Readonly<AudioTally> = {
  durationMs: 0,
  packetsReceived: 0,
  packetsLost: 0,
  bytesReceived: 0,
  totalSamplesReceived: 0,
  concealedSamples: 0,
  silentConcealedSamples: 0,
  concealmentEvents: 0,
  insertedSamplesForDeceleration: 0,
  removedSamplesForAcceleration: 0,
  jitterBufferDelayUs: 0,
  jitterBufferEmittedCount: 0,
};

/** Adds tallies of the same stream. */
export function combineAudio(tallies: Iterable<AudioTally>): AudioTally {
  const sum: AudioTally = { ...emptyAudioTally };
  for (const tally of tallies) {
    for (const key of Object.keys(sum) as (keyof AudioTally)[]) sum[key] += tally[key];
  }
  return sum;
}

/** 20 ms at 48 kHz: a packet's worth of samples, unless the stream says otherwise. */
const samplesPerPacketDefault = 960;

/**
 * What a tally says of the audio heard. Facts that are no counters (codec, delay, muted, …) are added by
 * the caller. Without samples played there are no ratios of samples.
 */
export function audioInputOf(tally: AudioTally, samplesPerPacket = samplesPerPacketDefault): AudioInput {
  const input: AudioInput = { durationMs: tally.durationMs, packets: tally.packetsReceived };
  const lost = Math.max(0, tally.packetsLost);
  if (tally.packetsReceived + lost > 0) input.lossRatio = lost / (tally.packetsReceived + lost);
  if (tally.durationMs > 0) input.bitrateBps = (tally.bytesReceived * 8000) / tally.durationMs;
  const samples = tally.totalSamplesReceived;
  input.samples = samples;
  if (samples > 0) {
    input.concealedRatio = Math.max(0, tally.concealedSamples - tally.silentConcealedSamples) / samples;
    input.silentConcealedRatio = tally.silentConcealedSamples / samples;
    input.stretchRatio =
      (tally.insertedSamplesForDeceleration + tally.removedSamplesForAcceleration) / samples;
    if (tally.concealmentEvents > 0) {
      input.burstRatio = burstRatioOf({
        lost: tally.concealedSamples / samplesPerPacket,
        bursts: tally.concealmentEvents,
        total: samples / samplesPerPacket,
      });
    }
  }
  if (tally.jitterBufferEmittedCount > 0) {
    input.jitterBufferMs = tally.jitterBufferDelayUs / tally.jitterBufferEmittedCount / 1000;
  }
  return input;
}

/**
 * BurstR of G.107 clause 7.5: mean length of the bursts seen, against 1 / (1 − p), their mean length if
 * the same share p were lost at random. Never under 1: evenly spread loss is scored as random loss.
 */
export function burstRatioOf(seen: { lost: number; bursts: number; total: number }): number {
  if (seen.bursts <= 0 || seen.total <= 0) return 1;
  const lossRatio = Math.min(1, seen.lost / seen.total);
  return Math.max(1, (seen.lost / seen.bursts) * (1 - lossRatio));
}

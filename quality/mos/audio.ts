/**
 * Audio of one window to a MOS. First the gates (is there anything to judge?), then what the ear met,
 * then the model of the codec: Opus on the fullband scale, G.722 on wideband, G.711 on narrowband.
 */

import { countedDelay } from './delay.ts';
import { g107, g107Model, pureDelay } from './g107.ts';
import { g1071, g1071Model } from './g107-1.ts';
import { fullbandRating } from './g107-2.ts';
import { opusImpairment, opusModel } from './opus.ts';
import { mosOfRating } from './rating.ts';
import type { AudioInput, Score } from './score.ts';
import { clampedRatio, codecName, finite, givenInputs, shortestWindowMs, startScore } from './score-parts.ts';

/** Under this many packets a single loss decides the score. */
const fewestPackets = 5;
/** From this many packets on (1 s of 20 ms frames), their number no longer limits the confidence. */
const enoughPackets = 50;
/** Share of samples stretched or squeezed that nobody notices: NetEq does this much in any call. */
const unnoticedStretchRatio = 0.02;
/** A stretched sample is heard, a concealed one is missing: weight of the one against the other. Our estimate. */
const stretchWeight = 0.25;
/** Stands in where no bitrate is known: the row of the Opus table where Ie stops falling quickly. */
const assumedOpusBps = 22_000;

/** Typical devices stand in for measured ones in a sum; of a lower bound nobody knows how much is missing. */
const delayConfidence = { told: 1, summed: 0.95, bound: 0.8 } as const;

const opus = { scale: 'fullband', model: opusModel } as const;
const g711 = { scale: 'narrowband', model: g107Model } as const;

/** Codecs with impairment data, and the scale and model each is judged by. */
const codecs: { readonly opus: typeof opus } & Readonly<
  Record<string, { scale: 'narrowband' | 'wideband' | 'fullband'; model: string } | undefined>
> = {
  opus,
  // RFC 2198: in WebRTC it carries Opus.
  red: opus,
  pcmu: g711,
  pcma: g711,
  g722: { scale: 'wideband', model: g1071Model },
};

export function judgeAudio(input: AudioInput): Score {
  const codec = codecName(input.codec) || 'opus';
  const { scale, model } = codecs[codec] ?? codecs.opus;
  const score = startScore(scale, model, givenInputs(input));
  const reason = nothingToJudge(input);
  if (reason) return { ...score, unclassified: reason };
  if (!codecs[codec]) return { ...score, unclassified: `no impairment data for codec ${codec}` };

  const heard = heardLoss(input, score.missing);
  const delay = countedDelay(input);
  score.missing.push(...delay.missing);
  const burstRatio = Math.max(1, finite(input.burstRatio) ?? 1);
  let confidence = heard.confidence * delayConfidence[delay.kind];
  if (heard.ratio > 0 && finite(input.burstRatio) === undefined) {
    score.missing.push('burstRatio');
    confidence *= 0.9;
  }
  const seen = packetCount(input.expectedPackets) ?? packetCount(input.packets);
  if (seen !== undefined && seen < enoughPackets) confidence *= 0.5 + seen / (2 * enoughPackets);
  if (!input.codec) {
    score.missing.push('codec');
    confidence *= 0.8;
  }

  score.inputs.heardLossRatio = heard.ratio;
  // The formulas were fitted to loss of some 20 % and give 1.2 where nothing at all was heard.
  if (heard.ratio === 1) return { ...score, mos: 1, confidence };
  const ppl = 100 * heard.ratio;
  if (scale === 'narrowband') {
    // G.113 Appendix I: G.711 with its own packet-loss concealment.
    const { mos } = g107({ ta: delay.ms, ie: 0, bpl: 25.1, ppl, burstr: burstRatio });
    return { ...score, mos, confidence };
  }
  if (scale === 'wideband') {
    // G.722 at 64 kbit/s. No Bpl,wb for it is open to us: the lowest of G.113 Table IV.4, hence the doubt.
    const { mos } = g1071({ ta: delay.ms, ie: 13, bpl: 4.3, ppl, burstr: burstRatio });
    return { ...score, mos, confidence: confidence * (ppl > 0 ? 0.6 : 1) };
  }
  const rate = opusRate(input, score.missing);
  const impairment = opusImpairment(rate.bps, burstRatio, ppl);
  const r = fullbandRating(pureDelay(delay.ms).idd, impairment.ieEff);
  confidence *= rate.confidence * impairment.confidence;
  return { ...score, mos: mosOfRating(r, 'fullband'), confidence };
}

/** Why there is nothing to judge; empty when there is. */
function nothingToJudge(input: AudioInput): string {
  if (input.connected === false) return 'never connected';
  if (input.muted) return 'muted';
  if (input.silent) return 'silence (DTX)';
  if (!(input.durationMs >= shortestWindowMs)) return `too little data: window under ${shortestWindowMs} ms`;
  const loss = finite(input.lossRatio);
  const expected = packetCount(input.expectedPackets);
  const packets = packetCount(input.packets);
  const sent = expected ?? packets;
  // Few packets are no verdict unless loss is the reason that they are few.
  if (sent !== undefined && sent < fewestPackets && !(expected === undefined && loss)) {
    return `too little data: ${sent} packets`;
  }
  if (loss === undefined && finite(input.concealedRatio) === undefined && outage(input) === 0) {
    return 'too little data: neither loss nor concealment is known';
  }
  return '';
}

/**
 * Loss seen by counting at both ends. A receiver's own loss counter stands still in an outage, since a gap
 * shows only when a later packet arrives. Below one half it counts as nothing: packets under way at the
 * window's edges are not lost.
 */
function outage(input: AudioInput): number {
  const expected = packetCount(input.expectedPackets);
  const packets = packetCount(input.packets);
  if (expected === undefined || packets === undefined || expected < fewestPackets) return 0;
  const share = 1 - packets / expected;
  return share > 0.5 ? Math.min(1, share) : 0;
}

function packetCount(value: number | undefined): number | undefined {
  const known = finite(value);
  return known === undefined ? undefined : Math.max(0, known);
}

/**
 * Share of audio that was missing to the ear. Concealment where it is known: FEC, RED, retransmission and
 * the jitter buffer have had their say by then, and no published data would tell their effect from wire
 * loss. Wire loss otherwise, taken as if nothing repaired it.
 */
function heardLoss(input: AudioInput, missing: string[]): { ratio: number; confidence: number } {
  const loss = clampedRatio(input.lossRatio);
  const concealed = clampedRatio(input.concealedRatio);
  let ratio: number;
  let confidence = 1;
  if (concealed === undefined) {
    missing.push('concealedRatio');
    ratio = loss ?? 0;
    confidence = ratio > 0 ? 0.7 : 0.8;
  } else {
    const silent = clampedRatio(input.silentConcealedRatio) ?? 0;
    ratio = concealed + Math.min(silent, Math.max(0, (loss ?? 0) - concealed));
    // A concealed sample is held equal to a sample of a lost packet: plausible, not measured.
    if (ratio > 0) confidence = 0.9;
  }
  // Where concealment is known in full it must bear the outage out: counts of two ends may span different times.
  const confirmed = Math.min(1, (concealed ?? 1) + (clampedRatio(input.silentConcealedRatio) ?? 1));
  ratio = Math.max(ratio, Math.min(outage(input), confirmed));
  const stretched = Math.max(0, (clampedRatio(input.stretchRatio) ?? 0) - unnoticedStretchRatio);
  if (stretched > 0) {
    ratio += stretchWeight * stretched;
    // In full from one percent on: at the edge itself a sample more or less must not change it.
    confidence *= 1 - 0.1 * Math.min(1, stretched / 0.01);
  }
  return { ratio: Math.min(1, ratio), confidence };
}

/**
 * Bitrate of the speech encoding. The table speaks of what the encoder was told; the measured mean of a
 * VBR stream is lower as soon as somebody pauses, so it understates and costs confidence.
 */
function opusRate(input: AudioInput, missing: string[]): { bps: number; confidence: number } {
  const target = finite(input.targetBitrateBps);
  if (target !== undefined) return { bps: target, confidence: 1 };
  const measured = finite(input.bitrateBps);
  if (measured !== undefined) {
    // One copy is what browsers send unless told otherwise.
    const usual = codecName(input.codec) === 'red' ? 1 : 0;
    const copies = Math.max(0, finite(input.redundantCopies) ?? usual);
    return { bps: measured / (1 + copies), confidence: 0.9 };
  }
  missing.push('bitrateBps');
  return { bps: assumedOpusBps, confidence: 0.7 };
}

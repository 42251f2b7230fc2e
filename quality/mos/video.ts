/**
 * Video of one window to a MOS: `callscope-video@1`, our own stated model.
 *
 * No standard monitors conversational video (G.1070 and G.1071 plan, P.1203 and P.1204 judge streaming).
 * The picture is judged by factors from 0 to 1, each of one cause, multiplied; MOS = 1 + 3.5 · product, so
 * that the best is 4.5 as on the audio scales. Products of separate terms are what subjective tests of
 * frame rate, size and quantisation support (Ou, Xue, Wang, "Q-STAR", IEEE TIP 2014); the constants are
 * ours, anchored where named, not yet fitted to people: hence a confidence of 0.7 at best.
 */

import { countedDelay } from './delay.ts';
import { pureDelay } from './g107.ts';
import type { Score, VideoInput } from './score.ts';
import { clampedRatio, codecName, finite, givenInputs, shortestWindowMs, startScore } from './score-parts.ts';

export const videoModel = 'callscope-video@1';

export interface VideoFactors {
  /** How well the encoder could draw the frames: by QP where known, else by bits per pixel. */
  encoding: number;
  /** Size against what was asked for. */
  resolution: number;
  /** Frame rate against the sender's, frozen time taken out. */
  smoothness: number;
  /** Frozen time. */
  freezes: number;
  /** Loss that nothing repaired. */
  loss: number;
  /** Delay from capture to display. */
  delay: number;
}

/** What differs between a face and a document. */
interface SourceRules {
  /** Power of the size ratio. Half the width: a face keeps 71 %, small print 44 %. */
  resolutionPower: number;
  /** Steepness of e^(−k · frozen share), on top of the lost time itself. */
  freezeSteepness: number;
  /** Weight of delay: people talk to faces; a slide may come late. */
  delayWeight: number;
}

const rules: Record<VideoInput['source'], SourceRules> = {
  camera: { resolutionPower: 0.5, freezeSteepness: 2, delayWeight: 1 },
  screen: { resolutionPower: 1.2, freezeSteepness: 1, delayWeight: 0.5 },
};

/**
 * QP at which libwebrtc's quality scaler finds a picture good enough to enlarge it, and bad enough to
 * shrink it. The only QP anchors that hold for real-time encoders of every codec.
 */
const qpAnchors: Record<string, { good: number; bad: number }> = {
  vp8: { good: 29, bad: 95 },
  vp9: { good: 149, bad: 205 },
  av1: { good: 145, bad: 205 },
  h264: { good: 24, bad: 37 },
  h265: { good: 24, bad: 37 },
};

/** Pixels per bit against VP8 and H.264 at real-time speed settings; cautious. */
const codecGain: Record<string, number> = { vp8: 1, h264: 1, vp9: 1.3, h265: 1.4, av1: 1.6 };

/** Where the sender's frame rate is not known, bits are held against a camera's usual rate. */
const assumedFramesPerSecond = 30;

/** As for audio, at half the weight: delay is one factor of six. */
const delayConfidence = { told: 1, summed: 0.98, bound: 0.9 } as const;

/** A screen moves smoothly enough at this rate; more is not missed. */
const screenFramesPerSecond = 5;

export function judgeVideo(input: VideoInput): Score {
  const score = startScore('video', videoModel, givenInputs(input));
  const reason = nothingToJudge(input);
  if (reason) return { ...score, unclassified: reason };
  const { factors, confidence, missing } = videoFactors(input);
  return { ...score, mos: mosOfFactors(factors), confidence, missing };
}

export function mosOfFactors(factors: VideoFactors): number {
  const { encoding, resolution, smoothness, freezes, loss, delay } = factors;
  return 1 + 3.5 * encoding * resolution * smoothness * freezes * loss * delay;
}

/** The factors of a window, whatever its gates say; also printed by the command line. */
export function videoFactors(input: VideoInput): {
  factors: VideoFactors;
  confidence: number;
  missing: string[];
} {
  const missing: string[] = [];
  let confidence = 0.7;
  const lacks = (name: string, trust: number) => {
    missing.push(name);
    confidence *= trust;
  };
  const rule = rules[input.source];

  const frozenMs = finite(input.frozenMs);
  const frozenRatio = Math.min(1, Math.max(0, (frozenMs ?? 0) / input.durationMs));
  if (frozenMs === undefined) lacks('frozenMs', 0.8);
  const delay = countedDelay(input);
  missing.push(...delay.missing);
  confidence *= delayConfidence[delay.kind];
  const loss = clampedRatio(input.lossRatio) ?? 0;

  return {
    factors: {
      encoding: encodingFactor(input, lacks),
      resolution: resolutionFactor(input, rule, lacks),
      smoothness: smoothnessFactor(input, frozenRatio, lacks),
      // The power outweighs what taking frozen time out of the frame rate gives back: more frozen is never better.
      freezes: (1 - frozenRatio) ** 1.2 * Math.exp(-rule.freezeSteepness * frozenRatio),
      // Where freezes are seen, most of what loss does is seen in them; elsewhere it stands in for them.
      loss: Math.exp(-(frozenMs === undefined ? 5 : 1) * loss),
      delay: 1 - (rule.delayWeight * pureDelay(delay.ms).idd) / 100,
    },
    confidence,
    missing,
  };
}

type Lacks = (name: string, trust: number) => void;

/**
 * By QP: a logistic curve through 0.95 at the good anchor and 0.5 at the bad one.
 * By bits: x = bitrate · gain / bits needed; 1 / (1 + 0.075 · x^−1.6), which is 0.93 at libwebrtc's target
 * bitrate of that size and 0.66 at 30 % of it, its minimum. Bits needed are those of the sender's frame
 * rate: frames that got lost leave no bits for others. A screen is not judged by bits: it may stand still.
 */
function encodingFactor(input: VideoInput, lacks: Lacks): number {
  const codec = codecName(input.codec);
  const qp = finite(input.qpAverage);
  const anchors = qpAnchors[codec];
  if (qp !== undefined && anchors) {
    const badness = (qp - anchors.good) / (anchors.bad - anchors.good);
    return 1 / (1 + Math.exp(Math.log(19) * (badness - 1)));
  }
  if (qp === undefined) lacks('qpAverage', 0.8);
  if (!codec) lacks('codec', 0.9);
  const bitrateBps = finite(input.bitrateBps);
  const pixels = pixelCount(input.frameWidth, input.frameHeight);
  if (input.source === 'screen' || bitrateBps === undefined || pixels < 1) {
    if (input.source === 'camera' && bitrateBps === undefined) lacks('bitrateBps', 0.6);
    return 1;
  }
  const framesPerSecond = Math.max(finite(input.expectedFramesPerSecond) ?? assumedFramesPerSecond, 1);
  const neededBps = 500_000 * (pixels / (640 * 360)) ** 0.95 * (framesPerSecond / 30) ** 0.7;
  const x = (Math.max(0, bitrateBps) * (codecGain[codec] ?? 1)) / neededBps;
  return 1 / (1 + 0.075 * x ** -1.6);
}

/** Sides held to what codecs can carry; under one pixel counts as not known. */
function pixelCount(width: number | undefined, height: number | undefined): number {
  const side = (length: number | undefined) => Math.min(32_768, Math.max(0, finite(length) ?? 0));
  return side(width) * side(height);
}

function resolutionFactor(input: VideoInput, rule: SourceRules, lacks: Lacks): number {
  const pixels = pixelCount(input.frameWidth, input.frameHeight);
  const expected = pixelCount(input.expectedWidth, input.expectedHeight);
  if (pixels < 1) lacks('frameWidth', 0.85);
  if (expected < 1) lacks('expectedWidth', 0.85);
  if (pixels < 1 || expected < 1) return 1;
  return Math.min(1, Math.sqrt(pixels / expected)) ** rule.resolutionPower;
}

/**
 * Camera: mild against the sender's rate ((1/2)^0.15 = 0.90), steep once motion breaks up: 1 − e^(−fps/4) is
 * 0.98 at 15, 0.83 at 7 and 0.53 at 3 frames per second.
 * Screen: against the sender's rate only, and no more than 5 frames per second are asked; a sender that
 * shows a still page sends next to none and that is no fault.
 */
function smoothnessFactor(input: VideoInput, frozenRatio: number, lacks: Lacks): number {
  const whole = finite(input.framesPerSecond);
  const expected = finite(input.expectedFramesPerSecond);
  if (expected === undefined) lacks('expectedFramesPerSecond', 0.85);
  if (whole === undefined) lacks('framesPerSecond', 0.7);
  if (whole === undefined) return 1;
  // Frozen time is judged as such; here counts how the rest ran.
  const playing = frozenRatio < 1 ? Math.max(0, whole) / (1 - frozenRatio) : 0;
  if (input.source === 'screen') {
    const asked = Math.min(expected ?? 0, screenFramesPerSecond);
    return asked > 0 ? Math.min(1, playing / asked) ** 0.5 : 1;
  }
  const ratio = expected !== undefined && expected > 0 ? Math.min(1, playing / expected) : 1;
  return ratio ** 0.15 * (1 - Math.exp(-playing / 4));
}

function nothingToJudge(input: VideoInput): string {
  if (input.connected === false) return 'never connected';
  if (input.muted) return 'muted';
  if (input.paused) return 'audio_only: video paused by decision';
  if (input.unwatched) return 'paused by its receiver';
  if (input.pausedPartly) return 'paused for part of the window';
  if (!(input.durationMs >= shortestWindowMs)) return `too little data: window under ${shortestWindowMs} ms`;
  if (finite(input.framesPerSecond) === undefined && finite(input.frozenMs) === undefined) {
    return 'too little data: neither frame rate nor freezes are known';
  }
  return '';
}

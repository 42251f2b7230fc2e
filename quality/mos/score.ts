/**
 * The two questions of quality/mos: how good is this audio, how good is this video, over one window.
 *
 * Pure: equal inputs give equal scores. Ratios are fractions from 0 to 1, never percent; times are
 * milliseconds. An input that is not known is left out, never set to 0. `unclassified` is an answer.
 */

import { judgeAudio } from './audio.ts';
import type { DelayParts } from './delay.ts';
import { judgeVideo } from './video.ts';

export interface Score {
  /** 1 to 4.5 on `scale`; null when unclassified. */
  mos: number | null;
  /** Scales are never averaged together nor held against one threshold. */
  scale: 'narrowband' | 'wideband' | 'fullband' | 'video';
  /** `name@version` */
  model: string;
  /** 0 to 1. */
  confidence: number;
  /** Why there is no score; empty when there is one. */
  unclassified: string;
  /** What the score was made from, names with units. */
  inputs: Record<string, number | string>;
  /** What would have helped and was not known. */
  missing: string[];
}

/** Audio as heard at a receiver, or as it stands at an earlier point of the path. */
export interface AudioInput extends DelayParts {
  durationMs: number;
  /** opus, red (Opus with redundant copies), pcmu, pcma or g722; `audio/opus` and capitals are understood. @default opus, listed as missing */
  codec?: string;
  /** What the encoder was told (outbound-rtp `targetBitrate`). Preferred: Opus data is by target, not by mean. */
  targetBitrateBps?: number;
  /** Measured payload bitrate, bit/s, headers excluded. Understates a VBR encoder when people pause. */
  bitrateBps?: number;
  /** Redundant copies in each packet (RED): the bitrate is shared with them. @default 0, with codec red 1 */
  redundantCopies?: number;
  /** Packets lost on the wire up to this point, 0 to 1. At the sender pass 0. */
  lossRatio?: number;
  /** Non-silent concealed samples / samples played, 0 to 1: what the ear meets. Preferred over `lossRatio`. */
  concealedRatio?: number;
  /**
   * Silent concealed samples / samples played. Counts as heard loss only as far as `lossRatio` explains it:
   * concealment fades to silence in a long outage, but it is silent too when nothing was being sent.
   */
  silentConcealedRatio?: number;
  /** Mean burst length of loss against random loss; 1 is random (G.107 BurstR). */
  burstRatio?: number;
  /** One-way, mouth to ear, jitter buffer included. Where it is left out, the parts of {@link DelayParts} count. */
  delayMs?: number;
  /** Samples inserted or removed to stretch time / samples played, 0 to 1. */
  stretchRatio?: number;
  /** The track was muted or its producer paused for the whole window. */
  muted?: boolean;
  /** Nothing but silence was sent for the whole window (DTX). */
  silent?: boolean;
  /** Packets this point saw in the window. */
  packets?: number;
  /** Packets that were sent towards this point over the same time: under half of them arriving is an outage. */
  expectedPackets?: number;
  /** False when ICE or DTLS never came up. */
  connected?: boolean;
  /** Samples played out in the window. */
  samples?: number;
}

/** Video as seen at a receiver, or as it stands at an earlier point of the path. */
export interface VideoInput extends DelayParts {
  source: 'camera' | 'screen';
  durationMs: number;
  /** vp8, vp9, h264, av1, h265; `video/VP8` is understood. */
  codec?: string;
  /** Payload bitrate of what is shown, bit/s. */
  bitrateBps?: number;
  frameWidth?: number;
  frameHeight?: number;
  /** Frames of the window / its length, frozen time included. */
  framesPerSecond?: number;
  /** The sender's frame rate. */
  expectedFramesPerSecond?: number;
  /** What was asked for, or sent at best, or is displayed; whichever is known and smallest. */
  expectedWidth?: number;
  expectedHeight?: number;
  /** Time without a new frame beyond what the sender's frame rate explains. */
  frozenMs?: number;
  /** Mean quantiser of the window's frames on the codec's own scale (VP8 0-127, VP9/AV1 0-255, H.264/H.265 0-51). */
  qpAverage?: number;
  /** Packets lost on the wire up to this point and not repaired, 0 to 1. */
  lossRatio?: number;
  /** One-way, capture to display. Where it is left out, the parts of {@link DelayParts} count. */
  delayMs?: number;
  /** Paused by its sender for the whole window. */
  muted?: boolean;
  /** Paused by its receiver for the whole window: nobody looks. */
  unwatched?: boolean;
  /** Paused by either for part of the window: what was paused and what was frozen cannot be told apart. */
  pausedPartly?: boolean;
  /** Stopped by decision: the call is audio only for this receiver. */
  paused?: boolean;
  connected?: boolean;
}

/** Judges audio; see audio.ts for what counts and docs/models.md for the models. */
export function scoreAudio(input: AudioInput): Score {
  return judgeAudio(input);
}

/** Judges video; see video.ts for the model. */
export function scoreVideo(input: VideoInput): Score {
  return judgeVideo(input);
}

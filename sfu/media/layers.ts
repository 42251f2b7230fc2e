/**
 * Which layers a consumer may send: the client's wish, bounded from above by what a decision allows. Pure.
 * The bandwidth estimation inside mediasoup chooses below that bound and is never overruled upwards.
 */

export interface Layers {
  readonly spatialLayer: number;
  readonly temporalLayer: number;
}

/** What decisions allow one receiver's video. */
export interface VideoLimit {
  /** No video at all: audio only, or the pause that lets the retransmission queue empty. */
  readonly paused: boolean;
  /** No audio either, for a moment. */
  readonly silent: boolean;
  /** Highest camera layers; null: no bound. Screen shares keep their only layer. */
  readonly cap: Layers | null;
  /** The bandwidth estimate of the receiver's transport does not fall below it, bit/s; 0: no bound. */
  readonly minOutgoingBitrateBps: number;
  /** What those who are heard are to send audio at, at the most, bit/s; 0: no bound. */
  readonly audioMaxBitrateBps: number;
  /** For people; empty where there is no limit. */
  readonly reason: string;
}

export const noLimit: VideoLimit = {
  paused: false,
  silent: false,
  cap: null,
  minOutgoingBitrateBps: 0,
  audioMaxBitrateBps: 0,
  reason: '',
};

/** Above every layer there is; mediasoup takes the highest that exists. */
export const topLayers: Layers = { spatialLayer: 7, temporalLayer: 7 };

export function effectiveLayers(wish: Layers | null, cap: Layers | null): Layers {
  const wanted = wish ?? topLayers;
  if (!cap) return wanted;
  return {
    spatialLayer: Math.min(wanted.spatialLayer, cap.spatialLayer),
    temporalLayer: Math.min(wanted.temporalLayer, cap.temporalLayer),
  };
}

export const sameLayers = (a: Layers | null, b: Layers | null): boolean =>
  a?.spatialLayer === b?.spatialLayer && a?.temporalLayer === b?.temporalLayer;

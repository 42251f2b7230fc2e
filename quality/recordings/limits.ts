/** How much of a recording is taken in: what bounds memory, whatever the file holds. */
export interface Limits {
  /** Longest line, and the longest whole text of a webrtc-internals dump, characters. */
  readonly lineLength: number;
  readonly textLength: number;
  /** Samples of statistics objects; one is about half a kilobyte. */
  readonly samples: number;
  readonly events: number;
  readonly connections: number;
  /** Statistics objects that one connection has at a time. */
  readonly objects: number;
}

/** Eight hours of a call of ten, sampled every two seconds, are within all of them. */
export const defaultLimits: Limits = {
  lineLength: 16 * 2 ** 20,
  textLength: 256 * 2 ** 20,
  samples: 1_500_000,
  events: 200_000,
  connections: 1_000,
  objects: 10_000,
};

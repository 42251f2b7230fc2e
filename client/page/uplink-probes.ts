/**
 * When to ask an uplink anew what it holds. Once a bottleneck is gone, the browser's estimate rises by some 8 % a second
 * only: it probes by itself while less is sent than the estimate allows, and what room there is it fills with padding, for
 * the layer that does not fit yet. From 100 kbit/s it takes 16 s until that layer is sent again. Pure.
 */

/** What the browser tells of its uplink at a moment. */
export interface UplinkSample {
  readonly atMs: number;
  /** RTCIceCandidatePairStats.availableOutgoingBitrate. */
  readonly estimateBps: number;
  /** What all that could be sent takes. */
  readonly wantedBps: number;
  /** Whether something is left out or sent smaller, RTCOutboundRtpStreamStats.qualityLimitationReason `bandwidth`. */
  readonly limited: boolean;
  /** RTCIceCandidatePairStats.currentRoundTripTime. */
  readonly roundTripMs: number;
}

/** A link that is still too narrow lets the estimate rise for some 3 s, then its queue pushes it down. */
const risesMs = 3_000;
/** A step down, not a wobble. */
const fallShare = 0.97;
/** Over the least round trip: no queue of somebody else's either. */
const queueMs = 25;
/** The least round trip is forgotten at this rate: a new path may be longer. */
const forgottenMsPerSecond = 0.5;
/** From one probe to the next while they do not help; a probe is some five packets in a row. */
const firstWaitMs = 5_000;
const longestWaitMs = 60_000;
/** So long nothing may have been left out for the waits to begin anew. */
const wellMs = 30_000;

export class UplinkProbes {
  private before: UplinkSample | undefined;
  private risingSinceMs = 0;
  private leastRoundTripMs = Number.POSITIVE_INFINITY;
  private waitMs = firstWaitMs;
  private notBeforeMs = 0;
  private wellSinceMs: number | undefined;

  /** @param sample two a second or so while `limited` @returns whether to probe, at `wantedBps` */
  next(sample: UplinkSample): boolean {
    const { atMs, estimateBps, roundTripMs } = sample;
    const { before } = this;
    this.before = sample;
    const forgottenMs = before ? ((atMs - before.atMs) / 1000) * forgottenMsPerSecond : 0;
    this.leastRoundTripMs = Math.min(this.leastRoundTripMs + forgottenMs, roundTripMs);

    if (!sample.limited || estimateBps >= sample.wantedBps) {
      this.wellSinceMs ??= atMs;
      return false;
    }
    if (this.wellSinceMs !== undefined) {
      if (atMs - this.wellSinceMs >= wellMs) this.waitMs = firstWaitMs;
      this.wellSinceMs = undefined;
      this.risingSinceMs = atMs;
    }
    if (!before || estimateBps < fallShare * before.estimateBps) this.risingSinceMs = atMs;
    const calm = roundTripMs <= this.leastRoundTripMs + queueMs;
    if (!calm || atMs - this.risingSinceMs < risesMs || atMs < this.notBeforeMs) return false;
    this.notBeforeMs = atMs + this.waitMs;
    this.waitMs = Math.min(2 * this.waitMs, longestWaitMs);
    return true;
  }
}

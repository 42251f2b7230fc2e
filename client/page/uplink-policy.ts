/**
 * What the page does for its own uplink: when it asks anew what the line holds, and when it sends less than the browser
 * would. Pure.
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
  /** Round trip over its least. */
  readonly queueMs: number;
}

/** The least round trip is forgotten at this rate: a new path may be longer. */
const forgottenMsPerSecond = 0.5;

export class QueueMeter {
  private leastMs = Number.POSITIVE_INFINITY;
  private beforeMs = 0;

  /** @returns ms that the round trip is over its least so far */
  read(atMs: number, roundTripMs: number): number {
    const forgottenMs = ((atMs - this.beforeMs) / 1000) * forgottenMsPerSecond;
    this.leastMs = Math.min(this.leastMs + forgottenMs, roundTripMs);
    this.beforeMs = atMs;
    return roundTripMs - this.leastMs;
  }
}

/** A link that is still too narrow lets the estimate rise for some 3 s, then its queue pushes it down. */
const risesMs = 3_000;
/** A step down, not a wobble. */
const fallShare = 0.97;
/** No queue, of somebody else's either. */
const calmMs = 25;
/**
 * A probe that neither a queue nor a fall followed was not made: after loss or delay the browser refuses for some seconds,
 * and for one after a probe of its own (libwebrtc's ProbeController). Asking again costs nothing.
 */
const refusedMs = 1_200;
const mostRefused = 4;
/**
 * After one that the line did not hold the next waits for a quarter of the time that the line has been narrow by then: a
 * short trouble is likelier to be over soon. A probe is some five packets in a row.
 */
const waitShare = 0.25;
const shortestWaitMs = 2_000;
const longestWaitMs = 20_000;
/** So long nothing may have been left out for a trouble to be over. */
const wellMs = 30_000;

/**
 * When to probe. Once a bottleneck is gone, the browser's estimate rises by some 8 % a second only: it probes by itself
 * while less is sent than the estimate allows, and what room there is it fills with padding, for the layer that does not
 * fit yet. From 100 kbit/s it takes 16 s until that layer is sent again.
 */
export class UplinkProbes {
  private before: UplinkSample | undefined;
  private narrowSinceMs = 0;
  private risingSinceMs = 0;
  /** Since the last that the line did not hold. */
  private probed = 0;
  private notBeforeMs = 0;
  /** null: it is narrow. */
  private wellSinceMs: number | null = Number.NEGATIVE_INFINITY;

  /** @param sample two a second or so while `limited` @returns whether to probe, at `wantedBps` */
  next(sample: UplinkSample): boolean {
    const { atMs, estimateBps, queueMs } = sample;
    const { before } = this;
    this.before = sample;
    if (!sample.limited || estimateBps >= sample.wantedBps) {
      this.wellSinceMs ??= atMs;
      return false;
    }
    if (this.wellSinceMs !== null) {
      if (atMs - this.wellSinceMs >= wellMs) this.begin(atMs);
      this.wellSinceMs = null;
      this.risingSinceMs = atMs;
    }
    const fell = !before || estimateBps < fallShare * before.estimateBps;
    if (fell) this.risingSinceMs = atMs;
    if (this.probed > 0 && (fell || queueMs > calmMs)) this.wait(atMs);
    const rises = atMs - this.risingSinceMs >= risesMs;
    if (!rises || queueMs > calmMs || atMs < this.notBeforeMs) return false;
    this.notBeforeMs = atMs + refusedMs;
    this.probed++;
    if (this.probed === mostRefused) this.wait(atMs);
    return true;
  }

  private begin(atMs: number): void {
    this.narrowSinceMs = atMs;
    this.probed = 0;
    this.notBeforeMs = 0;
  }

  private wait(atMs: number): void {
    const waitMs = waitShare * (atMs - this.narrowSinceMs);
    this.notBeforeMs = atMs + Math.min(Math.max(waitMs, shortestWaitMs), longestWaitMs);
    this.probed = 0;
  }
}

/** What Chromium sends at the least, whatever its estimate: sound and a lowest layer of 30 kbit/s, with their headers. */
const leastBps = 100_000;
/** What it sends besides, again, of what was lost, keeps a queue full that it could not fill otherwise. */
const standingMs = 100;
const standsForMs = 1_000;
/** The line holds what is sent at the least, with room for what is lost. */
const roomyBps = 1.5 * leastBps;
const holdMs = 3_000;

/**
 * When to send less than the browser sends at the least. A line that holds little more than that never empties its queue:
 * at 100 kbit/s packets are lost and sent again, up to twice the least, and the picture stands as long as the line is narrow.
 */
export class UplinkThinning {
  /** Whether less is sent, as of the last sample. */
  thin = false;
  private changedAtMs = 0;
  private standingSinceMs: number | undefined;

  /** @returns whether to send less from here on */
  next({ atMs, estimateBps, limited, queueMs }: UplinkSample): boolean {
    if (this.thin) {
      const roomy = !limited || estimateBps >= roomyBps;
      if (roomy && atMs - this.changedAtMs >= holdMs) this.change(false, atMs);
      return this.thin;
    }
    const stands = limited && estimateBps <= leastBps && queueMs >= standingMs;
    this.standingSinceMs = stands ? (this.standingSinceMs ?? atMs) : undefined;
    if (atMs - (this.standingSinceMs ?? atMs) >= standsForMs) this.change(true, atMs);
    return this.thin;
  }

  private change(thin: boolean, atMs: number): void {
    this.thin = thin;
    this.changedAtMs = atMs;
    this.standingSinceMs = undefined;
  }
}

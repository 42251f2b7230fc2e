/** The offset between this machine's clock and the server's, measured over the signaling socket. */

export interface ClockProbe {
  /** This machine's clock, epoch ms. */
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
  readonly serverTimeMs: number;
}

/**
 * The server's time stamp belongs somewhere between sending and receiving; taking the middle is wrong by at
 * most half the round trip, so the probe with the shortest one is the best (NTP's clock filter, RFC 5905
 * section 10).
 *
 * @returns ms to add to this machine's time; null without a probe
 */
export function estimateOffsetMs(probes: readonly ClockProbe[]): number | null {
  let best: ClockProbe | null = null;
  for (const probe of probes) {
    if (best === null || roundTripMs(probe) < roundTripMs(best)) best = probe;
  }
  return best && best.serverTimeMs - (best.sentAtMs + best.receivedAtMs) / 2;
}

const roundTripMs = (probe: ClockProbe) => Math.max(0, probe.receivedAtMs - probe.sentAtMs);

/**
 * When a stream's frames were captured, on the recorder's clock. Arrivals minus RTP time differ by what the way took;
 * the least difference is the way without queues. Followed over the call, so that two clocks that run apart by
 * 100 ppm stay together, and found anew where the stream itself jumped.
 */

/** The least difference of each such piece of time sets the next, ms. */
const pieceMs = 30_000;
/** Smaller drifts are left alone: moving times back and forth would be heard, ms. */
const leastDriftMs = 40;
/** A packet this late or early is no delay: the RTP clock began anew, ms. */
const jumpMs = 1_500;

export function captureClock(clockRate: number): (rtpTicks: number, arrivedMs: number) => number {
  let offset: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  let pieceEndsMs = 0;
  return (rtpTicks, arrivedMs) => {
    const rtpMs = (rtpTicks * 1_000) / clockRate;
    const difference = arrivedMs - rtpMs;
    if (offset === undefined || Math.abs(difference - offset) > jumpMs) {
      offset = difference;
      least = difference;
      pieceEndsMs = arrivedMs + pieceMs;
    }
    least = Math.min(least, difference);
    // A packet that was faster than all before shows that the way is shorter than thought.
    if (difference < offset - leastDriftMs) offset = difference;
    if (arrivedMs >= pieceEndsMs) {
      if (Math.abs(least - offset) > leastDriftMs) offset = least;
      least = Number.POSITIVE_INFINITY;
      pieceEndsMs = arrivedMs + pieceMs;
    }
    return rtpMs + offset;
  };
}

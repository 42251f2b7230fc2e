/**
 * One-way delay from mouth to ear along `sender -> SFU -> receiver`: the sum of its parts. Half a round
 * trip is the network only, and of one leg only; devices, codec and jitter buffer often weigh more.
 */

export interface DelayParts {
  /** Microphone, audio processing and encoder. @default 46.5 */
  captureMs?: number;
  /** Network from sender to SFU: half the round trip the sender's transport measures. */
  uplinkMs?: number;
  /** Within the SFU (and between SFU nodes). @default 1 */
  sfuMs?: number;
  /** Network from SFU to receiver: half the round trip the receiver's transport measures. */
  downlinkMs?: number;
  /** Mean time in the jitter buffer. */
  jitterBufferMs?: number;
  /** Decoder, mixer and loudspeaker; `totalPlayoutDelay` / samples where the browser tells. @default 30 */
  playoutMs?: number;
}

/**
 * Opus: 20 ms frame + 6.5 ms look-ahead (RFC 6716), and two 10 ms device buffers.
 */
export const typicalCaptureMs = 46.5;
/** mediasoup forwards within the event loop's turn. */
export const typicalSfuMs = 1;
/** One 10 ms render quantum mixed, and two device buffers. */
export const typicalPlayoutMs = 30;

/**
 * @returns the delay and which parts were assumed; `delayMs` is null when a network leg or the jitter buffer
 *   is not known: those vary by hundreds of milliseconds and nothing typical can stand in.
 */
export function mouthToEar(parts: DelayParts): { delayMs: number | null; assumed: string[] } {
  const assumed: string[] = [];
  const typical = (name: keyof DelayParts, value: number): number => {
    const known = parts[name];
    if (known !== undefined && Number.isFinite(known)) return known;
    assumed.push(name);
    return value;
  };
  const fixedMs =
    typical('captureMs', typicalCaptureMs) +
    typical('sfuMs', typicalSfuMs) +
    typical('playoutMs', typicalPlayoutMs);
  const { uplinkMs, downlinkMs, jitterBufferMs } = parts;
  if (uplinkMs === undefined || downlinkMs === undefined || jitterBufferMs === undefined) {
    return { delayMs: null, assumed };
  }
  return { delayMs: fixedMs + uplinkMs + downlinkMs + jitterBufferMs, assumed };
}

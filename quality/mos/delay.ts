/**
 * One-way delay from mouth to ear along `sender -> SFU -> receiver`: the sum of its parts. Half a round
 * trip is the network only, and of one leg only; devices, codec and jitter buffer often weigh more.
 */

import { finite } from './score-parts.ts';

export interface DelayParts {
  /** Microphone, audio processing and encoder. @default 46.5 */
  captureMs?: number;
  /** From the encoder to the SFU: the wait in the sender's queue, and half the round trip that its reports tell. */
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

/** Which parts stand for themselves where nothing is measured. The others vary by hundreds of milliseconds. */
const typicalMs = { captureMs: typicalCaptureMs, sfuMs: typicalSfuMs, playoutMs: typicalPlayoutMs } as const;

/**
 * @returns the delay and which parts were assumed; `delayMs` is null when a network leg or the jitter buffer
 *   is not known: nothing typical can stand in for them.
 */
export function mouthToEar(parts: DelayParts): { delayMs: number | null; assumed: string[] } {
  const assumed: string[] = [];
  let fixedMs = 0;
  for (const name of ['captureMs', 'sfuMs', 'playoutMs'] as const) {
    const known = finite(parts[name]);
    if (known === undefined) assumed.push(name);
    fixedMs += known ?? typicalMs[name];
  }
  const uplinkMs = finite(parts.uplinkMs);
  const downlinkMs = finite(parts.downlinkMs);
  const jitterBufferMs = finite(parts.jitterBufferMs);
  if (uplinkMs === undefined || downlinkMs === undefined || jitterBufferMs === undefined) {
    return { delayMs: null, assumed };
  }
  return { delayMs: fixedMs + uplinkMs + downlinkMs + jitterBufferMs, assumed };
}

/** How old the media are on their arrival at the SFU, or on leaving it; undefined where the uplink is not known. */
export function delayAtSfu(parts: DelayParts, leaving: boolean): number | undefined {
  const uplinkMs = finite(parts.uplinkMs);
  if (uplinkMs === undefined) return undefined;
  const withinMs = leaving ? (finite(parts.sfuMs) ?? typicalSfuMs) : 0;
  return (finite(parts.captureMs) ?? typicalCaptureMs) + uplinkMs + withinMs;
}

/**
 * The delay that a score counts: as told, else from its parts, else the parts that are known as a lower bound.
 */
export function countedDelay(input: DelayParts & { readonly delayMs?: number }): {
  ms: number;
  kind: 'told' | 'summed' | 'bound';
  missing: string[];
} {
  const told = finite(input.delayMs);
  if (told !== undefined) return { ms: Math.max(0, told), kind: 'told', missing: [] };
  const { delayMs, assumed } = mouthToEar(input);
  if (delayMs !== null) return { ms: Math.max(0, delayMs), kind: 'summed', missing: assumed };
  let boundMs = 0;
  for (const name of delayPartNames) boundMs += Math.max(0, finite(input[name]) ?? 0);
  return { ms: boundMs, kind: 'bound', missing: ['delayMs'] };
}

const delayPartNames = [
  'captureMs',
  'uplinkMs',
  'sfuMs',
  'downlinkMs',
  'jitterBufferMs',
  'playoutMs',
] as const;

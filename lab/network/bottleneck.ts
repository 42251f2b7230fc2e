/** The narrowest point of a path: a token bucket with a bounded drop-tail queue, in virtual time. */
import { headerBytes, type LinkSettings } from './settings.ts';

export type Bandwidth = NonNullable<LinkSettings['bandwidth']>;

export interface Bottleneck {
  /** When the packet's last bit has left, or null when the queue is full. Packets come in order of time. */
  admit(payloadBytes: number, nowMs: number, bandwidth: Bandwidth): number | null;
  /** How long a packet that came now would wait for those before it. */
  queueMs(nowMs: number): number;
}

export function createBottleneck(): Bottleneck {
  /** When the last admitted packet has left; the bucket's content is as of then. */
  let freeAtMs = Number.NEGATIVE_INFINITY;
  let tokens = 0;
  return {
    admit(payloadBytes, nowMs, { bitrateBps, burstBytes, queueMs, queueBytes }) {
      const bytesPerMs = bitrateBps / 8000;
      const bytes = payloadBytes + headerBytes;
      const startMs = Math.max(nowMs, freeAtMs);
      const idleMs = startMs - freeAtMs;
      const held = Math.min(burstBytes, idleMs === Infinity ? burstBytes : tokens + idleMs * bytesPerMs);
      const departMs = startMs + Math.max(0, bytes - held) / bytesPerMs;
      // An idle line takes a packet of any size, otherwise a short queue would block large packets for good.
      if (startMs > nowMs) {
        const waitMs = departMs - nowMs;
        if (waitMs > queueMs || waitMs * bytesPerMs > queueBytes) return null;
      }
      tokens = Math.max(0, held - bytes);
      freeAtMs = departMs;
      return departMs;
    },
    queueMs: (nowMs) => Math.max(0, freeAtMs - nowMs),
  };
}

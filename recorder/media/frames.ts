/**
 * From packets to frames: put in order, without doubles, whole frames only. Packets that came late (repaired by
 * retransmission) find their place, since this runs long after the call.
 */
import type { Packet, StreamInfo } from '../disk/segment.ts';
import { captureClock } from './clock.ts';
import { parseRtp, unwrapper } from './rtp.ts';
import { vp8Payload } from './vp8.ts';

export interface Frame {
  /** On the recorder's clock, epoch ms. */
  readonly timeMs: number;
  readonly key: boolean;
  readonly data: Buffer;
}

interface Ordered {
  readonly sequence: number;
  readonly timeMs: number;
  readonly ticks: number;
  readonly marker: boolean;
  readonly payload: Buffer;
}

/** A packet is waited for until this many later ones are there: more than two seconds of video. */
const reorderPackets = 512;

export type Codec = 'opus' | 'vp8';

export const codecOf = ({ mimeType }: Pick<StreamInfo, 'mimeType'>): Codec | null =>
  (({ 'audio/opus': 'opus', 'video/vp8': 'vp8' })[mimeType.toLowerCase()] as Codec | undefined) ?? null;

export async function* framesOf(
  info: StreamInfo,
  packets: AsyncIterable<Packet>,
): AsyncGenerator<Frame, void, undefined> {
  const ordered = inOrder(info, packets);
  yield* codecOf(info) === 'vp8' ? vp8Frames(ordered) : opusFrames(ordered);
}

async function* inOrder(info: StreamInfo, packets: AsyncIterable<Packet>): AsyncGenerator<Ordered> {
  const sequenceOf = unwrapper(16);
  const ticksOf = unwrapper(32);
  const captured = captureClock(info.clockRate);
  const waiting = new Map<number, Ordered>();
  let next: number | undefined;
  let greatest = 0;
  for await (const { atMs, rtp } of packets) {
    const header = parseRtp(rtp);
    if (!header || header.payloadType !== info.payloadType || header.ssrc !== info.ssrc) continue;
    const sequence = sequenceOf(header.sequence);
    const ticks = ticksOf(header.timestamp);
    next ??= sequence;
    // Too late, or here already. Nothing in it: padding that probes the way.
    if (sequence < next || waiting.has(sequence) || header.payload.length === 0) continue;
    const timeMs = captured(ticks, atMs);
    waiting.set(sequence, { sequence, timeMs, ticks, marker: header.marker, payload: header.payload });
    greatest = Math.max(greatest, sequence);
    for (;;) {
      const found = waiting.get(next);
      if (found) {
        waiting.delete(next);
        yield found;
      } else if (greatest - next < reorderPackets) break;
      next += 1;
    }
  }
  for (const one of [...waiting.values()].sort((a, b) => a.sequence - b.sequence)) yield one;
}

/** One packet, one frame (RFC 7587, section 4.2). */
async function* opusFrames(ordered: AsyncIterable<Ordered>): AsyncGenerator<Frame> {
  for await (const { timeMs, payload } of ordered) yield { timeMs, key: true, data: payload };
}

/** A picture is whole from its first partition to the marker without a gap (RFC 7741). */
async function* vp8Frames(ordered: AsyncIterable<Ordered>): AsyncGenerator<Frame> {
  let parts: Buffer[] = [];
  let last: Ordered | undefined;
  for await (const packet of ordered) {
    const vp8 = vp8Payload(packet.payload);
    if (!vp8) continue;
    const continues =
      parts.length > 0 && last?.sequence === packet.sequence - 1 && last.ticks === packet.ticks;
    if (!continues) parts = [];
    if (parts.length > 0 || vp8.begins) parts.push(vp8.data);
    last = packet;
    if (packet.marker && parts.length > 0) {
      const data = Buffer.concat(parts);
      yield { timeMs: packet.timeMs, key: (data[0]! & 1) === 0, data };
      parts = [];
    }
  }
}

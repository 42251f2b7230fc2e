/**
 * The file that a stream's packets are kept in: appended to only, each record with its length and checksum, so that
 * whatever a crash leaves can be read up to the last whole record.
 *
 * `CSRTP001`, then records: length u32, CRC-32 u32 (both little-endian), then that many bytes: kind u8, arrival f64
 * (epoch ms), payload. The first record of a file describes the stream.
 */
import { crc32 } from 'node:zlib';
import { z } from 'zod';

export const magic = Buffer.from('CSRTP001');

const kinds = { stream: 1, rtp: 2 } as const;
const headBytes = 8;
const kindBytes = 9;
/** The largest UDP datagram, and a description of a stream, fit. */
const mostRecordBytes = 70_000;

export const streamInfoSchema = z.object({
  streamId: z.string(),
  producerId: z.string(),
  participantId: z.string(),
  displayName: z.string(),
  kind: z.enum(['audio', 'video']),
  source: z.enum(['microphone', 'camera', 'screen']),
  mimeType: z.string(),
  payloadType: z.number(),
  clockRate: z.number(),
  channels: z.number(),
  ssrc: z.number(),
  audioLevelId: z.number().nullable(),
});
export type StreamInfo = z.infer<typeof streamInfoSchema>;

export interface Packet {
  /** When it came, epoch ms. */
  readonly atMs: number;
  readonly rtp: Buffer;
}

export const streamRecord = (info: StreamInfo, atMs: number): Buffer =>
  record(kinds.stream, atMs, Buffer.from(JSON.stringify(info)));

export const rtpRecord = ({ atMs, rtp }: Packet): Buffer => record(kinds.rtp, atMs, rtp);

function record(kind: number, atMs: number, payload: Buffer): Buffer {
  const whole = Buffer.allocUnsafe(headBytes + kindBytes + payload.length);
  whole.writeUInt8(kind, headBytes);
  whole.writeDoubleLE(atMs, headBytes + 1);
  payload.copy(whole, headBytes + kindBytes);
  whole.writeUInt32LE(whole.length - headBytes, 0);
  whole.writeUInt32LE(crc32(whole.subarray(headBytes)), 4);
  return whole;
}

export interface Segment {
  /** null where not even that was written whole. */
  readonly info: StreamInfo | null;
  readonly packets: Packet[];
  /** Bytes after the last whole record: what a crash cut off. */
  readonly tornBytes: number;
}

/** Never throws: what cannot be read is left out, and counted. */
export function readSegment(file: Buffer): Segment {
  const packets: Packet[] = [];
  let info: StreamInfo | null = null;
  let at = magic.length;
  if (!file.subarray(0, magic.length).equals(magic)) return { info, packets, tornBytes: file.length };
  while (at + headBytes + kindBytes <= file.length) {
    const length = file.readUInt32LE(at);
    const end = at + headBytes + length;
    if (length < kindBytes || length > mostRecordBytes || end > file.length) break;
    const content = file.subarray(at + headBytes, end);
    if (crc32(content) !== file.readUInt32LE(at + 4)) break;
    const payload = content.subarray(kindBytes);
    const atMs = content.readDoubleLE(1);
    if (content[0] === kinds.rtp) packets.push({ atMs, rtp: payload });
    else if (content[0] === kinds.stream) info = described(payload);
    at = end;
  }
  return { info, packets, tornBytes: file.length - at };
}

function described(payload: Buffer): StreamInfo | null {
  try {
    return streamInfoSchema.parse(JSON.parse(payload.toString()));
  } catch {
    return null;
  }
}

/** RTP headers (RFC 3550, section 5.1) and their extensions (RFC 8285), as far as a recorder needs them. */

export interface RtpHeader {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Buffer;
}

/** null for what is no RTP packet. */
export function parseRtp(packet: Buffer): RtpHeader | null {
  if (packet.length < 12 || packet[0]! >> 6 !== 2) return null;
  const first = packet[0]!;
  let at = 12 + 4 * (first & 0x0f);
  if (first & 0x10) {
    if (at + 4 > packet.length) return null;
    at += 4 + 4 * packet.readUInt16BE(at + 2);
  }
  const padding = first & 0x20 ? packet[packet.length - 1]! : 0;
  const end = packet.length - padding;
  if (at > end) return null;
  return {
    payloadType: packet[1]! & 0x7f,
    marker: (packet[1]! & 0x80) !== 0,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    payload: packet.subarray(at, end),
  };
}

/** RFC 5761, section 4: what shares the port with RTP and is none. */
export const isRtcp = (packet: Buffer): boolean =>
  packet.length >= 8 && packet[1]! >= 192 && packet[1]! <= 223;

/** Speech level of RFC 6464, 0 (loudest) to 127 (silence); null where the packet does not say. */
export function audioLevel(packet: Buffer, extensionId: number): number | null {
  if (!(packet[0]! & 0x10)) return null;
  let at = 12 + 4 * (packet[0]! & 0x0f);
  if (at + 4 > packet.length) return null;
  const profile = packet.readUInt16BE(at);
  const end = Math.min(packet.length, at + 4 + 4 * packet.readUInt16BE(at + 2));
  const twoBytes = (profile & 0xfff0) === 0x1000;
  if (!twoBytes && profile !== 0xbede) return null;
  at += 4;
  while (at < end) {
    const byte = packet[at]!;
    if (byte === 0) {
      at += 1;
      continue;
    }
    const id = twoBytes ? byte : byte >> 4;
    const length = twoBytes ? (packet[at + 1] ?? 0) : (byte & 0x0f) + 1;
    const value = at + (twoBytes ? 2 : 1);
    if (id === extensionId && length >= 1 && value < end) return packet[value]! & 0x7f;
    at = value + length;
  }
  return null;
}

/** Numbers that wrap, made to rise: each is taken as the nearest to the greatest before. */
export function unwrapper(bits: 16 | 32): (value: number) => number {
  const size = 2 ** bits;
  let greatest: number | undefined;
  return (value) => {
    if (greatest === undefined) {
      greatest = value;
      return value;
    }
    const base = greatest - (greatest % size) + value;
    const nearest = [base - size, base, base + size].reduce((a, b) =>
      Math.abs(b - greatest!) < Math.abs(a - greatest!) ? b : a,
    );
    greatest = Math.max(greatest, nearest);
    return nearest;
  };
}

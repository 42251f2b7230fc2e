/** VP8 in RTP (RFC 7741, section 4.2) and the size in a key frame (RFC 6386, section 9.1). */

/** Without the payload descriptor; null for what is cut short. `begins`: a picture starts with it. */
export function vp8Payload(payload: Buffer): { data: Buffer; begins: boolean } | null {
  if (payload.length < 2) return null;
  const first = payload[0]!;
  const begins = (first & 0x10) !== 0 && (first & 0x07) === 0;
  let at = 1;
  if (first & 0x80) {
    const extension = payload[at++]!;
    if (extension & 0x80) at += (payload[at] ?? 0) & 0x80 ? 2 : 1;
    if (extension & 0x40) at += 1;
    if (extension & 0x30) at += 1;
  }
  return at < payload.length ? { data: payload.subarray(at), begins } : null;
}

/** Pixels of a key frame; null where it is none. */
export function vp8Size(frame: Buffer): { width: number; height: number } | null {
  if (frame.length < 10 || (frame[0]! & 1) !== 0) return null;
  if (frame[3] !== 0x9d || frame[4] !== 0x01 || frame[5] !== 0x2a) return null;
  return { width: frame.readUInt16LE(6) & 0x3fff, height: frame.readUInt16LE(8) & 0x3fff };
}

/**
 * A cursor over protobuf bytes (https://protobuf.dev/programming-guides/encoding) that trusts nothing: every
 * read is checked against the end of the message it belongs to, and what does not fit is a coded error.
 */
import { CollectorError } from '../../errors.ts';

/** Wire types; groups (3, 4) are obsolete and refused. */
export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Tags as they stand on the wire: field number and wire type in one number. */
export const varintField = (field: number): number => field * 8 + wire.varint;
export const fixed64Field = (field: number): number => field * 8 + wire.fixed64;
export const bytesField = (field: number): number => field * 8 + wire.bytes;

const two32 = 2 ** 32;

export class Reader {
  readonly #buffer: Buffer;
  #position: number;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = 0;
    this.#end = bytes.byteLength;
  }

  /**
   * Reads the fields of a message to its end: the whole input, or the nested message at the cursor.
   * @param field is given each tag and must read or `skip` the value
   */
  message(field: (tag: number) => void): void {
    while (this.#position < this.#end) field(this.#tag());
  }

  /** A length-delimited message at the cursor. */
  nested(field: (tag: number) => void): void {
    const outer = this.#enter();
    this.message(field);
    this.#end = outer;
  }

  /** Repeated scalars in one length-delimited run. */
  packed(read: () => void): void {
    const outer = this.#enter();
    while (this.#position < this.#end) read();
    this.#end = outer;
  }

  /** An unsigned varint up to 2^53; larger ones lose their lowest bits. */
  uint(): number {
    const [low, high] = this.#varint();
    return high * two32 + low;
  }

  /** A signed 64-bit varint (not zigzag): a number where it is exact, else a bigint. */
  int64(): number | bigint {
    const [low, high] = this.#varint();
    const signedHigh = high | 0;
    if (signedHigh >= -0x20_0000 && signedHigh < 0x20_0000) return signedHigh * two32 + low;
    return (BigInt(signedHigh) << 32n) | BigInt(low);
  }

  bool(): boolean {
    const [low, high] = this.#varint();
    return low !== 0 || high !== 0;
  }

  double(): number {
    return this.#buffer.readDoubleLE(this.#advance(8));
  }

  /** An unsigned fixed64 as a number; beyond 2^53 it loses its lowest bits. */
  fixed64(): number {
    const at = this.#advance(8);
    return this.#buffer.readUInt32LE(at + 4) * two32 + this.#buffer.readUInt32LE(at);
  }

  /** A signed sfixed64 as a number; beyond 2^53 it loses its lowest bits. */
  sfixed64(): number {
    const at = this.#advance(8);
    return this.#buffer.readInt32LE(at + 4) * two32 + this.#buffer.readUInt32LE(at);
  }

  /** A fixed64 of nanoseconds as milliseconds, exact to a fraction of a microsecond for times of this century. */
  nanosAsMs(): number {
    const at = this.#advance(8);
    return this.#buffer.readUInt32LE(at + 4) * (two32 / 1e6) + this.#buffer.readUInt32LE(at) / 1e6;
  }

  /** Bytes that are not UTF-8 become U+FFFD. */
  string(): string {
    const length = this.uint();
    const start = this.#advance(length);
    return this.#buffer.toString('utf8', start, start + length);
  }

  hex(): string {
    const length = this.uint();
    const start = this.#advance(length);
    return this.#buffer.toString('hex', start, start + length);
  }

  /** A copy, so that it does not keep the request's body alive. */
  bytes(): Uint8Array {
    const length = this.uint();
    const start = this.#advance(length);
    return new Uint8Array(this.#buffer.subarray(start, start + length));
  }

  /** Passes over a field that is not known here. */
  skip(tag: number): void {
    switch (tag & 7) {
      case wire.varint:
        this.#varint();
        return;
      case wire.fixed64:
        this.#advance(8);
        return;
      case wire.bytes:
        this.#advance(this.uint());
        return;
      case wire.fixed32:
        this.#advance(4);
        return;
      default:
        throw this.#malformed(`wire type ${tag & 7} of field ${tag >>> 3}`);
    }
  }

  #tag(): number {
    const [low, high] = this.#varint();
    if (high !== 0 || low >>> 3 === 0) throw this.#malformed('a field number out of range');
    return low;
  }

  #enter(): number {
    const length = this.uint();
    const start = this.#advance(length);
    const outer = this.#end;
    this.#position = start;
    this.#end = start + length;
    return outer;
  }

  /** Moves over `length` bytes and returns where they start. */
  #advance(length: number): number {
    const start = this.#position;
    if (length > this.#end - start)
      throw this.#malformed(`${length} bytes wanted, ${this.#end - start} left`);
    this.#position = start + length;
    return start;
  }

  /** Low and high half, both unsigned. */
  #varint(): [number, number] {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#position >= this.#end) throw this.#malformed('a number that is cut off');
      const byte = this.#buffer[this.#position++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) return [low >>> 0, high >>> 0];
    }
    throw this.#malformed('a number of more than 10 bytes');
  }

  #malformed(what: string): CollectorError {
    return new CollectorError('malformed', `not a protobuf message: ${what} at byte ${this.#position}`);
  }
}

/** Bytes that grow: strings in ClickHouse's binary form, each its length (a varint) and its UTF-8. */

const firstCapacity = 1_024;

export class Bytes {
  data: Buffer;
  length = 0;

  constructor(memory: Buffer = Buffer.allocUnsafeSlow(firstCapacity)) {
    this.data = memory;
  }

  /** Room for `more` bytes after `length`. */
  reserve(more: number): void {
    const wanted = this.length + more;
    if (wanted <= this.data.length) return;
    let capacity = this.data.length * 2;
    while (capacity < wanted) capacity *= 2;
    const data = Buffer.allocUnsafeSlow(capacity);
    this.data.copy(data, 0, 0, this.length);
    this.data = data;
  }

  varint(value: number): void {
    this.reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.data[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.data[this.length++] = rest;
  }

  string(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.varint(bytes);
    this.reserve(bytes);
    this.length += this.data.write(text, this.length, bytes, 'utf8');
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.data.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** The bytes from `start` to the end once more, and again, until they stand there `times` times in all. */
  repeatTail(start: number, times: number): void {
    const size = this.length - start;
    const end = start + size * times;
    this.reserve(end - this.length);
    while (this.length < end) {
      const copied = Math.min(this.length - start, end - this.length);
      this.data.copyWithin(this.length, start, start + copied);
      this.length += copied;
    }
  }

  view(): Buffer {
    return this.data.subarray(0, this.length);
  }
}

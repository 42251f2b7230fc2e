/** Bytes that grow: strings in ClickHouse's binary form, each its length (a varint) and its UTF-8. */

const firstCapacity = 1_024;

export class Bytes {
  data: Buffer;
  /** The same bytes, for those who write words. */
  words: DataView;
  length = 0;

  constructor(memory: Buffer = Buffer.allocUnsafeSlow(firstCapacity)) {
    this.data = memory;
    this.words = wordsOf(memory);
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
    this.words = wordsOf(data);
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

  /** What `part` holds, `times` times; a zero byte each where it holds nothing. */
  repeat(part: Bytes, times: number): void {
    const start = this.length;
    const size = Math.max(part.length, 1);
    const end = start + size * times;
    this.reserve(end - start);
    if (part.length === 0) this.data.fill(0, start, end);
    else {
      for (let i = 0; i < size; i++) this.data[start + i] = part.data[i]!;
      for (let done = size; done < end - start; done *= 2) {
        this.data.copyWithin(start + done, start, start + Math.min(done, end - start - done));
      }
    }
    this.length = end;
  }

  view(): Buffer {
    return this.data.subarray(0, this.length);
  }
}

const wordsOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Columns under construction, in the layout of ClickHouse's Native format, so that a block is their bytes one after
 * the other. Values are set by row, in rising order; rows that are passed over hold the column's absent value.
 */
import { Bytes } from './bytes.ts';

export interface Column {
  /** Some row holds a value: a column without any is left out of the block. */
  used: boolean;
  /** Room for `rows` rows. */
  grow(rows: number): void;
  /** As the row mappers give it; `undefined` is never set. */
  set(row: number, value: unknown): void;
  /** Remembers where it stands, for `rollback`. */
  mark(rows: number): void;
  /** Gives up the rows from `rows` on; none at or beyond `written` was ever set. */
  rollback(rows: number, written: number): void;
  /** Forgets all rows, keeps its memory. */
  clear(rows: number): void;
  /** The bytes of the first `rows` rows. */
  write(rows: number, into: Bytes): void;
  /** For tests and error messages: the value as it would be read. */
  get(row: number): unknown;
}

const two32 = 2 ** 32;

/** 64-bit integers as two words: no BigInt on the way. Times, counters and signed counts. */
export class IntColumn implements Column {
  used = false;
  readonly nullable: boolean;
  values = new Uint32Array(0);
  nulls = new Uint8Array(0);

  constructor(nullable: boolean) {
    this.nullable = nullable;
  }

  grow(rows: number): void {
    const values = new Uint32Array(rows * 2);
    values.set(this.values);
    this.values = values;
    if (!this.nullable) return;
    const nulls = new Uint8Array(rows).fill(1);
    nulls.set(this.nulls);
    this.nulls = nulls;
  }

  set(row: number, value: unknown): void {
    if (typeof value === 'number') this.setNumber(row, value);
    else {
      const bits = BigInt.asUintN(64, BigInt(value as string | bigint));
      this.setWords(row, Number(bits & 0xffff_ffffn), Number(bits >> 32n));
    }
  }

  /** @param value a whole number */
  setNumber(row: number, value: number): void {
    this.setWords(row, value, Math.floor(value / two32));
  }

  setWords(row: number, low: number, high: number): void {
    this.used = true;
    this.values[row * 2] = low;
    this.values[row * 2 + 1] = high;
    if (this.nullable) this.nulls[row] = 0;
  }

  mark(): void {}

  rollback(rows: number, written: number): void {
    this.values.fill(0, rows * 2, written * 2);
    this.nulls.fill(1, rows, written);
  }

  clear(rows: number): void {
    if (!this.used) return;
    this.used = false;
    this.values.fill(0, 0, rows * 2);
    this.nulls.fill(1, 0, rows);
  }

  write(rows: number, into: Bytes): void {
    if (this.nullable) into.append(this.nulls.subarray(0, rows));
    into.append(new Uint8Array(this.values.buffer, 0, rows * 8));
  }

  get(row: number): bigint | undefined {
    if (this.nullable && this.nulls[row] === 1) return undefined;
    return (BigInt(this.values[row * 2 + 1]! | 0) << 32n) | BigInt(this.values[row * 2]!);
  }
}

export class FloatColumn implements Column {
  used = false;
  readonly nullable: boolean;
  values = new Float64Array(0);
  nulls = new Uint8Array(0);

  constructor(nullable: boolean) {
    this.nullable = nullable;
  }

  grow(rows: number): void {
    const values = new Float64Array(rows);
    values.set(this.values);
    this.values = values;
    if (!this.nullable) return;
    const nulls = new Uint8Array(rows).fill(1);
    nulls.set(this.nulls);
    this.nulls = nulls;
  }

  set(row: number, value: unknown): void {
    this.setNumber(row, value as number);
  }

  setNumber(row: number, value: number): void {
    this.used = true;
    this.values[row] = value;
    if (this.nullable) this.nulls[row] = 0;
  }

  mark(): void {}

  rollback(rows: number, written: number): void {
    this.values.fill(0, rows, written);
    this.nulls.fill(1, rows, written);
  }

  clear(rows: number): void {
    if (!this.used) return;
    this.used = false;
    this.values.fill(0, 0, rows);
    this.nulls.fill(1, 0, rows);
  }

  write(rows: number, into: Bytes): void {
    if (this.nullable) into.append(this.nulls.subarray(0, rows));
    into.append(new Uint8Array(this.values.buffer, 0, rows * 8));
  }

  get(row: number): number | undefined {
    return this.nullable && this.nulls[row] === 1 ? undefined : this.values[row];
  }
}

export class FlagColumn implements Column {
  used = false;
  values = new Uint8Array(0);
  nulls = new Uint8Array(0);

  grow(rows: number): void {
    const values = new Uint8Array(rows);
    values.set(this.values);
    this.values = values;
    const nulls = new Uint8Array(rows).fill(1);
    nulls.set(this.nulls);
    this.nulls = nulls;
  }

  set(row: number, value: unknown): void {
    this.used = true;
    this.values[row] = value === true ? 1 : 0;
    this.nulls[row] = 0;
  }

  mark(): void {}

  rollback(rows: number, written: number): void {
    this.values.fill(0, rows, written);
    this.nulls.fill(1, rows, written);
  }

  clear(rows: number): void {
    if (!this.used) return;
    this.used = false;
    this.values.fill(0, 0, rows);
    this.nulls.fill(1, 0, rows);
  }

  write(rows: number, into: Bytes): void {
    into.append(this.nulls.subarray(0, rows));
    into.append(this.values.subarray(0, rows));
  }

  get(row: number): boolean | undefined {
    return this.nulls[row] === 1 ? undefined : this.values[row] === 1;
  }
}

/**
 * Text. Rows that are passed over hold the `otherwise` of their time: what a sender says once for all of its
 * records is written once and copied.
 */
export class TextColumn implements Column {
  used = false;
  readonly #bytes = new Bytes();
  #filled = 0;
  /** The text in its binary form; none is ''. */
  readonly #otherwise = new Bytes();
  #markedLength = 0;
  #markedFilled = 0;

  grow(): void {}

  set(row: number, value: unknown): void {
    this.fill(row);
    this.used = true;
    this.#bytes.string(value as string);
    this.#filled = row + 1;
  }

  /** `text` for rows from `row` on that are not set. */
  setOtherwise(row: number, text: string): void {
    this.fill(row);
    this.#otherwise.length = 0;
    if (text === '') return;
    this.#otherwise.string(text);
    this.used = true;
  }

  /**
   * Bytes that are ASCII, at most 16,383 of them.
   * @returns false where they are not: nothing is set then
   */
  setAscii(row: number, from: DataView, start: number, length: number): boolean {
    this.fill(row);
    const bytes = this.#bytes;
    bytes.reserve(length + 2);
    const { data, words } = bytes;
    let at = bytes.length;
    if (length > 0x7f) data[at++] = (length & 0x7f) | 0x80;
    data[at++] = length > 0x7f ? length >>> 7 : length;
    let bits = 0;
    if (length < 4) {
      for (let i = 0; i < length; i++) {
        const byte = from.getUint8(start + i);
        bits |= byte;
        data[at + i] = byte;
      }
    } else {
      // In words, of which the last may overlap the one before it.
      const last = length - 4;
      for (let i = 0; i < last; i += 4) {
        const word = from.getInt32(start + i, true);
        bits |= word;
        words.setInt32(at + i, word, true);
      }
      const word = from.getInt32(start + last, true);
      bits |= word;
      words.setInt32(at + last, word, true);
    }
    if ((bits & 0x8080_8080) !== 0) return false;
    bytes.length = at + length;
    this.#filled = row + 1;
    this.used = true;
    return true;
  }

  fill(row: number): void {
    const missing = row - this.#filled;
    if (missing <= 0) return;
    this.#bytes.repeat(this.#otherwise, missing);
    this.#filled = row;
  }

  mark(rows: number): void {
    this.fill(rows);
    this.#otherwise.length = 0;
    this.#markedLength = this.#bytes.length;
    this.#markedFilled = this.#filled;
  }

  rollback(): void {
    this.#bytes.length = this.#markedLength;
    this.#filled = this.#markedFilled;
    this.#otherwise.length = 0;
  }

  clear(): void {
    this.used = false;
    this.#bytes.length = 0;
    this.#filled = 0;
    this.#otherwise.length = 0;
  }

  write(rows: number, into: Bytes): void {
    this.fill(rows);
    into.append(this.#bytes.view());
  }

  get(row: number): string {
    this.fill(row + 1);
    return stringAt(this.#bytes.view(), row);
  }
}

/** Slow: from the start. */
function stringAt(bytes: Buffer, index: number): string {
  let at = 0;
  for (let i = 0; ; i++) {
    let length = 0;
    let shift = 0;
    for (let byte = 0x80; byte > 0x7f; shift += 7) {
      byte = bytes[at++]!;
      length |= (byte & 0x7f) << shift;
    }
    if (i === index) return bytes.toString('utf8', at, at + length);
    at += length;
  }
}

/** Slots of the table from a hash of a word's bytes to its number. */
const hashSlots = 256;

/** A dictionary of words, and each row's number in it. Number 0 is ''. */
export class WordColumn implements Column {
  used = false;
  #numbers = new Uint32Array(0);
  #words: string[] = [''];
  #wordBytes: Uint8Array[] = [new Uint8Array(0)];
  readonly #byWord = new Map<string, number>([['', 0]]);
  readonly #byHash = new Uint32Array(hashSlots);

  grow(rows: number): void {
    const numbers = new Uint32Array(rows);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }

  set(row: number, value: unknown): void {
    this.used = true;
    this.#numbers[row] = this.#numberOf(value as string);
  }

  /** Bytes that are ASCII. @returns false where they are not: nothing is set then */
  setAscii(row: number, from: DataView, start: number, length: number): boolean {
    let hash = length;
    if (length < 4) for (let i = 0; i < length; i++) hash = hash * 31 + from.getUint8(start + i);
    else hash += from.getInt32(start, true) ^ Math.imul(from.getInt32(start + length - 4, true), 0x9e37_79b1);
    const slot = (hash ^ (hash >>> 16) ^ (hash >>> 8)) & (hashSlots - 1);
    let number = this.#byHash[slot]!;
    if (!sameBytes(this.#wordBytes[number]!, from, start, length)) {
      const word = asciiAt(from, start, length);
      if (word === undefined) return false;
      number = this.#numberOf(word);
      this.#byHash[slot] = number;
    }
    this.used = true;
    this.#numbers[row] = number;
    return true;
  }

  #numberOf(word: string): number {
    const known = this.#byWord.get(word);
    if (known !== undefined) return known;
    const number = this.#words.push(word) - 1;
    this.#wordBytes.push(Buffer.from(word));
    this.#byWord.set(word, number);
    return number;
  }

  mark(): void {}

  /** Words that only the rows given up had stay in the dictionary: they cost nothing but their bytes. */
  rollback(rows: number, written: number): void {
    this.#numbers.fill(0, rows, written);
  }

  clear(rows: number): void {
    if (!this.used) return;
    this.used = false;
    this.#numbers.fill(0, 0, rows);
    this.#words = [''];
    this.#wordBytes = [new Uint8Array(0)];
    this.#byWord.clear();
    this.#byWord.set('', 0);
    this.#byHash.fill(0);
  }

  /** Version 1, then one dictionary of its own (0x200) with numbers of the smallest width that holds them. */
  write(rows: number, into: Bytes): void {
    const width = this.#words.length <= 0x100 ? 0 : this.#words.length <= 0x1_0000 ? 1 : 2;
    const head = new BigUint64Array([1n, BigInt(0x200 | width), BigInt(this.#words.length)]);
    into.append(new Uint8Array(head.buffer));
    for (const word of this.#words) into.string(word);
    into.append(new Uint8Array(new BigUint64Array([BigInt(rows)]).buffer));
    const numbers = this.#numbers.subarray(0, rows);
    const narrow = width === 0 ? Uint8Array.from(numbers) : width === 1 ? Uint16Array.from(numbers) : numbers;
    into.append(new Uint8Array(narrow.buffer, narrow.byteOffset, narrow.byteLength));
  }

  get(row: number): string {
    return this.#words[this.#numbers[row]!]!;
  }
}

function sameBytes(word: Uint8Array, from: DataView, start: number, length: number): boolean {
  if (word.length !== length) return false;
  for (let i = 0; i < length; i++) if (word[i] !== from.getUint8(start + i)) return false;
  return true;
}

function asciiAt(from: DataView, start: number, length: number): string | undefined {
  const bytes = Buffer.from(from.buffer as ArrayBuffer, from.byteOffset + start, length);
  return bytes.some((byte) => byte > 0x7f) ? undefined : bytes.toString('latin1');
}

/** Lists of numbers: few rows have them (histograms), so they are kept as they come. */
export class ListColumn implements Column {
  used = false;
  readonly #whole: boolean;
  readonly #lists: (readonly number[] | undefined)[] = [];

  /** @param whole UInt64, else Float64 */
  constructor(whole: boolean) {
    this.#whole = whole;
  }

  grow(): void {}

  set(row: number, value: unknown): void {
    const list = value as readonly number[];
    this.#lists.length = row + 1;
    this.#lists[row] = list;
    if (list.length > 0) this.used = true;
  }

  mark(): void {}

  rollback(rows: number): void {
    this.#lists.length = Math.min(this.#lists.length, rows);
  }

  clear(): void {
    this.used = false;
    this.#lists.length = 0;
  }

  write(rows: number, into: Bytes): void {
    const ends = new BigUint64Array(rows);
    const values: number[] = [];
    for (let row = 0; row < rows; row++) {
      for (const value of this.#lists[row] ?? []) values.push(value);
      ends[row] = BigInt(values.length);
    }
    into.append(new Uint8Array(ends.buffer));
    const numbers = this.#whole ? BigUint64Array.from(values, BigInt) : Float64Array.from(values);
    into.append(new Uint8Array(numbers.buffer));
  }

  get(row: number): readonly number[] {
    return this.#lists[row] ?? [];
  }
}

/** What has no column of its own: text by name. */
export class MapColumn implements Column {
  used = false;
  #ends = new Float64Array(0);
  #filled = 0;
  #entries = 0;
  readonly #keys = new Bytes();
  readonly #values = new Bytes();
  #marked = { filled: 0, entries: 0, keys: 0, values: 0 };

  grow(rows: number): void {
    const ends = new Float64Array(rows);
    ends.set(this.#ends);
    this.#ends = ends;
  }

  set(row: number, value: unknown): void {
    this.#fill(row);
    const entries = value as Readonly<Record<string, string>>;
    for (const key in entries) {
      this.#keys.string(key);
      this.#values.string(entries[key]!);
      this.#entries++;
      this.used = true;
    }
    this.#ends[row] = this.#entries;
    this.#filled = row + 1;
  }

  #fill(row: number): void {
    if (row > this.#filled) this.#ends.fill(this.#entries, this.#filled, row);
    this.#filled = Math.max(this.#filled, row);
  }

  mark(rows: number): void {
    this.#fill(rows);
    this.#marked = {
      filled: this.#filled,
      entries: this.#entries,
      keys: this.#keys.length,
      values: this.#values.length,
    };
  }

  rollback(): void {
    this.#filled = this.#marked.filled;
    this.#entries = this.#marked.entries;
    this.#keys.length = this.#marked.keys;
    this.#values.length = this.#marked.values;
  }

  clear(): void {
    this.used = false;
    this.#filled = 0;
    this.#entries = 0;
    this.#keys.length = 0;
    this.#values.length = 0;
  }

  write(rows: number, into: Bytes): void {
    this.#fill(rows);
    const ends = BigUint64Array.from(this.#ends.subarray(0, rows), BigInt);
    into.append(new Uint8Array(ends.buffer));
    into.append(this.#keys.view());
    into.append(this.#values.view());
  }

  get(row: number): Record<string, string> {
    this.#fill(row + 1);
    const map: Record<string, string> = {};
    for (let i = row === 0 ? 0 : this.#ends[row - 1]!; i < this.#ends[row]!; i++) {
      map[stringAt(this.#keys.view(), i)] = stringAt(this.#values.view(), i);
    }
    return map;
  }
}

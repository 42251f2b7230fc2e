/**
 * How the samples of one kind are read: every attribute that has a column, by the bytes of its key. Exporters write
 * the attributes of one kind in much the same order each time, so the reader first tries the one that followed
 * last time.
 */
import { attributeName, identityColumns } from '../../telemetry/identity.ts';
import type { StatsKind } from '../../telemetry/stats.ts';
import { mayHoldAddress } from '../rows/address.ts';
import type { ColumnType } from './definitions.ts';

/** What is done with a value, as numbers for the reader's switch. */
export const action = {
  /** Text of the identity. */
  identity: 0,
  /** Said by the token: read over. */
  ignored: 1,
  text: 2,
  word: 3,
  count: 4,
  signed: 5,
  gauge: 6,
  flag: 7,
  /** Text that may hold an address. */
  address: 8,
} as const;

const actions: Partial<Record<ColumnType, number>> = {
  text: action.text,
  word: action.word,
  gauge: action.gauge,
  flag: action.flag,
};

export interface Slot {
  readonly name: string;
  readonly column: string;
  readonly action: number;
  readonly key: Buffer;
  /** The key in words of four bytes from its start; the last one ends with the key and may overlap. */
  readonly words: Int32Array;
  /** Durations may be told as fractions, which are rounded. */
  readonly rounds: boolean;
  /** Slot that followed this one last time. */
  next: number;
  /** Record in which it was seen last. */
  seen: number;
  /** How its attribute looked last time. */
  readonly shape: AttributeShape;
}

/**
 * An attribute as it stood in the record before: its bytes up to the value (lengths, key, the value's type) in words of
 * eight, of which the last ends with them and may overlap. They come again in record after record, so that one
 * comparison stands for reading and checking each length.
 *
 * The words are compared as floats, which is what DataView reads fastest. All bytes are below 0x80 and not all zero, so
 * none is NaN or a zero with a sign, and equal floats are equal bytes.
 */
export interface AttributeShape {
  readonly words: Float64Array;
  /** Of words; 0 while there is no shape. */
  wordCount: number;
  /** Bytes before the value. */
  headBytes: number;
  /** Bytes of the whole attribute. */
  bytes: number;
}

/** Attributes whose heads are longer are read the longer way. */
export const maxShapeBytes = 96;

export class LogPlan {
  readonly kind: StatsKind;
  readonly nameBytes: Buffer;
  readonly slots: readonly Slot[];
  /** Slot that came first last time. */
  first = 0;
  readonly #byKey = new Map<string, number>();

  /** @param tokenColumns said by the writer's token or key */
  constructor(kind: StatsKind, tokenColumns: ReadonlySet<string>) {
    this.kind = kind;
    this.nameBytes = Buffer.from(kind.event);
    const identity = identityColumns.map((column) =>
      slot(column, tokenColumns.has(column) ? action.ignored : action.identity),
    );
    const members = kind.members.map(({ column, type }) => {
      if (type === 'count' || type === 'seconds') return slot(column, action.count, type === 'seconds');
      if (type === 'signed') return slot(column, action.signed);
      const plain = type === 'id' ? action.text : actions[type]!;
      const isText = type === 'id' || type === 'word';
      return slot(column, isText && mayHoldAddress(column) ? action.address : plain);
    });
    this.slots = [...identity, ...members];
    this.slots.forEach(({ name }, index) => {
      this.#byKey.set(name, index);
    });
  }

  /** @returns -1 where the key has no column */
  find(body: Buffer, start: number, length: number): number {
    return this.#byKey.get(body.toString('latin1', start, start + length)) ?? -1;
  }
}

function slot(column: string, what: number, rounds = false): Slot {
  const name = attributeName(column);
  const key = Buffer.from(name);
  const starts = Array.from({ length: Math.ceil(key.length / 4) }, (_, i) => Math.min(i * 4, key.length - 4));
  const words = Int32Array.from(starts, (start) => key.readInt32LE(start));
  const shape = { words: new Float64Array(maxShapeBytes / 8), wordCount: 0, headBytes: 0, bytes: 0 };
  return { name, column, action: what, key, words, rounds, next: 0, seen: 0, shape };
}

/**
 * ExportLogsServiceRequest bytes straight into columns, for the bulk of all telemetry: samples whose attributes are
 * those of the vocabulary, in any order. No object is made for an attribute.
 *
 * It takes only what is plain. Whatever is not (a key given twice, a value of another type than its column's, an
 * encoding that no exporter writes, a message that does not add up) makes it give up, and the whole request is read
 * the general way instead (otlp/protobuf, rows/logs), which decides what it comes to. So this reader can be wrong in
 * one way only: by taking something and making another row of it; a test compares the two over generated requests.
 */
import { statsKindsByEvent } from '../../telemetry/stats.ts';
import { CollectorError } from '../errors.ts';
import { Budget, maxItems, maxRecords } from '../otlp/limits.ts';
import type { Attributes } from '../otlp/model.ts';
import { readAnyValue, readResource } from '../otlp/protobuf/common.ts';
import { readLogRecord } from '../otlp/protobuf/logs.ts';
import { Reader } from '../otlp/protobuf/reader.ts';
import { truncateAddresses } from '../rows/address.ts';
import { AttributeMap } from '../rows/attributes.ts';
import { correctedTime, storableTime } from '../rows/clock.ts';
import { columnsOfToken, maxIdLength, type Writer } from '../rows/identity.ts';
import { isSfuEvent, type LogSender, logRow, logSender } from '../rows/logs.ts';
import type { FlagColumn, FloatColumn, IntColumn, TextColumn, WordColumn } from './column.ts';
import { type AttributeShape, action, LogPlan, maxShapeBytes } from './log-plan.ts';
import type { TableColumns } from './table.ts';
import type { ColumnTables } from './tables.ts';

/** The shortest attribute has 8 bytes. Longer bodies could hold more values than a request may: counted elsewhere. */
const maxBytes = maxItems * 7;
/** Longest values that are surely within the bounds of words and ids, whatever their characters. */
const maxWordBytes = 256;
const maxTextBytes = 512;

const two32 = 2 ** 32;
const nanosHigh = two32 / 1e6;
/** A time of -2^53 and beyond is not a whole number to the general way. */
const lowestHigh = -0x20_0000;

const giveUp = Symbol('not plain');

/** By the columns that the writer's token says: there are three kinds of writers. */
const plans = new Map<ReadonlySet<string>, readonly LogPlan[]>();

function plansOf(writer: Writer): readonly LogPlan[] {
  const tokenColumns = columnsOfToken(writer);
  let list = plans.get(tokenColumns);
  if (!list) {
    list = [...statsKindsByEvent.values()]
      .filter((kind) => writer.kind === 'server' || !isSfuEvent(kind.event))
      .map((kind) => new LogPlan(kind, tokenColumns));
    plans.set(tokenColumns, list);
  }
  return list;
}

/**
 * @returns false where the request is not plain; what was written of it must be rolled back then
 */
export function readPlainLogs(
  body: Buffer,
  writer: Writer,
  receivedAtMs: number,
  tables: ColumnTables,
): boolean {
  if (body.length > maxBytes) return false;
  try {
    new PlainLogs(body, writer, receivedAtMs, tables).request();
    return true;
  } catch (error) {
    // A read beyond the end is a RangeError of DataView; what is malformed is for the general way to say.
    if (error === giveUp || error instanceof RangeError || error instanceof CollectorError) return false;
    throw error;
  }
}

/** Counts records, so that each has a number of its own: no slot need be cleared between them. */
let recordNumber = 0;

/** The attribute from `start` to `end`, whose value begins at `valueAt`, is how `shape` looks from now on. */
function remember(shape: AttributeShape, view: DataView, start: number, valueAt: number, end: number): void {
  const headBytes = valueAt - start;
  shape.wordCount = 0;
  // Lengths of two bytes are rare here, and would not be words that can be compared.
  if (headBytes > maxShapeBytes || end - start > 0x7f) return;
  const last = Math.ceil(headBytes / 8) - 1;
  for (let i = 0; i < last; i++) shape.words[i] = view.getFloat64(start + i * 8, true);
  shape.words[last] = view.getFloat64(valueAt - 8, true);
  shape.wordCount = last + 1;
  shape.headBytes = headBytes;
  shape.bytes = end - start;
}

class PlainLogs {
  readonly #body: Buffer;
  readonly #view: DataView;
  readonly #writer: Writer;
  readonly #receivedAtMs: number;
  readonly #tables: ColumnTables;
  readonly #plans: readonly LogPlan[];
  readonly #budget = new Budget();
  #records = 0;
  #at = 0;
  /** The kind of the record before. */
  #plan: LogPlan;
  #low = 0;
  #high = 0;

  constructor(body: Buffer, writer: Writer, receivedAtMs: number, tables: ColumnTables) {
    this.#body = body;
    this.#view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    this.#writer = writer;
    this.#receivedAtMs = receivedAtMs;
    this.#tables = tables;
    this.#plans = plansOf(writer);
    this.#plan = this.#plans[0]!;
  }

  request(): void {
    const end = this.#body.length;
    while (this.#at < end) {
      if (this.#body[this.#at] !== 0x0a) throw giveUp;
      this.#at++;
      this.#resourceLogs(this.#lengthEnd(end));
    }
  }

  #resourceLogs(end: number): void {
    let sender: LogSender | undefined;
    const resource: Attributes = new Map();
    while (this.#at < end) {
      const tag = this.#body[this.#at]!;
      if (tag === 0x0a) {
        // A resource told twice, or after the records it is of.
        if (sender) throw giveUp;
        const start = ++this.#at;
        const resourceEnd = this.#lengthEnd(end);
        readResource(new Reader(this.#body.subarray(start, resourceEnd)), this.#budget, resource);
        this.#at = resourceEnd;
        sender = logSender(this.#writer, resource, this.#receivedAtMs);
      } else if (tag === 0x12) {
        this.#at++;
        sender ??= logSender(this.#writer, resource, this.#receivedAtMs);
        this.#scopeLogs(this.#lengthEnd(end), sender);
      } else this.#skipField(end);
    }
    if (this.#at !== end) throw giveUp;
  }

  #scopeLogs(end: number, sender: LogSender): void {
    while (this.#at < end) {
      if (this.#body[this.#at] !== 0x12) {
        this.#skipField(end);
        continue;
      }
      const start = ++this.#at;
      const recordEnd = this.#lengthEnd(end);
      if (++this.#records > maxRecords) throw giveUp;
      const plan = this.#planOf(this.#at, recordEnd);
      if (plan) this.#sample(plan, this.#at, recordEnd, sender);
      else {
        const reader = new Reader(this.#body.subarray(start, recordEnd));
        logRow(sender, readLogRecord(reader, this.#budget), this.#tables);
      }
      this.#at = recordEnd;
    }
    if (this.#at !== end) throw giveUp;
  }

  /** The kind by the event name, which exporters write last; `#sample` makes sure. */
  #planOf(start: number, end: number): LogPlan | undefined {
    if (this.#namedAtEnd(this.#plan, start, end)) return this.#plan;
    for (const plan of this.#plans) {
      if (!this.#namedAtEnd(plan, start, end)) continue;
      this.#plan = plan;
      return plan;
    }
    return undefined;
  }

  #namedAtEnd({ nameBytes }: LogPlan, start: number, end: number): boolean {
    const { length } = nameBytes;
    const at = end - length;
    if (at < start + 2 || this.#body[at - 1] !== length || this.#body[at - 2] !== 0x62) return false;
    for (let i = length - 1; i >= 0; i--) if (this.#body[at + i] !== nameBytes[i]) return false;
    return true;
  }

  #sample(plan: LogPlan, start: number, end: number, sender: LogSender): void {
    const body = this.#body;
    const view = this.#view;
    const { slots } = plan;
    const table = this.#tableOf(plan, sender);
    table.ensure();
    const row = table.rows;
    const columns = table.slotColumns as readonly object[];
    const record = ++recordNumber;
    const nameAt = end - plan.nameBytes.length - 2;
    let timeMs = 0;
    let observedMs = 0;
    let callKnown = sender.identity.call_id !== undefined;
    let rest: AttributeMap | undefined;
    let previous = -1;
    let guess = plan.first;
    let at = start;

    while (at < nameAt) {
      const guessed = slots[guess]!;
      const { shape } = guessed;
      const { wordCount } = shape;
      let slot = guessed;
      let found = guess;
      let pairEnd = at + shape.bytes;
      let valueAt = at + shape.headBytes;
      let same = wordCount > 0 && pairEnd <= nameAt;
      if (same) {
        const { words } = shape;
        const last = wordCount - 1;
        let i = 0;
        while (i < last && view.getFloat64(at + i * 8, true) === words[i]) i++;
        same = i === last && view.getFloat64(valueAt - 8, true) === words[last];
      }

      if (!same) {
        const start = at;
        const tag = body[at]!;
        if (tag !== 0x32) {
          if (tag === 0x09 && at + 9 <= nameAt) {
            timeMs = view.getUint32(at + 5, true) * nanosHigh + view.getUint32(at + 1, true) / 1e6;
            at += 9;
          } else if (tag === 0x59 && at + 9 <= nameAt) {
            observedMs = view.getUint32(at + 5, true) * nanosHigh + view.getUint32(at + 1, true) / 1e6;
            at += 9;
          } else if (tag === 0x62) throw giveUp;
          else if (tag === 0x2a) {
            // A text beside the event: not stored with samples.
            this.#at = at + 1;
            const bodyEnd = this.#lengthEnd(nameAt);
            if (body[this.#at++] !== 0x0a || this.#lengthEnd(bodyEnd) !== bodyEnd) throw giveUp;
            at = bodyEnd;
          } else {
            this.#at = at;
            this.#skipField(nameAt);
            at = this.#at;
          }
          continue;
        }
        let size = body[at + 1]!;
        at += 2;
        if (size > 0x7f) {
          const more = body[at++]!;
          if (more > 0x7f) throw giveUp;
          size = (size & 0x7f) | (more << 7);
        }
        pairEnd = at + size;
        const keySize = body[at + 1]!;
        const keyAt = at + 2;
        at = keyAt + keySize;
        // The shortest pair has a key, a value's tag and length, and the value's own tag.
        if (pairEnd > nameAt || body[keyAt - 2] !== 0x0a || keySize > 0x7f || at + 3 > pairEnd) throw giveUp;

        found = -1;
        if (guessed.key.length === keySize) {
          const { words } = guessed;
          const last = words.length - 1;
          let i = 0;
          while (i < last && view.getInt32(keyAt + i * 4, true) === words[i]) i++;
          if (i === last && view.getInt32(at - 4, true) === words[last]) found = guess;
        }
        if (found < 0) found = plan.find(body, keyAt, keySize);

        if (body[at] !== 0x12) throw giveUp;
        let valueSize = body[at + 1]!;
        at += 2;
        if (valueSize > 0x7f) {
          const more = body[at++]!;
          if (more > 0x7f) throw giveUp;
          valueSize = (valueSize & 0x7f) | (more << 7);
        }
        if (at + valueSize !== pairEnd || valueSize < 2) throw giveUp;

        if (found < 0) {
          const reader = new Reader(body.subarray(at - (valueSize > 0x7f ? 2 : 1), pairEnd));
          rest ??= new AttributeMap(this.#tables.redaction);
          const name = body.toString('utf8', keyAt, keyAt + keySize);
          // Twice, with or without prefix: which one counts is for the general way to say.
          if (rest.has(name)) throw giveUp;
          rest.set(name, readAnyValue(reader, this.#budget));
          at = pairEnd;
          continue;
        }
        slot = slots[found]!;
        valueAt = at + 1;
        if (previous < 0) plan.first = found;
        else slots[previous]!.next = found;
        remember(slot.shape, view, start, valueAt, pairEnd);
      }

      if (slot.seen === record) throw giveUp;
      slot.seen = record;
      previous = found;
      guess = slot.next;
      const column = columns[found]!;
      const type = body[valueAt - 1]!;

      if (type === 0x18) {
        const bytes = pairEnd - valueAt;
        let low = body[valueAt]!;
        let high = 0;
        if (bytes === 1) {
          if (low > 0x7f) throw giveUp;
        } else if (bytes === 3) {
          const second = body[valueAt + 1]!;
          const third = body[valueAt + 2]!;
          if (low < 0x80 || second < 0x80 || third > 0x7f) throw giveUp;
          low = (low & 0x7f) | ((second & 0x7f) << 7) | (third << 14);
        } else {
          this.#varint(valueAt, pairEnd);
          low = this.#low;
          high = this.#high;
        }
        if (slot.action === action.count && high < 0x8000_0000) {
          (column as IntColumn).setWords(row, low, high);
        } else if (slot.action === action.signed) {
          if ((high | 0) === lowestHigh) throw giveUp;
          (column as IntColumn).setWords(row, low, high);
        } else if (slot.action === action.gauge) {
          const signedHigh = high | 0;
          if (signedHigh < lowestHigh || signedHigh >= -lowestHigh) throw giveUp;
          (column as FloatColumn).setNumber(row, signedHigh * two32 + low);
        } else throw giveUp;
      } else if (type === 0x21) {
        if (pairEnd - valueAt !== 8) throw giveUp;
        const value = view.getFloat64(valueAt, true);
        if (slot.action === action.gauge && value - value === 0) {
          (column as FloatColumn).setNumber(row, value);
        } else if (slot.action === action.count && value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
          const whole = slot.rounds ? Math.round(value) : value;
          if (!Number.isInteger(whole)) throw giveUp;
          (column as IntColumn).setNumber(row, whole);
        } else throw giveUp;
      } else if (type === 0x0a) {
        let length = body[valueAt]!;
        let textAt = valueAt + 1;
        if (length > 0x7f) {
          const more = body[textAt++]!;
          if (more > 0x7f) throw giveUp;
          length = (length & 0x7f) | (more << 7);
        }
        if (textAt + length !== pairEnd) throw giveUp;
        switch (slot.action) {
          case action.ignored:
            break;
          case action.identity:
            if (length === 0) break;
            if (length > maxIdLength) throw giveUp;
            if (!(column as TextColumn).setAscii(row, view, textAt, length)) throw giveUp;
            if (slot.column === 'call_id') callKnown = true;
            break;
          case action.text:
            if (length > maxTextBytes) throw giveUp;
            if (!(column as TextColumn).setAscii(row, view, textAt, length)) {
              (column as TextColumn).set(row, body.toString('utf8', textAt, pairEnd));
            }
            break;
          case action.word:
            if (length > maxWordBytes) throw giveUp;
            if (!(column as WordColumn).setAscii(row, view, textAt, length)) {
              (column as WordColumn).set(row, body.toString('utf8', textAt, pairEnd));
            }
            break;
          case action.address:
            if (length > maxWordBytes) throw giveUp;
            (column as TextColumn).set(row, truncateAddresses(body.toString('utf8', textAt, pairEnd)));
            break;
          default:
            throw giveUp;
        }
      } else if (type === 0x10) {
        if (pairEnd - valueAt !== 1 || body[valueAt]! > 1 || slot.action !== action.flag) throw giveUp;
        (column as FlagColumn).set(row, body[valueAt] === 1);
      } else throw giveUp;
      at = pairEnd;
    }
    if (at !== nameAt || !callKnown) throw giveUp;

    const { clock, receivedAtMs } = sender;
    const clientTimeMs = timeMs || observedMs || receivedAtMs;
    table.time.setNumber(row, correctedTime(clientTimeMs, clock, receivedAtMs));
    table.clientTime.setNumber(row, storableTime(clientTimeMs));
    table.receivedAt.setNumber(row, receivedAtMs);
    if (rest) table.attributes.set(row, rest.entries);
    table.rows++;
  }

  /** The kind's table, told once what the sender says of all of its records. */
  #tableOf(plan: LogPlan, sender: LogSender): TableColumns {
    const table = this.#tables.open(plan.kind.table);
    if (table.sender !== sender) {
      table.sender = sender;
      table.slotColumns ??= plan.slots.map(({ column }) => table.columns.get(column)!);
      for (const [column, otherwise] of table.identity) {
        otherwise.setOtherwise(table.rows, sender.identity[column] ?? '');
      }
    }
    return table;
  }

  /** Into `#low` and `#high`, both unsigned. */
  #varint(start: number, end: number): void {
    const body = this.#body;
    let at = start;
    let low = 0;
    let high = 0;
    let byte = 0x80;
    for (let shift = 0; byte > 0x7f; shift += 7) {
      if (at >= end || shift > 63) throw giveUp;
      byte = body[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
    }
    if (at !== end) throw giveUp;
    this.#low = low >>> 0;
    this.#high = high >>> 0;
  }

  /** Reads the length at the cursor. @returns where what it is of ends */
  #lengthEnd(outer: number): number {
    const body = this.#body;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift > 21 || this.#at >= outer) throw giveUp;
      const byte = body[this.#at++]!;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const end = this.#at + length;
    if (end > outer) throw giveUp;
    return end;
  }

  /** A field of a one-byte tag that is not read here. */
  #skipField(end: number): void {
    const tag = this.#body[this.#at++]!;
    if (tag > 0x7f || tag >>> 3 === 0) throw giveUp;
    switch (tag & 7) {
      case 0:
        for (let bytes = 0; ; bytes++) {
          if (this.#at >= end || bytes > 9) throw giveUp;
          if (this.#body[this.#at++]! < 0x80) return;
        }
      case 1:
        this.#at += 8;
        break;
      case 2:
        this.#at = this.#lengthEnd(end);
        break;
      case 5:
        this.#at += 4;
        break;
      default:
        throw giveUp;
    }
    if (this.#at > end) throw giveUp;
  }
}

/**
 * A small OTLP encoder: log records and spans to protobuf bytes (opentelemetry-proto 1.x, wire format of
 * protobuf 3). It writes only the fields Callscope sends. Field numbers are those of the .proto files:
 * logs/v1, trace/v1, common/v1, resource/v1 and collector/{logs,trace}/v1.
 */
import type { AttributeValue } from './contract.ts';

export type AttributeList = readonly (readonly [key: string, value: AttributeValue])[];

export interface LogRecord {
  readonly eventName: string;
  /** Client clock, epoch ms. */
  readonly timeMs: number;
  readonly attributes: AttributeList;
}

export interface Span {
  /** 32 and 16 lower-case hex digits. */
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  /** Client clock, epoch ms. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: AttributeList;
  /** Set for a failed span. */
  readonly error?: string;
}

/** Encoded records (or spans) that share a resource, ready to be put into a request. */
export interface ResourceRecords {
  readonly resource: AttributeList;
  readonly chunks: readonly Uint8Array[];
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const TWO_32 = 4294967296;
const textEncoder = new TextEncoder();

/** One encoded `LogRecord` each, as the repeated field 2 of ScopeLogs. */
export function encodeLogRecords(records: readonly LogRecord[]): Uint8Array {
  const out = shared.begin();
  for (const record of records) {
    const start = out.open(2);
    out.time(1, record.timeMs);
    attributes(out, 6, record.attributes);
    out.string(12, record.eventName);
    out.close(start);
  }
  return out.bytes();
}

/** One encoded `Span` each, as the repeated field 2 of ScopeSpans. */
export function encodeSpans(spans: readonly Span[]): Uint8Array {
  const out = shared.begin();
  for (const span of spans) {
    const start = out.open(2);
    out.raw(1, fromHex(span.traceId));
    out.raw(2, fromHex(span.spanId));
    if (span.parentSpanId) out.raw(4, fromHex(span.parentSpanId));
    out.string(5, span.name);
    out.varint(6, 3); // SPAN_KIND_CLIENT
    out.time(7, span.startMs);
    out.time(8, span.endMs);
    attributes(out, 9, span.attributes);
    if (span.error !== undefined) {
      const status = out.open(15);
      out.string(2, span.error);
      out.varint(3, 2); // STATUS_CODE_ERROR
      out.close(status);
    }
    out.close(start);
  }
  return out.bytes();
}

/**
 * A whole Export{Logs,Trace}ServiceRequest. The two messages have the same shape down to the records, so one
 * function serves both.
 */
export function encodeRequest(scopeName: string, parts: readonly ResourceRecords[]): Uint8Array<ArrayBuffer> {
  const out = shared.begin();
  for (const { resource, chunks } of parts) {
    const resourceRecords = out.open(1);
    const resourceMessage = out.open(1);
    attributes(out, 1, resource);
    out.close(resourceMessage);
    const scopeRecords = out.open(2);
    const scopeMessage = out.open(1);
    out.string(1, scopeName);
    out.close(scopeMessage);
    for (const chunk of chunks) out.append(chunk);
    out.close(scopeRecords);
    out.close(resourceRecords);
  }
  return out.bytes();
}

function attributes(out: Writer, field: number, list: AttributeList): void {
  for (const [key, value] of list) {
    const keyValue = out.open(field);
    out.append(encodedText(key));
    const anyValue = out.open(2);
    if (typeof value === 'string') out.append(encodedText(value));
    else if (typeof value === 'boolean') out.varint(2, value ? 1 : 0);
    else if (Number.isSafeInteger(value)) out.varint(3, value);
    else out.double(4, value);
    out.close(anyValue);
    out.close(keyValue);
  }
}

/** More than the names of all members and the ids of a large call; beyond it the cache starts anew. */
const CACHE_LIMIT = 2_000;
/** Longer texts (comments, user agents) are rare and not worth keeping. */
const CACHED_LENGTH = 64;
const cache = new Map<string, Uint8Array>();

/**
 * Field 1 with a string: the form of both `KeyValue.key` and `AnyValue.string_value`. Cached, because the same
 * names, ids and words go out with every sample, and encoding text is a call out of JavaScript.
 */
function encodedText(text: string): Uint8Array {
  const known = cache.get(text);
  if (known) return known;
  const utf8 = textEncoder.encode(text);
  const bytes = new Uint8Array(1 + varintSize(utf8.length) + utf8.length);
  bytes[0] = 8 + BYTES;
  let at = 1;
  for (let rest = utf8.length; ; rest >>>= 7) {
    bytes[at++] = rest > 127 ? (rest & 127) | 128 : rest;
    if (rest <= 127) break;
  }
  bytes.set(utf8, at);
  if (cache.size >= CACHE_LIMIT) cache.clear();
  if (text.length <= CACHED_LENGTH) cache.set(text, bytes);
  return bytes;
}

function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

/** Grows as needed. Lengths of nested messages are put in when the message is closed. */
class Writer {
  private buffer: Uint8Array<ArrayBuffer>;
  private view: DataView<ArrayBuffer>;
  private at = 0;

  constructor(capacity: number) {
    this.buffer = new Uint8Array(capacity);
    this.view = new DataView(this.buffer.buffer);
  }

  begin(): this {
    this.at = 0;
    return this;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.buffer.slice(0, this.at);
  }

  /** Begins a nested message; one byte is kept for its length, which is enough for most. */
  open(field: number): number {
    this.reserve(16);
    this.unsigned(field * 8 + BYTES);
    return this.at++;
  }

  close(start: number): void {
    const length = this.at - start - 1;
    if (length > 127) {
      const extra = varintSize(length) - 1;
      this.reserve(extra);
      this.buffer.copyWithin(start + 1 + extra, start + 1, this.at);
      const end = this.at + extra;
      this.at = start;
      this.unsigned(length);
      this.at = end;
    } else {
      this.buffer[start] = length;
    }
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  raw(field: number, bytes: Uint8Array): void {
    this.reserve(16);
    this.unsigned(field * 8 + BYTES);
    this.unsigned(bytes.length);
    this.append(bytes);
  }

  string(field: number, text: string): void {
    const start = this.open(field);
    // UTF-8 needs at most three bytes for each UTF-16 unit.
    this.reserve(text.length * 3);
    this.at += textEncoder.encodeInto(text, this.buffer.subarray(this.at)).written;
    this.close(start);
  }

  /** A safe integer as int64: negative numbers take ten bytes, in two's complement. */
  varint(field: number, value: number): void {
    this.reserve(16);
    this.unsigned(field * 8 + VARINT);
    if (value >= 0) {
      this.unsigned(value);
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) this.buffer[this.at++] = Number(rest & 127n) | 128;
    this.buffer[this.at++] = Number(rest);
  }

  double(field: number, value: number): void {
    this.reserve(16);
    this.unsigned(field * 8 + FIXED64);
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** Epoch milliseconds as fixed64 nanoseconds, in two halves because a double cannot hold them. */
  time(field: number, epochMs: number): void {
    this.reserve(16);
    this.unsigned(field * 8 + FIXED64);
    const us = Math.round(epochMs * 1000);
    const low = (us % TWO_32) * 1000;
    this.view.setUint32(this.at, low % TWO_32, true);
    this.view.setUint32(this.at + 4, Math.floor(us / TWO_32) * 1000 + Math.floor(low / TWO_32), true);
    this.at += 8;
  }

  private unsigned(value: number): void {
    let rest = value;
    // Above 31 bits the bit operators would wrap, hence the division.
    while (rest > 0x7fffffff) {
      this.buffer[this.at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.buffer[this.at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.buffer[this.at++] = rest;
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const bigger = new Uint8Array(Math.max(this.buffer.length * 2, this.at + bytes));
    bigger.set(this.buffer);
    this.buffer = bigger;
    this.view = new DataView(bigger.buffer);
  }
}

/** One for all: encoding is synchronous, and its results are copies. Holds a sample of a small call as it is. */
const shared = new Writer(32_768);

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
}

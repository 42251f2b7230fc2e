/**
 * Samples as OTLP protobuf (opentelemetry-proto 1.x, logs/v1 and common/v1): the same records that opentelemetry-js
 * writes of them, at a tenth of the work. Names and identities are the same second after second, and are encoded once.
 */
import type { Attributes } from '@opentelemetry/api';
import { attributeName } from '../../telemetry/identity.ts';
import { type Identity, prefixed, type SampleRecord } from './SampleRecord.ts';

const utf8 = new TextEncoder();
const two32 = 2 ** 32;
/** Field numbers with their wire types. */
const tag = {
  resourceLogs: 0x0a,
  resource: 0x0a,
  scopeLogs: 0x12,
  scope: 0x0a,
  logRecords: 0x12,
  timeUnixNano: 0x09,
  attributes: 0x32,
  observedTimeUnixNano: 0x59,
  eventName: 0x62,
  resourceAttributes: 0x0a,
  scopeName: 0x0a,
  key: 0x0a,
  value: 0x12,
  stringValue: 0x0a,
  boolValue: 0x10,
  intValue: 0x18,
  doubleValue: 0x21,
} as const;

/** @param records of one origin. @returns an ExportLogsServiceRequest */
export function encodeSamples(records: readonly SampleRecord[]): Uint8Array<ArrayBuffer> {
  const [first] = records;
  out.at = 0;
  if (first) {
    // Lengths stand before what they measure: the records first, then what they are wrapped in, put in front.
    for (const record of records) writeRecord(record);
    const body = out.taken();
    out.at = 0;
    const scope = field(tag.scope, field(tag.scopeName, utf8.encode(first.instrumentationScope.name)));
    const resource = field(
      tag.resource,
      encodedAttributes(tag.resourceAttributes, first.resource.attributes),
    );
    const scopeLogsBytes = scope.length + body.length;
    const resourceLogsBytes = resource.length + 1 + varintBytes(scopeLogsBytes) + scopeLogsBytes;
    out.byte(tag.resourceLogs);
    out.varint(resourceLogsBytes);
    out.bytes(resource);
    out.byte(tag.scopeLogs);
    out.varint(scopeLogsBytes);
    out.bytes(scope);
    out.bytes(body);
  }
  return out.taken();
}

function writeRecord({ eventName, identity, values, timeMs, observedMs }: SampleRecord): void {
  out.byte(tag.logRecords);
  const start = out.at;
  // Two bytes for the length; a sample has some hundreds.
  out.at += 2;
  out.byte(tag.timeUnixNano);
  out.time(timeMs);
  out.bytes(encodedIdentity(identity));
  for (const column in values) {
    const value = values[column];
    if (value !== undefined) writeAttribute(tag.attributes, encodedKey(column), value);
  }
  out.byte(tag.observedTimeUnixNano);
  out.time(observedMs);
  out.bytes(encodedEventName(eventName));
  out.closeLength(start);
}

type Value = Attributes[string];

function writeAttribute(tagOf: number, key: Uint8Array, value: Value): void {
  const kind = typeof value;
  out.byte(tagOf);
  if (kind === 'number') {
    const number = value as number;
    const isInt = Number.isSafeInteger(number);
    const bytes = 1 + (isInt ? intBytes(number) : 8);
    out.varint(key.length + 2 + bytes);
    out.bytes(key);
    out.byte(tag.value);
    out.byte(bytes);
    if (isInt) {
      out.byte(tag.intValue);
      out.int(number);
    } else {
      out.byte(tag.doubleValue);
      out.double(number);
    }
  } else if (kind === 'boolean') {
    out.varint(key.length + 4);
    out.bytes(key);
    out.byte(tag.value);
    out.byte(2);
    out.byte(tag.boolValue);
    out.byte(value ? 1 : 0);
  } else {
    const text = encodedText(String(value));
    out.varint(key.length + 1 + varintBytes(text.length) + text.length);
    out.bytes(key);
    out.byte(tag.value);
    out.varint(text.length);
    out.bytes(text);
  }
}

const encodedName = (name: string) => field(tag.key, utf8.encode(name));

const encodedAttributes = (tagOf: number, attributes: Attributes) =>
  apart(() => {
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== undefined) writeAttribute(tagOf, encodedName(name), value);
    }
  });

/** There are as many as telemetry/stats.ts names. */
const keys = new Map<string, Uint8Array>();
const encodedKey = (column: string) => once(keys, column, () => encodedName(attributeName(column)));

const eventNames = new Map<string, Uint8Array>();
const encodedEventName = (name: string) =>
  once(eventNames, name, () => field(tag.eventName, utf8.encode(name)));

const identities = new WeakMap<Identity, Uint8Array>();
const encodedIdentity = (identity: Identity) =>
  once(identities, identity, () => encodedAttributes(tag.attributes, prefixed(identity)));

/** Words of few values mostly; where ids come among them it starts anew. */
const mostTexts = 2_000;
const texts = new Map<string, Uint8Array>();

/** As AnyValue. */
function encodedText(text: string): Uint8Array {
  if (texts.size >= mostTexts) texts.clear();
  return once(texts, text, () => field(tag.stringValue, utf8.encode(text)));
}

interface Cache<Key> {
  get(key: Key): Uint8Array | undefined;
  set(key: Key, bytes: Uint8Array): unknown;
}

function once<Key>(cache: Cache<Key>, key: Key, encode: () => Uint8Array): Uint8Array {
  const known = cache.get(key);
  if (known) return known;
  const bytes = encode();
  cache.set(key, bytes);
  return bytes;
}

function field(tagOf: number, content: Uint8Array): Uint8Array {
  return apart(() => {
    out.byte(tagOf);
    out.varint(content.length);
    out.bytes(content);
  });
}

/** Written behind what is under way, and taken from there. */
function apart(write: () => void): Uint8Array {
  const start = out.at;
  write();
  const bytes = out.taken(start);
  out.at = start;
  return bytes;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

/** Negative numbers take ten bytes, in two's complement. */
const intBytes = (value: number) => (value < 0 ? 10 : varintBytes(value));

/** Grows as needed. One for all: encoding is synchronous, and what is taken is a copy. */
class Writer {
  at = 0;
  #buffer = new Uint8Array(1 << 20);
  #view = new DataView(this.#buffer.buffer);

  taken(start = 0): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(start, this.at);
  }

  byte(value: number): void {
    // More than any of the fixed pieces, so that they need not ask.
    this.#reserve(16);
    this.#buffer[this.at++] = value;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  varint(value: number): void {
    this.#reserve(16);
    let rest = value;
    // Above 31 bits the bit operators would wrap, hence the division.
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) this.#buffer[this.at++] = (rest % 128) | 128;
    for (; rest > 127; rest >>>= 7) this.#buffer[this.at++] = (rest & 127) | 128;
    this.#buffer[this.at++] = rest;
  }

  int(value: number): void {
    if (value >= 0) {
      this.varint(value);
      return;
    }
    this.#reserve(16);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) this.#buffer[this.at++] = Number(rest & 127n) | 128;
    this.#buffer[this.at++] = Number(rest);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** Epoch milliseconds as fixed64 nanoseconds, in two halves because a double cannot hold them. */
  time(epochMs: number): void {
    this.#reserve(8);
    const us = Math.round(epochMs * 1_000);
    const low = (us % two32) * 1_000;
    this.#view.setUint32(this.at, low % two32, true);
    this.#view.setUint32(this.at + 4, Math.floor(us / two32) * 1_000 + Math.floor(low / two32), true);
    this.at += 8;
  }

  /** Puts in the length of what was written after the two bytes at `start`. */
  closeLength(start: number): void {
    const from = start + 2;
    const length = this.at - from;
    const bytes = varintBytes(length);
    const end = start + bytes + length;
    if (bytes !== 2) {
      this.#reserve(8);
      this.#buffer.copyWithin(start + bytes, from, from + length);
    }
    this.at = start;
    this.varint(length);
    this.at = end;
  }

  #reserve(bytes: number): void {
    if (this.at + bytes <= this.#buffer.length) return;
    const bigger = new Uint8Array(Math.max(this.#buffer.length * 2, this.at + bytes));
    bigger.set(this.#buffer);
    this.#buffer = bigger;
    this.#view = new DataView(bigger.buffer);
  }
}

const out = new Writer();

/** OTLP attributes as the text that a Map(LowCardinality(String), String) column holds. */
import { attributePrefix } from '../../telemetry/identity.ts';
import type { AnyValue, Attributes } from '../otlp/model.ts';
import { mayHoldAddress, truncateAddresses } from './address.ts';
import { type Redaction, redactedValue } from './redaction.ts';

/** Longest value kept, characters. A stack trace fits; a dump does not. */
const maxTextLength = 4_096;
/** Longest key kept, characters. */
const maxKeyLength = 128;
/** Most entries in one record's map. */
const maxEntries = 128;

/** The `attributes` column of a row: bounded, without the `rtc.` prefix, addresses shortened, secrets left out. */
export class AttributeMap {
  readonly entries: Record<string, string> = Object.create(null);
  readonly #redaction: Redaction;
  #size = 0;

  constructor(redaction: Redaction) {
    this.#redaction = redaction;
  }

  set(name: string, value: AnyValue): void {
    const key = withoutPrefix(name).slice(0, maxKeyLength);
    if (!(key in this.entries) && ++this.#size > maxEntries) return;
    if (this.#redaction.covers(key)) {
      this.entries[key] = redactedValue;
      return;
    }
    const text = textOf(value, this.#redaction);
    this.entries[key] = (mayHoldAddress(key) ? truncateAddresses(text) : text).slice(0, maxTextLength);
  }

  setAll(attributes: Attributes, except: (name: string) => boolean): void {
    for (const [name, value] of attributes) if (!except(name)) this.set(name, value);
  }

  /** With or without prefix. */
  has(name: string): boolean {
    return withoutPrefix(name).slice(0, maxKeyLength) in this.entries;
  }

  get empty(): boolean {
    return this.#size === 0;
  }
}

export function withoutPrefix(name: string): string {
  return name.startsWith(attributePrefix) ? name.slice(attributePrefix.length) : name;
}

/** Text as it is, numbers and flags as written, bytes as base64, lists and maps as JSON; nothing is ''. */
export function textOf(value: AnyValue, redaction?: Redaction): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return JSON.stringify(plain(value, redaction));
}

function plain(value: AnyValue, redaction: Redaction | undefined): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((item) => plain(item, redaction));
  return Object.fromEntries(
    [...value].map(([key, item]) => [
      key,
      redaction?.covers(withoutPrefix(key)) ? redactedValue : plain(item, redaction),
    ]),
  );
}

/**
 * Reading OTLP's JSON mapping (opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"): 64-bit integers as
 * text or number, ids as hex, bytes as base64, enums as numbers, `null` as absent. Unknown members are ignored.
 */
import { CollectorError } from '../../errors.ts';
import type { Budget } from '../limits.ts';
import type { AnyValue, Attributes, Batch } from '../model.ts';

export type JsonObject = { readonly [member: string]: unknown };

export function malformed(path: string, expected: string): CollectorError {
  return new CollectorError('malformed', `not an OTLP request in JSON: ${path} should be ${expected}`);
}

export function parseBody(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch (error) {
    throw new CollectorError('malformed', 'the body is not JSON', { cause: error });
  }
}

export function objectAt(value: unknown, path: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(path, 'an object');
  return value as JsonObject;
}

/** Absent counts as empty. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw malformed(path, 'an array');
  return value;
}

export function textAt(value: unknown, path: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw malformed(path, 'a string');
  return value;
}

export function hexAt(value: unknown, path: string): string {
  const text = textAt(value, path);
  if (!/^[0-9a-fA-F]*$/.test(text)) throw malformed(path, 'hexadecimal digits');
  return text.toLowerCase();
}

/** A double; protobuf's JSON writes the special ones as text. */
export function numberAt(value: unknown, path: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
    return Number(value);
  throw malformed(path, 'a number');
}

/** A 64-bit integer: a number where it is exact, else a bigint. */
export function int64At(value: unknown, path: string): number | bigint {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) {
    const exact = BigInt(value);
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
  }
  throw malformed(path, 'an integer, as a number or as text');
}

/** Nanoseconds since the epoch, as milliseconds with fractions. */
export function nanosAsMsAt(value: unknown, path: string): number {
  return Number(int64At(value, path)) / 1e6;
}

export function attributesAt(value: unknown, path: string, budget: Budget, depth = 0): Attributes {
  const attributes: Attributes = new Map();
  listAt(value, path).forEach((item, index) => {
    budget.item();
    const at = `${path}[${index}]`;
    const keyValue = objectAt(item, at);
    attributes.set(
      textAt(keyValue.key, `${at}.key`),
      anyValueAt(keyValue.value, `${at}.value`, budget, depth),
    );
  });
  return attributes;
}

export function anyValueAt(value: unknown, path: string, budget: Budget, depth = 0): AnyValue {
  budget.depth(depth);
  if (value === undefined || value === null) return null;
  const any = objectAt(value, path);
  const has = (member: string) => any[member] !== undefined && any[member] !== null;
  if (has('stringValue')) return textAt(any.stringValue, `${path}.stringValue`);
  if (has('intValue')) return int64At(any.intValue, `${path}.intValue`);
  if (has('doubleValue')) return numberAt(any.doubleValue, `${path}.doubleValue`);
  if (has('boolValue')) {
    if (typeof any.boolValue !== 'boolean') throw malformed(`${path}.boolValue`, 'true or false');
    return any.boolValue;
  }
  if (has('bytesValue')) {
    return new Uint8Array(Buffer.from(textAt(any.bytesValue, `${path}.bytesValue`), 'base64'));
  }
  if (has('arrayValue')) {
    const at = `${path}.arrayValue.values`;
    return listAt(objectAt(any.arrayValue, `${path}.arrayValue`).values, at).map((item, index) => {
      budget.item();
      return anyValueAt(item, `${at}[${index}]`, budget, depth + 1);
    });
  }
  if (has('kvlistValue')) {
    const list = objectAt(any.kvlistValue, `${path}.kvlistValue`);
    return attributesAt(list.values, `${path}.kvlistValue.values`, budget, depth + 1);
  }
  return null;
}

export interface BatchMembers {
  /** e.g. `resourceLogs`, `scopeLogs`, `logRecords` */
  readonly resources: string;
  readonly scopes: string;
  readonly records: string;
}

/** The frame that logs, traces and metrics share. */
export function batchesAt<T>(
  body: unknown,
  members: BatchMembers,
  budget: Budget,
  readRecord: (record: JsonObject, path: string) => T,
): Batch<T>[] {
  return listAt(objectAt(body, 'the body')[members.resources], members.resources).map((item, i) => {
    budget.item();
    const path = `${members.resources}[${i}]`;
    const batch = objectAt(item, path);
    const resource = objectAt(batch.resource ?? {}, `${path}.resource`);
    const records: T[] = [];
    listAt(batch[members.scopes], `${path}.${members.scopes}`).forEach((scopeItem, j) => {
      budget.item();
      const scopePath = `${path}.${members.scopes}[${j}]`;
      const scope = objectAt(scopeItem, scopePath);
      listAt(scope[members.records], `${scopePath}.${members.records}`).forEach((record, k) => {
        budget.record();
        const recordPath = `${scopePath}.${members.records}[${k}]`;
        records.push(readRecord(objectAt(record, recordPath), recordPath));
      });
    });
    return { resource: attributesAt(resource.attributes, `${path}.resource.attributes`, budget), records };
  });
}

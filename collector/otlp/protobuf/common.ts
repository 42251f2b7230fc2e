/** opentelemetry/proto/common/v1/common.proto and resource/v1/resource.proto. */
import type { Budget } from '../limits.ts';
import type { AnyValue, Attributes } from '../model.ts';
import { bytesField, fixed64Field, type Reader, varintField } from './reader.ts';

/** One `KeyValue` at the cursor, put into `into`. */
export function readKeyValue(reader: Reader, budget: Budget, into: Attributes, depth = 0): void {
  let key = '';
  let value: AnyValue = null;
  budget.item();
  reader.nested((tag) => {
    if (tag === keyValue.key) key = reader.string();
    else if (tag === keyValue.value) value = readAnyValue(reader, budget, depth);
    else reader.skip(tag);
  });
  into.set(key, value);
}

const keyValue = { key: bytesField(1), value: bytesField(2) };

export function readAnyValue(reader: Reader, budget: Budget, depth = 0): AnyValue {
  budget.depth(depth);
  let value: AnyValue = null;
  reader.nested((tag) => {
    switch (tag) {
      case anyValue.string:
        value = reader.string();
        break;
      case anyValue.bool:
        value = reader.bool();
        break;
      case anyValue.int:
        value = reader.int64();
        break;
      case anyValue.double:
        value = reader.double();
        break;
      case anyValue.array:
        value = readArray(reader, budget, depth + 1);
        break;
      case anyValue.map:
        value = readMap(reader, budget, depth + 1);
        break;
      case anyValue.bytes:
        value = reader.bytes();
        break;
      default:
        reader.skip(tag);
    }
  });
  return value;
}

const anyValue = {
  string: bytesField(1),
  bool: varintField(2),
  int: varintField(3),
  double: fixed64Field(4),
  array: bytesField(5),
  map: bytesField(6),
  bytes: bytesField(7),
};

/** `ArrayValue.values` and `KeyValueList.values` are both field 1. */
const listValues = bytesField(1);

function readArray(reader: Reader, budget: Budget, depth: number): AnyValue[] {
  const values: AnyValue[] = [];
  reader.nested((tag) => {
    if (tag !== listValues) return reader.skip(tag);
    budget.item();
    values.push(readAnyValue(reader, budget, depth));
  });
  return values;
}

function readMap(reader: Reader, budget: Budget, depth: number): Attributes {
  const values: Attributes = new Map();
  reader.nested((tag) => {
    if (tag !== listValues) return reader.skip(tag);
    readKeyValue(reader, budget, values, depth);
  });
  return values;
}

const resourceAttributes = bytesField(1);

/** A `Resource` at the cursor: its attributes. */
export function readResource(reader: Reader, budget: Budget, into: Attributes): void {
  reader.nested((tag) => {
    if (tag === resourceAttributes) readKeyValue(reader, budget, into);
    else reader.skip(tag);
  });
}

/**
 * The frame that logs, traces and metrics share: `Export…ServiceRequest` holds `Resource…` (1), each of which
 * holds a `Resource` (1) and `Scope…` (2), each of which holds records (2).
 */
export function readBatches<T>(
  reader: Reader,
  budget: Budget,
  readRecord: () => T,
): { resource: Attributes; records: T[] }[] {
  const batches: { resource: Attributes; records: T[] }[] = [];
  reader.message((requestTag) => {
    if (requestTag !== bytesField(1)) return reader.skip(requestTag);
    budget.item();
    const batch = { resource: new Map() as Attributes, records: [] as T[] };
    reader.nested((resourceTag) => {
      if (resourceTag === bytesField(1)) return readResource(reader, budget, batch.resource);
      if (resourceTag !== bytesField(2)) return reader.skip(resourceTag);
      budget.item();
      reader.nested((scopeTag) => {
        if (scopeTag !== bytesField(2)) return reader.skip(scopeTag);
        budget.record();
        batch.records.push(readRecord());
      });
    });
    batches.push(batch);
  });
  return batches;
}

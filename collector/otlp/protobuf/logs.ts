/** opentelemetry/proto/collector/logs/v1 ExportLogsServiceRequest and logs/v1 LogRecord. */
import { Budget } from '../limits.ts';
import type { Batch, LogRecord } from '../model.ts';
import { readAnyValue, readBatches, readKeyValue } from './common.ts';
import { bytesField, fixed64Field, Reader } from './reader.ts';

/** @throws CollectorError `malformed` or `too_many_items` */
export function decodeLogs(body: Uint8Array, budget = new Budget()): Batch<LogRecord>[] {
  const reader = new Reader(body);
  return readBatches(reader, budget, () => readLogRecord(reader, budget));
}

const field = {
  time: fixed64Field(1),
  body: bytesField(5),
  attributes: bytesField(6),
  observedTime: fixed64Field(11),
  eventName: bytesField(12),
};

/** A LogRecord at the cursor: its length, then its fields. */
export function readLogRecord(reader: Reader, budget: Budget): LogRecord {
  const record: LogRecord = {
    timeMs: 0,
    observedTimeMs: 0,
    eventName: '',
    body: null,
    attributes: new Map(),
  };
  reader.nested((tag) => {
    switch (tag) {
      case field.time:
        record.timeMs = reader.nanosAsMs();
        break;
      case field.body:
        record.body = readAnyValue(reader, budget);
        break;
      case field.attributes:
        readKeyValue(reader, budget, record.attributes);
        break;
      case field.observedTime:
        record.observedTimeMs = reader.nanosAsMs();
        break;
      case field.eventName:
        record.eventName = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  });
  return record;
}

/** ExportLogsServiceRequest in OTLP's JSON mapping. */
import { Budget } from '../limits.ts';
import type { Batch, LogRecord } from '../model.ts';
import { anyValueAt, attributesAt, batchesAt, nanosAsMsAt, parseBody, textAt } from './value.ts';

const members = { resources: 'resourceLogs', scopes: 'scopeLogs', records: 'logRecords' };

/** @throws CollectorError `malformed` or `too_many_items` */
export function decodeLogs(body: Uint8Array, budget = new Budget()): Batch<LogRecord>[] {
  return batchesAt(parseBody(body), members, budget, (record, path) => ({
    timeMs: nanosAsMsAt(record.timeUnixNano, `${path}.timeUnixNano`),
    observedTimeMs: nanosAsMsAt(record.observedTimeUnixNano, `${path}.observedTimeUnixNano`),
    eventName: textAt(record.eventName, `${path}.eventName`),
    body: anyValueAt(record.body, `${path}.body`, budget),
    attributes: attributesAt(record.attributes, `${path}.attributes`, budget),
  }));
}

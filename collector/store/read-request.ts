/** From a request's body, as it came, to rows in columns: the same for a live request and for one read from the spool. */
import { readPlainLogs } from '../columns/log-reader.ts';
import type { ColumnTables } from '../columns/tables.ts';
import { unpack } from '../http/body.ts';
import { decoders } from '../otlp/decode.ts';
import { logRows } from '../rows/logs.ts';
import { metricRows } from '../rows/metrics.ts';
import { spanRows } from '../rows/traces.ts';
import type { RequestFacts } from './record.ts';

/**
 * Writes the request's rows wholly or not at all.
 * @throws CollectorError where it cannot be read
 */
export function readRequest(facts: RequestFacts, body: Buffer, tables: ColumnTables): void {
  const { signal, encoding, contentEncoding, writer, receivedAtMs } = facts;
  const unpacked = unpack(body, contentEncoding);
  tables.begin();
  try {
    if (signal === 'logs' && encoding === 'protobuf') {
      if (readPlainLogs(unpacked, writer, receivedAtMs, tables)) return;
      tables.rollback();
    }
    const decode = decoders[encoding];
    if (signal === 'logs') logRows(decode.logs(unpacked), writer, receivedAtMs, tables);
    else if (signal === 'traces') spanRows(decode.traces(unpacked), writer, receivedAtMs, tables);
    else metricRows(decode.metrics(unpacked), receivedAtMs, tables);
  } catch (error) {
    tables.rollback();
    throw error;
  }
}

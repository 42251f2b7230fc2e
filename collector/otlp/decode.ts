/** Which decoder reads a request. The only door to the decoders: a faster one replaces an entry here. */
import type { Encoding, Signal } from './answer.ts';
import { decodeLogs as jsonLogs } from './json/logs.ts';
import { decodeMetrics as jsonMetrics } from './json/metrics.ts';
import { decodeTraces as jsonTraces } from './json/traces.ts';
import type { Batch, LogRecord, Metric, Span } from './model.ts';
import { decodeLogs } from './protobuf/logs.ts';
import { decodeMetrics } from './protobuf/metrics.ts';
import { decodeTraces } from './protobuf/traces.ts';

export interface Decoded {
  logs: Batch<LogRecord>[];
  traces: Batch<Span>[];
  metrics: Batch<Metric>[];
}

export type Decoders = { readonly [S in Signal]: (body: Uint8Array) => Decoded[S] };

export const decoders: Record<Encoding, Decoders> = {
  protobuf: { logs: decodeLogs, traces: decodeTraces, metrics: decodeMetrics },
  json: { logs: jsonLogs, traces: jsonTraces, metrics: jsonMetrics },
};

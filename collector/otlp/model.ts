/**
 * An OTLP export request once decoded, the same whether it came as protobuf or as JSON: what the rest of the
 * collector knows of OTLP. Only the fields that are stored are here (opentelemetry-proto 1.x).
 */

/** Integers beyond 2^53 are bigint; bytes stay bytes; `null` is an AnyValue without a value. */
export type AnyValue =
  | null
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | AnyValue[]
  | Map<string, AnyValue>;

/** A Map, since keys come from outside; where a key is given twice the last one counts. */
export type Attributes = Map<string, AnyValue>;

/** What the sender said once for all records that follow. */
export interface Batch<T> {
  readonly resource: Attributes;
  readonly records: T[];
}

export interface LogRecord {
  /** Epoch ms with fractions; 0: not told. */
  timeMs: number;
  observedTimeMs: number;
  /** Empty where the record is a plain log line. */
  eventName: string;
  body: AnyValue;
  attributes: Attributes;
}

export const spanKinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
export const statusCodes = ['unset', 'ok', 'error'] as const;

export interface SpanEvent {
  timeMs: number;
  name: string;
  attributes: Attributes;
}

export interface Span {
  /** Lower-case hex: 32, 16 and 16 (or no) digits. */
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  /** Index into `spanKinds`. */
  kind: number;
  startMs: number;
  endMs: number;
  attributes: Attributes;
  events: SpanEvent[];
  /** Index into `statusCodes`. */
  statusCode: number;
  statusMessage: string;
}

export type MetricType = 'gauge' | 'sum' | 'histogram' | 'exponential_histogram' | 'summary';
export const temporalities = ['', 'delta', 'cumulative'] as const;

export interface MetricPoint {
  startMs: number;
  timeMs: number;
  attributes: Attributes;
  /** Of a gauge or sum. */
  value: number;
  /** Of a histogram: `bounds` are upper bounds, one fewer than `bucketCounts`. */
  count: number;
  sum: number;
  bounds: number[];
  bucketCounts: number[];
}

export interface Metric {
  name: string;
  unit: string;
  type: MetricType;
  /** Index into `temporalities`. */
  temporality: number;
  points: MetricPoint[];
}

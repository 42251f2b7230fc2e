/** Decodes OTLP requests with protobufjs, from the messages as opentelemetry-proto 1.x declares them. */
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

const schema = protobuf.parse(
  `syntax = "proto3";
  message ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }
  message ScopeLogs { InstrumentationScope scope = 1; repeated LogRecord log_records = 2; }
  message LogRecord {
    fixed64 time_unix_nano = 1; fixed64 observed_time_unix_nano = 11; int32 severity_number = 2;
    AnyValue body = 5; repeated KeyValue attributes = 6; string event_name = 12;
  }
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
    Status status = 15;
  }
  message Status { string message = 2; int32 code = 3; }
  message Resource { repeated KeyValue attributes = 1; }
  message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; }
  }`,
  { keepCase: false },
).root;

interface KeyValue {
  key: string;
  value: { stringValue?: string; boolValue?: boolean; intValue?: string; doubleValue?: number };
}

export type AttributeMap = ReadonlyMap<string, string | number | boolean>;

export interface DecodedLog {
  readonly eventName: string;
  readonly timeUnixNano: bigint;
  readonly resource: AttributeMap;
  readonly attributes: AttributeMap;
}

export interface DecodedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly startNano: bigint;
  readonly endNano: bigint;
  readonly attributes: AttributeMap;
  readonly status: { readonly code: number; readonly message: string };
}

export function decodeLogs(body: Uint8Array, encoding = 'identity'): DecodedLog[] {
  const request = decode('ExportLogsServiceRequest', body, encoding) as {
    resourceLogs: {
      resource: { attributes: KeyValue[] };
      scopeLogs: {
        logRecords: { timeUnixNano: string; eventName: string; attributes: KeyValue[] }[];
      }[];
    }[];
  };
  return request.resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map(({ timeUnixNano, eventName, attributes }) => ({
        eventName,
        timeUnixNano: BigInt(timeUnixNano),
        resource: attributeMap(resource.attributes),
        attributes: attributeMap(attributes),
      })),
    ),
  );
}

export function decodeSpans(body: Uint8Array, encoding = 'identity'): DecodedSpan[] {
  const request = decode('ExportTraceServiceRequest', body, encoding) as {
    resourceSpans: { scopeSpans: { spans: RawSpan[] }[] }[];
  };
  return request.resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        name: span.name,
        startNano: BigInt(span.startTimeUnixNano),
        endNano: BigInt(span.endTimeUnixNano),
        attributes: attributeMap(span.attributes),
        status: { code: span.status?.code ?? 0, message: span.status?.message ?? '' },
      })),
    ),
  );
}

interface RawSpan {
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId: Uint8Array;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: KeyValue[];
  status: { code: number; message: string } | null;
}

function decode(type: string, body: Uint8Array, encoding: string): unknown {
  const message = schema.lookupType(type);
  const bytes = encoding === 'gzip' ? gunzipSync(body) : body;
  return message.toObject(message.decode(bytes), { longs: String, defaults: true, oneofs: true });
}

function attributeMap(list: readonly KeyValue[]): AttributeMap {
  return new Map(
    list.map(({ key, value }) => {
      const { stringValue, boolValue, intValue, doubleValue } = value;
      return [
        key,
        stringValue ?? boolValue ?? (intValue === undefined ? (doubleValue ?? Number.NaN) : Number(intValue)),
      ];
    }),
  );
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

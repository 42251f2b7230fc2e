/** opentelemetry/proto/collector/trace/v1 ExportTraceServiceRequest and trace/v1 Span. */
import { Budget } from '../limits.ts';
import type { Batch, Span, SpanEvent } from '../model.ts';
import { readBatches, readKeyValue } from './common.ts';
import { bytesField, fixed64Field, Reader, varintField } from './reader.ts';

/** @throws CollectorError `malformed` or `too_many_items` */
export function decodeTraces(body: Uint8Array, budget = new Budget()): Batch<Span>[] {
  const reader = new Reader(body);
  return readBatches(reader, budget, () => readSpan(reader, budget));
}

const field = {
  traceId: bytesField(1),
  spanId: bytesField(2),
  parentSpanId: bytesField(4),
  name: bytesField(5),
  kind: varintField(6),
  start: fixed64Field(7),
  end: fixed64Field(8),
  attributes: bytesField(9),
  events: bytesField(11),
  status: bytesField(15),
};

function readSpan(reader: Reader, budget: Budget): Span {
  const span: Span = {
    traceId: '',
    spanId: '',
    parentSpanId: '',
    name: '',
    kind: 0,
    startMs: 0,
    endMs: 0,
    attributes: new Map(),
    events: [],
    statusCode: 0,
    statusMessage: '',
  };
  reader.nested((tag) => {
    switch (tag) {
      case field.traceId:
        span.traceId = reader.hex();
        break;
      case field.spanId:
        span.spanId = reader.hex();
        break;
      case field.parentSpanId:
        span.parentSpanId = reader.hex();
        break;
      case field.name:
        span.name = reader.string();
        break;
      case field.kind:
        span.kind = reader.uint();
        break;
      case field.start:
        span.startMs = reader.nanosAsMs();
        break;
      case field.end:
        span.endMs = reader.nanosAsMs();
        break;
      case field.attributes:
        readKeyValue(reader, budget, span.attributes);
        break;
      case field.events:
        span.events.push(readEvent(reader, budget));
        break;
      case field.status:
        readStatus(reader, span);
        break;
      default:
        reader.skip(tag);
    }
  });
  return span;
}

const eventField = { time: fixed64Field(1), name: bytesField(2), attributes: bytesField(3) };

function readEvent(reader: Reader, budget: Budget): SpanEvent {
  const event: SpanEvent = { timeMs: 0, name: '', attributes: new Map() };
  budget.item();
  reader.nested((tag) => {
    if (tag === eventField.time) event.timeMs = reader.nanosAsMs();
    else if (tag === eventField.name) event.name = reader.string();
    else if (tag === eventField.attributes) readKeyValue(reader, budget, event.attributes);
    else reader.skip(tag);
  });
  return event;
}

const statusField = { message: bytesField(2), code: varintField(3) };

function readStatus(reader: Reader, span: Span): void {
  reader.nested((tag) => {
    if (tag === statusField.message) span.statusMessage = reader.string();
    else if (tag === statusField.code) span.statusCode = reader.uint();
    else reader.skip(tag);
  });
}

/** ExportTraceServiceRequest in OTLP's JSON mapping. */
import { Budget } from '../limits.ts';
import type { Batch, Span, SpanEvent } from '../model.ts';
import {
  attributesAt,
  batchesAt,
  hexAt,
  listAt,
  nanosAsMsAt,
  numberAt,
  objectAt,
  parseBody,
  textAt,
} from './value.ts';

const members = { resources: 'resourceSpans', scopes: 'scopeSpans', records: 'spans' };

/** @throws CollectorError `malformed` or `too_many_items` */
export function decodeTraces(body: Uint8Array, budget = new Budget()): Batch<Span>[] {
  return batchesAt(parseBody(body), members, budget, (span, path) => {
    const status = objectAt(span.status ?? {}, `${path}.status`);
    return {
      traceId: hexAt(span.traceId, `${path}.traceId`),
      spanId: hexAt(span.spanId, `${path}.spanId`),
      parentSpanId: hexAt(span.parentSpanId, `${path}.parentSpanId`),
      name: textAt(span.name, `${path}.name`),
      kind: numberAt(span.kind, `${path}.kind`),
      startMs: nanosAsMsAt(span.startTimeUnixNano, `${path}.startTimeUnixNano`),
      endMs: nanosAsMsAt(span.endTimeUnixNano, `${path}.endTimeUnixNano`),
      attributes: attributesAt(span.attributes, `${path}.attributes`, budget),
      events: listAt(span.events, `${path}.events`).map((event, index) =>
        readEvent(event, `${path}.events[${index}]`, budget),
      ),
      statusCode: numberAt(status.code, `${path}.status.code`),
      statusMessage: textAt(status.message, `${path}.status.message`),
    };
  });
}

function readEvent(value: unknown, path: string, budget: Budget): SpanEvent {
  budget.item();
  const event = objectAt(value, path);
  return {
    timeMs: nanosAsMsAt(event.timeUnixNano, `${path}.timeUnixNano`),
    name: textAt(event.name, `${path}.name`),
    attributes: attributesAt(event.attributes, `${path}.attributes`, budget),
  };
}

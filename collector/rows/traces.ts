/** Spans to rows of `rtc_span`. */
import { type Batch, type Span, spanKinds, statusCodes } from '../otlp/model.ts';
import { AttributeMap, textOf } from './attributes.ts';
import { correctedTime, senderClock, storableTime } from './clock.ts';
import { isIdentityAttribute, recordIdentity, senderIdentity, sourceOf, type Writer } from './identity.ts';
import type { Redaction } from './redaction.ts';
import type { RowSink } from './row-set.ts';

const maxNameLength = 256;
const maxMessageLength = 4_096;

export function spanRows(
  batches: readonly Batch<Span>[],
  writer: Writer,
  receivedAtMs: number,
  rows: RowSink,
): void {
  for (const { resource, records } of batches) {
    const sender = senderIdentity(writer, resource);
    const source = sourceOf(writer, resource);
    const clock = senderClock(resource);
    const serviceName = textOf(resource.get('service.name') ?? null).slice(0, maxNameLength);
    for (const span of records) {
      if (span.traceId.length !== 32 || span.spanId.length !== 16) {
        rows.refuse('bad_span_id', 'a span needs a trace id of 16 bytes and a span id of 8');
        continue;
      }
      const startMs = span.startMs || receivedAtMs;
      rows.add('rtc_span', {
        ...recordIdentity(writer, sender, span.attributes),
        service_name: serviceName,
        source,
        trace_id: span.traceId,
        span_id: span.spanId,
        parent_span_id: span.parentSpanId.slice(0, 16),
        name: span.name.slice(0, maxNameLength),
        kind: spanKinds[span.kind] ?? spanKinds[0],
        time: correctedTime(startMs, clock, receivedAtMs),
        client_time: storableTime(startMs),
        received_at: receivedAtMs,
        duration_us: durationUs(span),
        status_code: statusCodes[span.statusCode] ?? statusCodes[0],
        status_message: span.statusMessage.slice(0, maxMessageLength),
        attributes: spanAttributes(span, rows.redaction).entries,
      });
    }
  }
}

/** A span that ends before it starts has no length. */
function durationUs(span: Span): number {
  const us = Math.round((span.endMs - span.startMs) * 1000);
  return us > 0 && span.startMs > 0 ? us : 0;
}

function spanAttributes(span: Span, redaction: Redaction): AttributeMap {
  const attributes = new AttributeMap(redaction);
  attributes.setAll(span.attributes, isIdentityAttribute);
  if (span.events.length > 0)
    attributes.set(
      'span_events',
      span.events.map((event) => eventMap(span, event)),
    );
  return attributes;
}

/** What happened within the span, as one JSON list: there are few, and they are read with their span. */
function eventMap(span: Span, event: Span['events'][number]): Span['attributes'] {
  return new Map<string, string | number | Span['attributes']>([
    ['name', event.name],
    ['after_ms', Math.round(event.timeMs - span.startMs)],
    ['attributes', event.attributes],
  ]);
}

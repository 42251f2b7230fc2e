import { describe, expect, it } from 'vitest';
import { type RecordedTrace, startJoinTrace } from '../../../client/sdk/join.ts';
import type { Span } from '../../../client/sdk/otlp.ts';
import { spans } from '../../../telemetry/events.ts';

function traceAt() {
  const clock = { ms: 1_000 };
  const trace = startJoinTrace(() => clock.ms) as RecordedTrace;
  const finished: Span[] = [];
  return { clock, trace, finished };
}

describe('the join trace', () => {
  it('keeps what happened before telemetry took it over', () => {
    const { clock, trace, finished } = traceAt();
    const media = trace.span(spans.getUserMedia);
    clock.ms = 1_300;
    media.end({ devices: 2 });
    trace.drain((span) => finished.push(span));
    const signaling = trace.span(spans.signaling);
    clock.ms = 1_400;
    signaling.end();
    trace.end();
    expect(finished.map(({ name, startMs, endMs }) => [name, startMs, endMs])).toEqual([
      [spans.getUserMedia, 1_000, 1_300],
      [spans.signaling, 1_300, 1_400],
      [spans.join, 1_000, 1_400],
    ]);
    expect(finished[0]?.attributes).toEqual([['devices', 2]]);
  });

  it('is one trace whose spans are children of the join', () => {
    const { trace, finished } = traceAt();
    trace.drain((span) => finished.push(span));
    const signaling = trace.span(spans.signaling);
    const [, traceId, spanId] = signaling.traceparent.split('-');
    signaling.end();
    trace.end();
    const [child, root] = finished;
    expect(signaling.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect([child?.traceId, child?.spanId]).toEqual([traceId, spanId]);
    expect(child?.parentSpanId).toBe(root?.spanId);
    expect(root?.parentSpanId).toBe('');
  });

  it('ends once, and ends or fails what is still open with it', () => {
    const { trace, finished } = traceAt();
    trace.drain((span) => finished.push(span));
    trace.span(spans.signaling);
    trace.fail(new TypeError('socket closed'));
    trace.end();
    expect(finished.map(({ name, error }) => [name, error])).toEqual([
      [spans.signaling, 'TypeError: socket closed'],
      [spans.join, 'TypeError: socket closed'],
    ]);
  });

  it('records the first of several connections only, and nothing after its end', () => {
    const { trace, finished } = traceAt();
    trace.drain((span) => finished.push(span));
    trace.record(spans.ice, 900, { transport_id: 'send' });
    trace.record(spans.ice, 950, { transport_id: 'recv' });
    trace.end();
    trace.record(spans.firstFrame, 990);
    expect(finished.map(({ name }) => name)).toEqual([spans.ice, spans.join]);
  });

  it('takes a span that was over before it was told of', () => {
    const { clock, trace, finished } = traceAt();
    trace.drain((span) => finished.push(span));
    clock.ms = 1_500;
    trace.record(spans.firstPacket, 1_200, undefined, 1_350);
    trace.record(spans.firstFrame, 1_200);
    expect(finished.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [1_200, 1_350],
      [1_200, 1_500],
    ]);
  });

  it('does not grow for ever when nobody takes it', () => {
    const { trace, finished } = traceAt();
    for (let i = 0; i < 1_000; i++) trace.span(spans.signaling).end();
    trace.drain((span) => finished.push(span));
    expect(finished.length).toBeLessThan(100);
  });
});

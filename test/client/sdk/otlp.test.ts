import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLogs, decodeSpans } from '../../../bench/sdk/otlp.ts';
import {
  type AttributeList,
  encodeLogRecords,
  encodeRequest,
  encodeSpans,
  type LogRecord,
} from '../../../client/sdk/otlp.ts';

/** Every request is decoded by protobufjs from the official messages: an independent reader. */
function throughTheWire(records: readonly LogRecord[], resource: AttributeList = []) {
  return decodeLogs(encodeRequest('test', [{ resource, chunks: [encodeLogRecords(records)] }]));
}

function oneValue(value: string | number | boolean) {
  const [log] = throughTheWire([{ eventName: 'e', timeMs: 0, attributes: [['k', value]] }]);
  return log?.attributes.get('k');
}

describe('attribute values', () => {
  it.each([
    0,
    1,
    127,
    128,
    16_383,
    16_384,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    Number.MAX_SAFE_INTEGER,
    -1,
    -128,
    Number.MIN_SAFE_INTEGER,
    0.1,
    -2.5,
    1e300,
    2 ** 60,
    '',
    'mid',
    'größer 🎥',
    'x'.repeat(127),
    'x'.repeat(128),
    '🎥'.repeat(5_000),
    true,
    false,
  ])('carries %s unchanged', (value) => {
    expect(oneValue(value)).toBe(value);
  });

  it('carries any attributes in their order', () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.boolean(),
      fc.maxSafeInteger(),
      // Minus zero is a whole number to OTLP.
      fc.double({ noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.string(), value), { selector: ([key]) => key }),
        (attributes) => {
          const [log] = throughTheWire([{ eventName: 'e', timeMs: 0, attributes }]);
          expect([...(log?.attributes ?? [])]).toEqual(attributes);
        },
      ),
    );
  });
});

describe('log records', () => {
  it('carries name, time to the millisecond and resource of each record', () => {
    const timeMs = 1_795_440_706_125;
    const logs = throughTheWire(
      [
        { eventName: 'rtc.ice.state', timeMs, attributes: [['rtc.state', 'connected']] },
        { eventName: 'rtc.stats.transport', timeMs: timeMs + 1, attributes: [] },
      ],
      [['rtc.source', 'client']],
    );
    expect(logs.map(({ eventName, timeUnixNano }) => [eventName, timeUnixNano])).toEqual([
      ['rtc.ice.state', 1_795_440_706_125_000_000n],
      ['rtc.stats.transport', 1_795_440_706_126_000_000n],
    ]);
    expect(logs.map(({ resource }) => resource.get('rtc.source'))).toEqual(['client', 'client']);
  });

  it('keeps records under the resource they were given', () => {
    const chunk = (eventName: string) => encodeLogRecords([{ eventName, timeMs: 1, attributes: [] }]);
    const logs = decodeLogs(
      encodeRequest('test', [
        { resource: [['rtc.transport_id', 'send']], chunks: [chunk('a'), chunk('b')] },
        { resource: [['rtc.transport_id', 'recv']], chunks: [chunk('c')] },
      ]),
    );
    expect(logs.map(({ eventName, resource }) => [eventName, resource.get('rtc.transport_id')])).toEqual([
      ['a', 'send'],
      ['b', 'send'],
      ['c', 'recv'],
    ]);
  });
});

describe('spans', () => {
  const span = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    parentSpanId: '00f067aa0ba902b7',
    name: 'rtc.join.ice',
    startMs: 1_795_440_706_000,
    endMs: 1_795_440_706_250,
    attributes: [['rtc.transport_id', 't1']] as const,
  };

  it('carries ids, times and attributes', () => {
    const [decoded] = decodeSpans(encodeRequest('test', [{ resource: [], chunks: [encodeSpans([span])] }]));
    expect(decoded).toEqual({
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      name: span.name,
      startNano: 1_795_440_706_000_000_000n,
      endNano: 1_795_440_706_250_000_000n,
      attributes: new Map([['rtc.transport_id', 't1']]),
      status: { code: 0, message: '' },
    });
  });

  it('says that and why one failed, and leaves the parent of a root out', () => {
    const failed = { ...span, parentSpanId: '', error: 'NotAllowedError: no' };
    const [decoded] = decodeSpans(encodeRequest('test', [{ resource: [], chunks: [encodeSpans([failed])] }]));
    expect(decoded?.status).toEqual({ code: 2, message: 'NotAllowedError: no' });
    expect(decoded?.parentSpanId).toBe('');
  });
});

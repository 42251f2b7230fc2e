import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CollectorError } from '../../../collector/errors.ts';
import { decoders } from '../../../collector/otlp/decode.ts';
import { Budget } from '../../../collector/otlp/limits.ts';
import { decodeLogs } from '../../../collector/otlp/protobuf/logs.ts';
import { sampleLogs, sampleMetrics, sampleSpans } from './samples.ts';

const logs = await sampleLogs();
const spans = await sampleSpans();
const metrics = await sampleMetrics();

const bodies = {
  protobuf: {
    logs: ProtobufLogsSerializer.serializeRequest(logs)!,
    traces: ProtobufTraceSerializer.serializeRequest(spans)!,
    metrics: ProtobufMetricsSerializer.serializeRequest(metrics)!,
  },
  json: {
    logs: JsonLogsSerializer.serializeRequest(logs)!,
    traces: JsonTraceSerializer.serializeRequest(spans)!,
    metrics: JsonMetricsSerializer.serializeRequest(metrics)!,
  },
};

describe.each(['protobuf', 'json'] as const)('what the official SDK sends as %s', (encoding) => {
  test('logs', () => {
    const [batch] = decoders[encoding].logs(bodies[encoding].logs);
    expect(batch!.resource.get('rtc.clock_offset_ms')).toBe(-12.5);
    const [stats, event, nested] = batch!.records;
    expect(stats).toMatchObject({
      eventName: 'rtc.stats.inbound_rtp',
      timeMs: 1_790_000_000_123,
      body: null,
    });
    expect(Object.fromEntries(stats!.attributes)).toEqual({
      'rtc.kind': 'audio',
      'rtc.packets_lost': -3,
      'rtc.bytes_received': 2 ** 40,
      'rtc.jitter_us': 0,
      'rtc.audio_level': 0.25,
      'rtc.power_efficient_decoder': true,
      words: ['a', 'ü', '🙂'],
    });
    expect(event).toMatchObject({ eventName: 'rtc.ice.state', body: 'a line' });
    expect(nested!.body).toEqual(
      new Map<string, unknown>([
        ['list', [1, new Map([['deep', new Uint8Array([0, 255])]])]],
        ['no', null],
      ]),
    );
  });

  test('spans', () => {
    const [batch] = decoders[encoding].traces(bodies[encoding].traces);
    const [child, parent] = batch!.records;
    expect(child).toMatchObject({
      name: 'rtc.join.ice',
      traceId: parent!.traceId,
      parentSpanId: parent!.spanId,
      statusCode: 2,
      statusMessage: 'no path',
    });
    expect(parent!.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(parent!.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(parent!.kind).toBe(3);
    expect(child!.endMs - child!.startMs).toBeCloseTo(250, 2);
    expect(child!.events).toMatchObject([{ name: 'candidate', attributes: new Map([['n', 1]]) }]);
    expect(child!.events[0]!.timeMs).toBeCloseTo(1_790_000_000_150, 2);
  });

  test('metrics', () => {
    const [batch] = decoders[encoding].metrics(bodies[encoding].metrics);
    const byName = new Map(batch!.records.map((metric) => [metric.name, metric]));
    const requests = byName.get('requests');
    expect(requests).toMatchObject({ type: 'sum', unit: '{request}', temporality: 2 });
    expect(requests!.points[0]).toMatchObject({ value: 7, attributes: new Map([['route', '/join']]) });
    expect(byName.get('level')!.points[0]!.value).toBe(-2.5);
    expect(byName.get('explicit')!.points[0]).toMatchObject({
      count: 4,
      sum: 60.5,
      bounds: [1, 10],
      bucketCounts: [1, 2, 1],
    });
    const { bounds, bucketCounts, count } = byName.get('exponential')!.points[0]!;
    expect(count).toBe(4);
    expect(bucketCounts.reduce((sum, n) => sum + n)).toBe(4);
    expect(bounds).toEqual([...bounds].sort((a, b) => a - b));
    expect(bucketCounts.length).toBe(bounds.length + 1);
    expect(bucketCounts[0]).toBe(1);
  });
});

test('integers beyond 2^53 and below zero stay exact in both encodings', () => {
  const values = [0n, -1n, 2n ** 53n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)];
  const keyValue = (value: bigint) => ({ key: String(value), value: { intValue: String(value) } });
  const json = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes: values.map(keyValue) }] }] }] };
  const fromJson = decoders.json.logs(Buffer.from(JSON.stringify(json)))[0]!.records[0]!.attributes;
  const fromProtobuf = decodeLogs(logWith(values.map(intAttribute)))[0]!.records[0]!.attributes;
  for (const attributes of [fromJson, fromProtobuf]) {
    for (const value of values) expect(BigInt(attributes.get(String(value)) as bigint)).toBe(value);
  }
});

test('fields that are not known are passed over, whatever their wire type', () => {
  const unknown = Buffer.from([0xf8, 0x07, 0x05, 0xf9, 0x07, ...Array(8).fill(1), 0xfd, 0x07, 1, 2, 3, 4]);
  const record = Buffer.concat([unknown, lengthDelimited(12, Buffer.from('e')), unknown]);
  expect(decodeLogs(request(record))[0]!.records[0]!.eventName).toBe('e');
});

describe('bounds', () => {
  test('values nested too deep are refused', () => {
    let value = lengthDelimited(1, Buffer.from('end'));
    for (let i = 0; i < 10_000; i++) value = lengthDelimited(5, lengthDelimited(1, value));
    expect(code(() => decodeLogs(request(lengthDelimited(5, value))))).toBe('malformed');
    let any: unknown = { stringValue: 'end' };
    for (let i = 0; i < 1_000; i++) any = { arrayValue: { values: [any] } };
    const json = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: any }] }] }] };
    expect(code(() => decoders.json.logs(Buffer.from(JSON.stringify(json))))).toBe('malformed');
  });

  test('more records or values than allowed are refused', () => {
    const records = lengthDelimited(
      1,
      lengthDelimited(2, Buffer.concat(Array(30).fill(lengthDelimited(2, empty)))),
    );
    expect(code(() => decodeLogs(records, new Budget({ records: 29 })))).toBe('too_many_items');
    expect(code(() => decodeLogs(records, new Budget({ items: 20 })))).toBe('too_many_items');
    expect(decodeLogs(records, new Budget({ records: 30 }))[0]!.records.length).toBe(30);
  });

  test.each([
    ['a length beyond the end', [0x0a, 0xff, 0x01]],
    ['a length of 2^63', [0x0a, ...Array(8).fill(0xff), 0x7f]],
    ['a number of eleven bytes', [0x08, ...Array(10).fill(0xff), 1]],
    ['a group', [0x0b, 0x0c]],
    ['field number 0', [0x02, 0x00]],
    ['a tag that is cut off', [0x80]],
    ['text', [...Buffer.from('hello there')]],
  ])('%s is malformed', (_, bytes) => {
    expect(code(() => decodeLogs(Uint8Array.from(bytes)))).toBe('malformed');
  });

  test.each([
    ['not JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['resourceLogs not a list', '{"resourceLogs":{}}'],
    ['a record that is text', '{"resourceLogs":[{"scopeLogs":[{"logRecords":["x"]}]}]}'],
    ['a time that is words', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"now"}]}]}]}'],
  ])('JSON: %s is malformed', (_, text) => {
    expect(code(() => decoders.json.logs(Buffer.from(text)))).toBe('malformed');
  });
});

describe('bytes that were damaged on the way give a coded error or a result, never a crash', () => {
  const signals = ['logs', 'traces', 'metrics'] as const;
  const cases = signals.flatMap((signal) =>
    (['protobuf', 'json'] as const).map((encoding) => [encoding, signal] as const),
  );
  test.each(cases)('%s %s', (encoding, signal) => {
    const body = Buffer.from(bodies[encoding][signal]);
    const damage = fc.record({
      end: fc.nat(body.length),
      flips: fc.array(fc.tuple(fc.nat(body.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(damage, ({ end, flips }) => {
        const damaged = Buffer.from(body);
        for (const [at, byte] of flips) damaged[at] = byte;
        try {
          decoders[encoding][signal](damaged.subarray(0, end));
        } catch (error) {
          if (!(error instanceof CollectorError)) throw error;
        }
      }),
      { numRuns: 400 },
    );
  });
});

const empty = Buffer.alloc(0);

function code(run: () => unknown): string {
  try {
    run();
    return 'nothing thrown';
  } catch (error) {
    return error instanceof CollectorError ? error.code : String(error);
  }
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

function lengthDelimited(field: number, content: Buffer): Buffer {
  return Buffer.concat([varint(BigInt(field * 8 + 2)), varint(BigInt(content.length)), content]);
}

function intAttribute(value: bigint): Buffer {
  const any = Buffer.concat([varint(3n * 8n), varint(value)]);
  return lengthDelimited(
    6,
    Buffer.concat([lengthDelimited(1, Buffer.from(String(value))), lengthDelimited(2, any)]),
  );
}

const request = (record: Buffer) => lengthDelimited(1, lengthDelimited(2, lengthDelimited(2, record)));
const logWith = (attributes: Buffer[]) => request(Buffer.concat(attributes));

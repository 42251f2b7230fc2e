import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InMemoryLogRecordExporter } from '@opentelemetry/sdk-logs';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import pino from 'pino';
import { expect, test } from 'vitest';
import { LogQueue } from '../../../sfu/telemetry/LogQueue.ts';
import { parseTraceparent, Telemetry } from '../../../sfu/telemetry/Telemetry.ts';
import { sfuStats } from '../../../telemetry/stats.ts';

const log = pino({ level: 'silent' });
const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

test.each([
  [`00-${traceId}-${spanId}-01`, true],
  [`00-${traceId}-${spanId}-00`, true],
  [`01-${traceId}-${spanId}-01`, false],
  [`00-${'0'.repeat(32)}-${spanId}-01`, false],
  [`00-${traceId}-${'0'.repeat(16)}-01`, false],
  [`00-${traceId.toUpperCase()}-${spanId}-01`, false],
  ['', false],
  [undefined, false],
])('traceparent %s counts: %s', (text, counts) => {
  expect(parseTraceparent(text) !== null).toBe(counts);
});

test('a request span is the child of the span that the client named', async () => {
  const spans = new InMemorySpanExporter();
  const exporters = { logs: new InMemoryLogRecordExporter(), spans };
  const telemetry = new Telemetry({ nodeId: 'n', collector: null, log, exporters });
  telemetry.requestSpan('join', `00-${traceId}-${spanId}-01`).end();
  // Shutting down empties the memory exporter, so what it holds is read before.
  const finished = new Promise<void>((resolve) => {
    const look = () => (spans.getFinishedSpans().length > 0 ? resolve() : setTimeout(look, 20));
    look();
  });
  await finished;
  const [span] = spans.getFinishedSpans();
  expect(span?.name).toBe('rtc.sfu.request');
  expect(span?.spanContext().traceId).toBe(traceId);
  expect(span?.parentSpanContext?.spanId).toBe(spanId);
  await telemetry.stop();
});

test('what is taken leaves for the collector, with the server key, and a stop loses none', async () => {
  const bodies: Buffer[] = [];
  const keys = new Set<string | undefined>();
  const server = createServer((request, response) => {
    keys.add(request.headers.authorization);
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.url === '/v1/logs') bodies.push(Buffer.concat(parts));
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const collector = { url: `http://127.0.0.1:${port}/`, serverKey: 'the server key' };
  const telemetry = new Telemetry({ nodeId: 'node-7', collector, log });
  for (let i = 0; i < 5000; i++) {
    telemetry.sample(
      sfuStats.consumer,
      { call_id: 'c', consumer_id: `consumer-${i}.` },
      { score: 10 },
      Date.now(),
    );
  }
  await telemetry.stop();
  expect(telemetry.counts).toEqual({ taken: 5000, sent: 5000, failed: 0, dropped: 0 });
  expect([...keys]).toEqual(['Bearer the server key']);
  const all = Buffer.concat(bodies);
  for (const text of ['rtc.stats.sfu_consumer', 'consumer-0.', 'consumer-4999.', 'rtc.call_id', 'node-7']) {
    expect(all.includes(text)).toBe(true);
  }
  server.close();
});

test('a collector that is away costs records, counted, and never throws', async () => {
  const refuse = {
    export: (_records: unknown, done: (result: { code: number }) => void) => done({ code: 1 }),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const exporters = { logs: refuse, spans: new InMemorySpanExporter() };
  const telemetry = new Telemetry({ nodeId: 'n', collector: null, log, exporters });
  for (let i = 0; i < 3; i++) telemetry.event('rtc.test', {});
  await telemetry.stop();
  expect(telemetry.counts).toEqual({ taken: 3, sent: 0, failed: 3, dropped: 0 });
});

test('a full queue drops the newest and says how many', async () => {
  // An exporter that never answers: everything taken stays in flight.
  const silent = { export: () => {}, forceFlush: async () => {}, shutdown: async () => {} };
  const queue = new LogQueue(silent, 10);
  const record = {} as Parameters<LogQueue['onEmit']>[0];
  Object.assign(record, { resource: {} });
  for (let i = 0; i < 15; i++) queue.onEmit(record);
  expect(queue.counts).toEqual({ taken: 10, sent: 0, failed: 0, dropped: 5 });
});

test('without a collector nothing is kept', () => {
  const telemetry = new Telemetry({ nodeId: 'n', collector: null, log });
  telemetry.event('rtc.test', {});
  expect(telemetry.counts).toBeNull();
});

import { gzipSync } from 'node:zlib';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { signToken } from '../../telemetry/tokens.ts';
import { flakyLink } from './flaky-link.ts';
import {
  serverKey,
  startCollector,
  type TestCollector,
  type TestDatabase,
  testDatabase,
  tokenSecret,
} from './support.ts';

let db: TestDatabase;
let collector: TestCollector;
beforeAll(async () => {
  db = await testDatabase(inject('clickhouseUrl'), { create: false });
  collector = await startCollector(db.url);
});
afterAll(async () => {
  await collector[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});

const exporter = (path: string) => ({
  url: `${collector.url}/v1/${path}`,
  headers: { authorization: `Bearer ${serverKey}` },
  compression: CompressionAlgorithm.GZIP,
});
const resource = resourceFromAttributes({
  'service.name': 'sfu',
  'service.instance.id': 'i1',
  'rtc.source': 'sfu',
  'rtc.sfu_node_id': 'n1',
});

describe('the official exporters', () => {
  test('logs arrive typed, in the tables of their kinds', async () => {
    const processor = new BatchLogRecordProcessor({ exporter: new OTLPLogExporter(exporter('logs')) });
    const provider = new LoggerProvider({ resource, processors: [processor] });
    const logger = provider.getLogger('test');
    const ids = { 'rtc.call_id': 'logs', 'rtc.participant_id': 'p' };
    logger.emit({
      eventName: 'rtc.stats.sfu_consumer',
      attributes: {
        ...ids,
        'rtc.bitrate': 250_000.5,
        'rtc.packet_count': 2 ** 40,
        'rtc.paused': true,
        'rtc.current_spatial_layer': -1,
      },
    });
    logger.emit({ eventName: 'rtc.participant.joined', attributes: { ...ids, 'rtc.display_name': 'Ann' } });
    await provider.shutdown();
    await expect
      .poll(() => db.rows("SELECT * FROM rtc_stats_sfu_consumer WHERE call_id = 'logs'"))
      .toMatchObject([
        {
          tenant_id: 'default',
          participant_id: 'p',
          sfu_node_id: 'n1',
          // 11 significant bits
          bitrate: 249_856,
          packet_count: 2 ** 40,
          paused: true,
          current_spatial_layer: -1,
          byte_count: null,
          attributes: {},
        },
      ]);
    await expect
      .poll(() => db.rows("SELECT name, source, attributes FROM rtc_event WHERE call_id = 'logs'"))
      .toEqual([
        {
          name: 'rtc.participant.joined',
          source: 'sfu',
          attributes: expect.objectContaining({ display_name: 'Ann' }),
        },
      ]);
    await expect
      .poll(() => db.rows("SELECT rows FROM window_arrival WHERE call_id = 'logs'"))
      .toEqual([{ rows: 1 }]);
  });

  test('spans arrive with their parents', async () => {
    const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter(exporter('traces')) });
    const provider = new TracerProvider({ resource, spanProcessors: [processor] });
    const tracer = provider.getTracer('test');
    const startedAt = Date.now() - 3_000;
    const join = tracer.startSpan('rtc.join', {
      startTime: startedAt,
      attributes: { 'rtc.call_id': 'spans' },
    });
    const ice = tracer.startSpan(
      'rtc.join.ice',
      { startTime: startedAt + 100 },
      trace.setSpan(ROOT_CONTEXT, join),
    );
    ice.end(startedAt + 350);
    join.end(startedAt + 1_000);
    await provider.shutdown();
    const spans = `SELECT name, call_id, duration_us, parent_span_id, toUnixTimestamp64Milli(time) AS startedAt
      FROM rtc_span WHERE trace_id = '${join.spanContext().traceId}' ORDER BY time`;
    await expect
      .poll(() => db.rows(spans))
      .toEqual([
        { name: 'rtc.join', call_id: 'spans', duration_us: 1_000_000, parent_span_id: '', startedAt },
        {
          name: 'rtc.join.ice',
          call_id: '',
          duration_us: 250_000,
          parent_span_id: join.spanContext().spanId,
          startedAt: startedAt + 100,
        },
      ]);
  });

  test('metrics arrive', async () => {
    const reader = new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter(exporter('metrics')),
      exportIntervalMillis: 3_600_000,
    });
    const provider = new MeterProvider({ resource, readers: [reader] });
    const meter = provider.getMeter('test');
    meter.createGauge('rtc.sfu.worker.cpu_ratio', { unit: '1' }).record(0.75, { worker: '0' });
    meter.createHistogram('rtc.pipelines.job_duration_ms', { unit: 'ms' }).record(30);
    await provider.shutdown();
    const metrics = 'SELECT name, type, value, count, sfu_node_id, attributes FROM rtc_metric ORDER BY name';
    const common = { sfu_node_id: 'n1' };
    await expect
      .poll(() => db.rows(metrics))
      .toEqual([
        {
          ...common,
          name: 'rtc.pipelines.job_duration_ms',
          type: 'histogram',
          value: 30,
          count: 1,
          attributes: {},
        },
        {
          ...common,
          name: 'rtc.sfu.worker.cpu_ratio',
          type: 'gauge',
          value: 0.75,
          count: 0,
          attributes: { worker: '0' },
        },
      ]);
  });
});

test('a client token writes into its own call, whatever the payload says', async () => {
  const claims = { tenantId: 'acme', roomId: 'r', callId: 'own', participantId: 'ann' };
  const token = await signToken('telemetry', claims, { secret: tokenSecret, ttlSeconds: 60 });
  const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
  const attributes = [text('rtc.call_id', 'foreign'), text('rtc.participant_id', 'bob')];
  const logRecords = [
    { eventName: 'rtc.stats.transport', attributes },
    { eventName: 'rtc.ice.state', attributes },
  ];
  const answer = await post(collector, token, { resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  expect(answer.status).toBe(200);
  for (const table of ['rtc_stats_transport', 'rtc_event']) {
    const read = `SELECT tenant_id, call_id, participant_id FROM ${table} WHERE call_id IN ('own', 'foreign')`;
    await expect
      .poll(() => db.rows(read))
      .toEqual([{ tenant_id: 'acme', call_id: 'own', participant_id: 'ann' }]);
  }
});

describe('with ClickHouse away', () => {
  const joined = (callId: string, n: number) => ({
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: [
              {
                eventName: 'rtc.stats.outbound_rtp',
                timeUnixNano: `${Date.now()}000000`,
                attributes: [
                  { key: 'rtc.call_id', value: { stringValue: callId } },
                  { key: 'rtc.packets_sent', value: { intValue: n } },
                ],
              },
            ],
          },
        ],
      },
    ],
  });
  const stored = (callId: string) =>
    db.rows<{ n: number }>(
      `SELECT packets_sent AS n FROM rtc_stats_outbound_rtp WHERE call_id = '${callId}' ORDER BY n`,
    );

  test('a start waits for it, and says so', async () => {
    await using link = await flakyLink(db.url);
    link.set('down');
    await using flaky = await startCollector(link.url, { awaitSchema: false });
    await expect.poll(() => link.refused).toBeGreaterThan(0);
    const waiting = await fetch(`${flaky.url}/readyz`);
    expect([waiting.status, await waiting.json()]).toEqual([
      503,
      { status: 'not ready', reason: expect.any(String) },
    ]);
    expect((await post(flaky, serverKey, joined('early', 1))).status).toBe(503);
    link.set('up');
    await expect.poll(async () => (await fetch(`${flaky.url}/readyz`)).status, { timeout: 10_000 }).toBe(200);
    expect((await post(flaky, serverKey, joined('early', 1))).status).toBe(200);
  });

  test('requests are acknowledged all the same; once it is back all are there exactly once', async () => {
    await using link = await flakyLink(db.url);
    await using flaky = await startCollector(link.url);
    const callId = 'away';
    expect((await post(flaky, serverKey, joined(callId, 1))).status).toBe(200);
    await expect.poll(() => stored(callId)).toEqual([{ n: 1 }]);

    link.set('down');
    expect((await post(flaky, serverKey, joined(callId, 2))).status).toBe(200);
    const ready = async () => (await fetch(`${flaky.url}/readyz`)).json();
    await expect.poll(ready).toEqual({ status: 'ready', behind: expect.any(String) });
    expect((await post(flaky, serverKey, joined(callId, 3))).status).toBe(200);

    link.set('up');
    await expect.poll(() => stored(callId), { timeout: 10_000 }).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await expect.poll(ready).toEqual({ status: 'ready' });
  });

  test('rows whose acknowledgement was lost on the way are not stored twice, nor counted twice', async () => {
    await using link = await flakyLink(db.url);
    await using flaky = await startCollector(link.url);
    const callId = 'deaf';
    link.set('deaf');
    const body = joined(callId, 1);
    expect((await post(flaky, serverKey, body)).status).toBe(200);
    await expect.poll(() => link.lostAnswers, { timeout: 10_000 }).toBeGreaterThan(0);
    link.set('up');
    expect((await post(flaky, serverKey, body)).status).toBe(200);
    await expect.poll(async () => (await (await fetch(`${flaky.url}/readyz`)).json()).behind).toBe(undefined);
    await expect.poll(() => stored(callId)).toEqual([{ n: 1 }]);
    await expect
      .poll(() => db.rows(`SELECT sum(rows) AS rows FROM window_arrival WHERE call_id = '${callId}'`))
      .toEqual([{ rows: 1 }]);
  });
});

function post(to: TestCollector, token: string, body: object): Promise<Response> {
  return fetch(`${to.url}/v1/logs`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    },
    body: gzipSync(JSON.stringify(body)),
  });
}

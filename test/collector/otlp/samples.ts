/** Logs, spans and metrics made by the official SDK, as its exporters hand them to the serializers. */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const resource = resourceFromAttributes({ 'service.name': 'sample', 'rtc.clock_offset_ms': -12.5 });

export async function sampleLogs() {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger('samples');
  logger.emit({
    eventName: 'rtc.stats.inbound_rtp',
    timestamp: 1_790_000_000_123,
    attributes: {
      'rtc.kind': 'audio',
      'rtc.packets_lost': -3,
      'rtc.bytes_received': 2 ** 40,
      'rtc.jitter_us': 0,
      'rtc.audio_level': 0.25,
      'rtc.power_efficient_decoder': true,
      words: ['a', 'ü', '🙂'],
    },
  });
  logger.emit({ eventName: 'rtc.ice.state', timestamp: 1_790_000_000_500, body: 'a line' });
  logger.emit({ eventName: 'nested', body: { list: [1, { deep: new Uint8Array([0, 255]) }], no: null } });
  await provider.forceFlush();
  return exporter.getFinishedLogRecords();
}

export async function sampleSpans() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const tracer = provider.getTracer('samples');
  const parent = tracer.startSpan('rtc.join', { startTime: 1_790_000_000_000, kind: SpanKind.CLIENT });
  const child = tracer.startSpan(
    'rtc.join.ice',
    { startTime: 1_790_000_000_100 },
    trace.setSpan(ROOT_CONTEXT, parent),
  );
  child.addEvent('candidate', { n: 1 }, 1_790_000_000_150);
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'no path' });
  child.end(1_790_000_000_350);
  parent.end(1_790_000_001_000);
  await provider.forceFlush();
  return exporter.getFinishedSpans();
}

export async function sampleMetrics() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({
    resource,
    readers: [reader],
    views: [
      { instrumentName: 'exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } },
      {
        instrumentName: 'explicit',
        aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [1, 10] } },
      },
    ],
  });
  const meter = provider.getMeter('samples');
  meter.createCounter('requests', { unit: '{request}' }).add(7, { route: '/join' });
  meter.createUpDownCounter('level').add(-2.5);
  const explicit = meter.createHistogram('explicit', { unit: 'ms' });
  for (const value of [0.5, 5, 5, 50]) explicit.record(value);
  const exponential = meter.createHistogram('exponential');
  for (const value of [0, 1, 2, 4]) exponential.record(value);
  await reader.forceFlush();
  const [metrics] = exporter.getMetrics();
  await provider.shutdown();
  return metrics!;
}

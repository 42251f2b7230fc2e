/** Gauges of a recorder's disk, as OTLP every ten seconds. */
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { metrics } from '../telemetry/events.ts';
import { resourceAttributes } from '../telemetry/identity.ts';

export interface RecorderFigures {
  readonly recordings: number;
  readonly bufferedBytes: number;
  readonly oldestPendingSeconds: number;
  readonly droppedPackets: number;
}

/** @returns stops it, with a last export */
export function exportMetrics(
  collector: { readonly url: string; readonly serverKey: string },
  recorderId: string,
  read: () => RecorderFigures,
): () => Promise<void> {
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({
      url: `${collector.url.replace(/\/+$/, '')}/v1/metrics`,
      headers: { authorization: `Bearer ${collector.serverKey}` },
    }),
    exportIntervalMillis: 10_000,
    exportTimeoutMillis: 5_000,
  });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({
      'service.name': 'callscope-recorder',
      'service.instance.id': recorderId,
      [resourceAttributes.source]: 'recorder',
    }),
    readers: [reader],
  });
  const meter = provider.getMeter('callscope-recorder');
  const gauge = (name: string, unit: string, value: (figures: RecorderFigures) => number) =>
    meter.createObservableGauge(name, { unit }).addCallback((result) => result.observe(value(read())));
  gauge(metrics.recordings, '{recording}', ({ recordings }) => recordings);
  gauge(metrics.recorderBufferedBytes, 'By', ({ bufferedBytes }) => bufferedBytes);
  gauge(metrics.recorderOldestPendingSeconds, 's', ({ oldestPendingSeconds }) => oldestPendingSeconds);
  meter
    .createObservableCounter(metrics.recorderDroppedPackets, { unit: '{packet}' })
    .addCallback((result) => result.observe(read().droppedPackets));
  return () => provider.shutdown().catch(() => {});
}

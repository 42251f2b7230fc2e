/** Metrics of a service, sent to the collector as OTLP every ten seconds; a collector that is away costs nothing else. */
import type { Attributes } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';

const intervalMs = 10_000;
const timeoutMs = 5_000;

export interface CollectorAddress {
  /** OTLP/HTTP base URL. */
  readonly url: string;
  readonly serverKey: string;
}

/** @param resource who tells: `service.name`, `rtc.source` and, where there are several, `service.instance.id` */
export function metersTo({ url, serverKey }: CollectorAddress, resource: Attributes): MeterProvider {
  return new MeterProvider({
    resource: resourceFromAttributes(resource),
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({
          url: `${url.replace(/\/+$/, '')}/v1/metrics`,
          headers: { authorization: `Bearer ${serverKey}` },
        }),
        exportIntervalMillis: intervalMs,
        exportTimeoutMillis: timeoutMs,
      }),
    ],
  });
}

/** A relay's numbers as OTLP metrics, for the dashboard of the TURN fleet; never labelled by who uses it. */
import type { ObservableResult } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { metrics as names } from '../../telemetry/events.ts';
import { resourceAttributes } from '../../telemetry/identity.ts';
import type { Traffic, Transport } from './status.ts';

export interface CollectorAddress {
  /** OTLP/HTTP base URL. */
  readonly url: string;
  readonly serverKey: string;
}

export interface RelayReading {
  /** Undefined: not known, as Redis is away. */
  readonly allocations: number | undefined;
  readonly sessions: Readonly<Record<Transport, number>>;
  readonly total: Traffic;
  readonly refusals: Readonly<Record<string, number>>;
  readonly saturation: number | undefined;
  readonly cpuRatio: number | undefined;
}

export interface RelayMetrics {
  stop(): Promise<void>;
}

const scope = 'callscope-turn';
const intervalMs = 10_000;
const timeoutMs = 5_000;

/** @returns a provider whose metrics go to the collector, with this name as the instance */
export function turnMeters({ url, serverKey }: CollectorAddress, instanceId: string): MeterProvider {
  return new MeterProvider({
    resource: resourceFromAttributes({
      'service.name': scope,
      'service.instance.id': instanceId,
      [resourceAttributes.source]: 'turn',
    }),
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

export function observeRelay(
  collector: CollectorAddress,
  relayId: string,
  read: () => RelayReading,
): RelayMetrics {
  const provider = turnMeters(collector, relayId);
  const meter = provider.getMeter(scope);
  const gauge = (
    name: string,
    unit: string,
    observe: (result: ObservableResult, now: RelayReading) => void,
  ) => meter.createObservableGauge(name, { unit }).addCallback((result) => observe(result, read()));
  const sum = (name: string, unit: string, observe: (result: ObservableResult, now: RelayReading) => void) =>
    meter.createObservableCounter(name, { unit }).addCallback((result) => observe(result, read()));

  gauge(names.turnAllocations, '{allocation}', (result, { allocations }) => {
    if (allocations !== undefined) result.observe(allocations);
  });
  gauge(names.turnSaturation, '1', (result, { saturation }) => {
    if (saturation !== undefined) result.observe(saturation);
  });
  gauge(names.turnCpuRatio, '1', (result, { cpuRatio }) => {
    if (cpuRatio !== undefined) result.observe(cpuRatio);
  });
  gauge(names.turnSessions, '{session}', (result, { sessions }) => {
    for (const [transport, count] of Object.entries(sessions)) result.observe(count, { transport });
  });
  sum(names.turnBytes, 'By', (result, { total }) => {
    result.observe(total.bytesUp, { direction: 'up' });
    result.observe(total.bytesDown, { direction: 'down' });
  });
  sum(names.turnPackets, '{packet}', (result, { total }) => {
    result.observe(total.packetsUp, { direction: 'up' });
    result.observe(total.packetsDown, { direction: 'down' });
  });
  sum(names.turnRefusals, '{refusal}', (result, { refusals }) => {
    for (const [reason, count] of Object.entries(refusals)) result.observe(count, { reason });
  });
  return { stop: () => provider.shutdown().catch(() => {}) };
}

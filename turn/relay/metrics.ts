/** A relay's numbers as OTLP metrics, for the dashboard of the TURN fleet; never labelled by who uses it. */
import type { ObservableResult } from '@opentelemetry/api';
import type { MeterProvider } from '@opentelemetry/sdk-metrics';
import { metrics as names } from '../../telemetry/events.ts';
import { resourceAttributes } from '../../telemetry/identity.ts';
import { type CollectorAddress, metersTo } from '../../telemetry/service/meters.ts';
import type { Traffic, Transport } from './status.ts';

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
/** @returns a provider whose metrics go to the collector, with this name as the instance */
export const turnMeters = (collector: CollectorAddress, instanceId: string): MeterProvider =>
  metersTo(collector, {
    'service.name': scope,
    'service.instance.id': instanceId,
    [resourceAttributes.source]: 'turn',
  });

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

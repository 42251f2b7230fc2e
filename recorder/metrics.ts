/** Gauges of a recorder's disk, as OTLP every ten seconds. */
import { metrics } from '../telemetry/events.ts';
import { resourceAttributes } from '../telemetry/identity.ts';
import { type CollectorAddress, metersTo } from '../telemetry/service/meters.ts';

export interface RecorderFigures {
  readonly recordings: number;
  readonly bufferedBytes: number;
  readonly oldestPendingSeconds: number;
  readonly droppedPackets: number;
}

/**
 * @param diskRefuses whether the disk has refused packets, or room, since this was asked before: the readings are apart
 * @returns stops it, with a last export
 */
export function exportMetrics(
  collector: CollectorAddress,
  recorderId: string,
  read: () => RecorderFigures,
  diskRefuses: () => boolean,
): () => Promise<void> {
  const provider = metersTo(collector, {
    'service.name': 'callscope-recorder',
    'service.instance.id': recorderId,
    [resourceAttributes.source]: 'recorder',
  });
  const meter = provider.getMeter('callscope-recorder');
  const gauge = (name: string, unit: string, value: (figures: RecorderFigures) => number) =>
    meter.createObservableGauge(name, { unit }).addCallback((result) => result.observe(value(read())));
  gauge(metrics.recordings, '{recording}', ({ recordings }) => recordings);
  gauge(metrics.recorderBufferedBytes, 'By', ({ bufferedBytes }) => bufferedBytes);
  gauge(metrics.recorderOldestPendingSeconds, 's', ({ oldestPendingSeconds }) => oldestPendingSeconds);
  meter
    .createObservableGauge(metrics.recorderDiskRefuses, { unit: '1' })
    .addCallback((result) => result.observe(diskRefuses() ? 1 : 0));
  meter
    .createObservableCounter(metrics.recorderDroppedPackets, { unit: '{packet}' })
    .addCallback((result) => result.observe(read().droppedPackets));
  return () => provider.shutdown().catch(() => {});
}

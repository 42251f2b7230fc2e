/** Health of the node as OTLP metrics: per worker and in all, never per participant. */
import { readFile } from 'node:fs/promises';
import type { ObservableResult } from '@opentelemetry/api';
import { metrics } from '../../telemetry/events.ts';
import { attributeName } from '../../telemetry/identity.ts';
import type { Nodes } from '../nodes/Nodes.ts';
import type { Rooms } from '../Rooms.ts';
import type { WorkerSlot, Workers } from '../Workers.ts';
import type { Telemetry } from './Telemetry.ts';

interface CpuReading {
  readonly pid: number;
  /** User and system time used, ms. */
  readonly usedMs: number;
  readonly atMs: number;
}

export function observeNode(telemetry: Telemetry, workers: Workers, rooms: Rooms): void {
  const { meter } = telemetry;
  const gauge = (name: string, unit: string, observe: (result: ObservableResult) => void | Promise<void>) =>
    meter.createObservableGauge(name, { unit }).addCallback(observe);
  const perWorker =
    (measure: (slot: WorkerSlot) => Promise<number | null>) => async (result: ObservableResult) => {
      await Promise.allSettled(
        workers.slots.map(async (slot) => {
          const value = await measure(slot);
          if (value !== null) result.observe(value, { [attributeName('worker')]: slot.index });
        }),
      );
    };

  const lastCpu = new Map<number, CpuReading>();
  gauge(
    metrics.workerCpuRatio,
    '1',
    perWorker(async (slot) => {
      const { ru_utime, ru_stime } = await slot.worker.getResourceUsage();
      const now: CpuReading = { pid: slot.worker.pid, usedMs: ru_utime + ru_stime, atMs: performance.now() };
      const before = lastCpu.get(slot.index);
      lastCpu.set(slot.index, now);
      // Another process at this place starts its count anew.
      if (before?.pid !== now.pid || now.atMs <= before.atMs) return null;
      return Math.max(0, now.usedMs - before.usedMs) / (now.atMs - before.atMs);
    }),
  );
  gauge(metrics.workerMemoryBytes, 'By', perWorker(residentBytes));
  gauge(metrics.rooms, '{room}', (result) => result.observe(rooms.calls.filter(({ room }) => room).length));
  const participants = () => rooms.calls.flatMap(({ room }) => (room ? [...room.participants.values()] : []));
  gauge(metrics.participants, '{participant}', (result) => result.observe(participants().length));
  gauge(metrics.transports, '{transport}', (result) =>
    result.observe(participants().reduce((sum, { transports }) => sum + transports.size, 0)),
  );
  gauge(metrics.receivers, '{participant}', (result) => {
    for (const kind of ['audio', 'video'] as const) {
      const receiving = participants().filter(({ consumers }) =>
        [...consumers.values()].some(
          ({ consumer }) => consumer.kind === kind && !consumer.paused && !consumer.producerPaused,
        ),
      );
      result.observe(receiving.length, { [attributeName('kind')]: kind });
    }
  });
}

/** What the node knows of the others. */
export function observeNodes({ meter }: Telemetry, nodes: Nodes): void {
  meter
    .createObservableGauge(metrics.nodesMissed, { unit: '{node}' })
    .addCallback((result) => result.observe(nodes.missed));
}

/** Resident memory now, from /proc; where that is not there, the most it ever was (getrusage, kB). */
async function residentBytes({ worker }: WorkerSlot): Promise<number | null> {
  const status = await readFile(`/proc/${worker.pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes) return Number(kilobytes) * 1024;
  return (await worker.getResourceUsage()).ru_maxrss * 1024;
}

/** What stands around a job's work: its duration and result for the metrics, and never twice at once. */
import { performance } from 'node:perf_hooks';
import type { PipelinesMetrics } from './metrics.ts';

export function timed(
  metrics: PipelinesMetrics,
  queue: string,
  work: (job: unknown) => Promise<void>,
): (job: unknown) => Promise<void> {
  return async (job) => {
    const startMs = performance.now();
    try {
      await work(job);
      metrics.jobDone(queue, 'done', performance.now() - startMs);
    } catch (error) {
      metrics.jobDone(queue, 'failed', performance.now() - startMs);
      throw error;
    }
  };
}

/**
 * Leaves out a run while one with the same key is under way here: a job that the queue took for lost, as its
 * worker was starved, must not run beside itself.
 */
export function onceAtATime(
  keyOf: (job: unknown) => string,
  work: (job: unknown) => Promise<void>,
): (job: unknown) => Promise<void> {
  const running = new Set<string>();
  return async (job) => {
    const key = keyOf(job);
    if (running.has(key)) return;
    running.add(key);
    try {
      await work(job);
    } finally {
      running.delete(key);
    }
  };
}

/** The pipelines' own health: counted here, shown on /metrics, sent as OTLP where a collector is named. */
import type { MeterProvider } from '@opentelemetry/sdk-metrics';
import { metrics as names } from '../telemetry/events.ts';
import { resourceAttributes } from '../telemetry/identity.ts';
import { metersTo } from '../telemetry/service/meters.ts';

/** Upper limits of the duration buckets, ms. */
const buckets = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

interface Durations {
  readonly counts: number[];
  sum: number;
  count: number;
}

export class PipelinesMetrics {
  readonly #durations = new Map<string, Durations>();
  readonly #results = new Map<string, number>();
  readonly #depths = new Map<string, number>();
  readonly #ages = new Map<string, number>();
  #windowLagMs = 0;
  #record: ((ms: number, queue: string) => void) | undefined;
  #provider: MeterProvider | undefined;

  jobDone(queue: string, result: 'done' | 'failed', ms: number): void {
    const durations = this.#durations.get(queue) ?? { counts: buckets.map(() => 0), sum: 0, count: 0 };
    this.#durations.set(queue, durations);
    durations.sum += ms;
    durations.count += 1;
    buckets.forEach((limit, i) => {
      if (ms <= limit) durations.counts[i]! += 1;
    });
    const key = `queue="${queue}",result="${result}"`;
    this.#results.set(key, (this.#results.get(key) ?? 0) + 1);
    this.#record?.(ms, queue);
  }

  queueState(queue: string, depth: number, oldestMs: number): void {
    this.#depths.set(queue, depth);
    this.#ages.set(queue, oldestMs);
  }

  /** How long the oldest window that could be scored has been waiting, ms; 0 when none is. */
  windowLag(ms: number): void {
    this.#windowLagMs = ms;
  }

  /** Prometheus text format 0.0.4. */
  text(): string {
    const lines: string[] = [];
    const family = (name: string, type: string, help: string) =>
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    family('callscope_pipelines_job_duration_ms', 'histogram', 'Time one job took');
    for (const [queue, d] of this.#durations) {
      buckets.forEach((limit, i) => {
        lines.push(
          `callscope_pipelines_job_duration_ms_bucket{queue="${queue}",le="${limit}"} ${d.counts[i]}`,
        );
      });
      lines.push(`callscope_pipelines_job_duration_ms_bucket{queue="${queue}",le="+Inf"} ${d.count}`);
      lines.push(`callscope_pipelines_job_duration_ms_sum{queue="${queue}"} ${Math.round(d.sum)}`);
      lines.push(`callscope_pipelines_job_duration_ms_count{queue="${queue}"} ${d.count}`);
    }
    family('callscope_pipelines_jobs_total', 'counter', 'Jobs by result');
    for (const [key, count] of this.#results) lines.push(`callscope_pipelines_jobs_total{${key}} ${count}`);
    family('callscope_pipelines_queue_depth', 'gauge', 'Jobs waiting, delayed or under way');
    for (const [queue, depth] of this.#depths)
      lines.push(`callscope_pipelines_queue_depth{queue="${queue}"} ${depth}`);
    family('callscope_pipelines_queue_oldest_ms', 'gauge', 'Age of the oldest waiting job');
    for (const [queue, ms] of this.#ages)
      lines.push(`callscope_pipelines_queue_oldest_ms{queue="${queue}"} ${ms}`);
    family('callscope_pipelines_window_lag_ms', 'gauge', 'How long the oldest window due has been waiting');
    lines.push(`callscope_pipelines_window_lag_ms ${this.#windowLagMs}`);
    return `${lines.join('\n')}\n`;
  }

  /** Sends the same as OTLP every 10 s; a collector that is away costs nothing but the metrics. */
  exportTo(collectorUrl: string, serverKey: string): void {
    this.#provider = metersTo(
      { url: collectorUrl, serverKey },
      { 'service.name': 'callscope-pipelines', [resourceAttributes.source]: 'pipelines' },
    );
    const meter = this.#provider.getMeter('callscope-pipelines');
    const durations = meter.createHistogram(names.jobDurationMs, {
      unit: 'ms',
      advice: { explicitBucketBoundaries: buckets },
    });
    this.#record = (ms, queue) => durations.record(ms, { queue });
    meter.createObservableGauge(names.queueDepth, { unit: '{job}' }).addCallback((result) => {
      for (const [queue, depth] of this.#depths) result.observe(depth, { queue });
    });
    meter.createObservableGauge(names.queueOldestMs, { unit: 'ms' }).addCallback((result) => {
      for (const [queue, ms] of this.#ages) result.observe(ms, { queue });
    });
    meter
      .createObservableGauge(names.windowLagMs, { unit: 'ms' })
      .addCallback((result) => result.observe(this.#windowLagMs));
  }

  async close(): Promise<void> {
    await this.#provider?.shutdown().catch(() => {});
  }
}

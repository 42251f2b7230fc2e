/**
 * The collector's own measurements as telemetry like any other: what /metrics shows, as OTLP to itself, so that the
 * dashboards see refusals and a filling spool beside what they cause.
 */
import { hostname } from 'node:os';
import { metrics as names } from '../telemetry/events.ts';
import { resourceAttributes } from '../telemetry/identity.ts';
import type { Logger } from '../telemetry/service/service.ts';

const everyMs = 15_000;
const limitMs = 5_000;

/** By the name on /metrics. `label` there is `attribute` here. */
const told = [
  { from: 'callscope_collector_rows_total', name: names.collectorRows, label: 'table', attribute: 'table' },
  {
    from: 'callscope_collector_errors_total',
    name: names.collectorRefusals,
    label: 'code',
    attribute: 'reason',
  },
  { from: 'callscope_collector_spool_bytes', name: names.collectorSpoolBytes },
  { from: 'callscope_collector_buffered_bytes', name: names.collectorBufferedBytes },
] as const;

/** The body of a metrics request (OTLP/JSON). @param text of /metrics, Prometheus text format 0.0.4 */
export function selfMetrics(text: string, startedAtMs: number, nowMs: number): object {
  const lines = text.split('\n');
  const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
  const metrics = told.flatMap((one) => {
    const points = lines.flatMap((line) => {
      const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (name !== one.from) return [];
      const labelled = 'label' in one ? new RegExp(`${one.label}="([^"]*)"`).exec(labels)?.[1] : undefined;
      return [
        {
          asDouble: Number(value),
          startTimeUnixNano: `${startedAtMs}000000`,
          timeUnixNano: `${nowMs}000000`,
          attributes: 'label' in one && labelled !== undefined ? [attribute(one.attribute, labelled)] : [],
        },
      ];
    });
    if (points.length === 0) return [];
    const data =
      'label' in one
        ? { sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: points } }
        : { gauge: { dataPoints: points } };
    return [{ name: one.name, ...data }];
  });
  return {
    resourceMetrics: [
      {
        resource: {
          attributes: [
            attribute('service.name', 'callscope-collector'),
            attribute('service.instance.id', hostname()),
            attribute(resourceAttributes.source, 'collector'),
          ],
        },
        scopeMetrics: [{ metrics }],
      },
    ],
  };
}

export interface SelfOptions {
  /** Of the collector itself, `http://host:port`. */
  readonly url: string;
  readonly serverKey: string;
  /** What /metrics shows. */
  readonly text: () => string;
  readonly log: Logger;
}

/** @returns what ends it */
export function tellSelf({ url, serverKey, text, log }: SelfOptions): () => void {
  const startedAtMs = Date.now();
  const timer = setInterval(async () => {
    try {
      const response = await fetch(`${url}/v1/metrics`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${serverKey}` },
        body: JSON.stringify(selfMetrics(text(), startedAtMs, Date.now())),
        signal: AbortSignal.timeout(limitMs),
      });
      await response.arrayBuffer();
    } catch (error) {
      // Counters go on counting: the next one tells it all.
      log.debug({ err: error }, 'own measurements were not taken');
    }
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

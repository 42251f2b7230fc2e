/**
 * The collector's own measurements as telemetry like any other: what /metrics shows, as OTLP to itself, so that the
 * dashboards see refusals and a filling spool beside what they cause.
 */
import { hostname } from 'node:os';
import { metrics as names } from '../telemetry/events.ts';
import { resourceAttributes } from '../telemetry/identity.ts';
import type { Logger } from '../telemetry/service/service.ts';
import type { CollectorMetrics } from './metrics.ts';

const everyMs = 15_000;
const limitMs = 5_000;

/** `label` is the attribute's name on /metrics. */
const counters = [
  { of: 'rows', name: names.collectorRows, label: 'table', attribute: 'table' },
  { of: 'errors', name: names.collectorRefusals, label: 'code', attribute: 'reason' },
] as const;
const gauges = [
  { of: 'spoolBytes', name: names.collectorSpoolBytes },
  { of: 'bufferedBytes', name: names.collectorBufferedBytes },
] as const;

/** The body of a metrics request (OTLP/JSON). */
export function selfMetrics(of: CollectorMetrics, startedAtMs: number, nowMs: number): object {
  const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
  const point = (value: number, attributes: object[]) => ({
    asDouble: value,
    startTimeUnixNano: `${startedAtMs}000000`,
    timeUnixNano: `${nowMs}000000`,
    attributes,
  });
  const sums = counters.map((one) => ({
    name: one.name,
    sum: {
      aggregationTemporality: 2,
      isMonotonic: true,
      dataPoints: of[one.of].points.map(({ labels, value }) =>
        point(value, [attribute(one.attribute, labels[one.label] ?? '')]),
      ),
    },
  }));
  const levels = gauges.map((one) => ({
    name: one.name,
    gauge: { dataPoints: [point(of[one.of].value, [])] },
  }));
  const metrics = [...sums.filter(({ sum }) => sum.dataPoints.length > 0), ...levels];
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
  readonly metrics: CollectorMetrics;
  readonly log: Logger;
}

/** @returns what ends it */
export function tellSelf({ url, serverKey, metrics, log }: SelfOptions): () => void {
  const startedAtMs = Date.now();
  const timer = setInterval(async () => {
    try {
      const response = await fetch(`${url}/v1/metrics`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${serverKey}` },
        body: JSON.stringify(selfMetrics(metrics, startedAtMs, Date.now())),
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

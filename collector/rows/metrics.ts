/** Metric data points to rows of `rtc_metric`: process and node health, from servers only. */
import { attributeName } from '../../telemetry/identity.ts';
import { type Attributes, type Batch, type Metric, type MetricPoint, temporalities } from '../otlp/model.ts';
import { AttributeMap, textOf } from './attributes.ts';
import { correctedTime, senderClock, storableTime } from './clock.ts';
import { isIdentityAttribute } from './identity.ts';
import type { Redaction } from './redaction.ts';
import type { RowSink } from './row-set.ts';

const maxNameLength = 256;

/** One series per participant would drown the others; what is about a participant travels as events. */
const forbiddenLabel = attributeName('participant_id');

export function metricRows(batches: readonly Batch<Metric>[], receivedAtMs: number, rows: RowSink): void {
  for (const { resource, records } of batches) {
    const clock = senderClock(resource);
    const sender = {
      service_name: resourceText(resource, 'service.name'),
      service_instance_id: resourceText(resource, 'service.instance.id'),
    };
    for (const metric of records) {
      if (metric.type === 'summary') {
        rows.refuse('summary', 'summaries are not stored, send a histogram', metric.points.length);
        continue;
      }
      for (const point of metric.points) {
        const refusal = faultOf(point, metric);
        if (refusal) {
          rows.refuse('bad_point', refusal);
          continue;
        }
        const node = point.attributes.get(attributeName('sfu_node_id'));
        rows.add('rtc_metric', {
          ...sender,
          sfu_node_id:
            node === undefined ? resourceText(resource, attributeName('sfu_node_id')) : textOf(node),
          name: metric.name.slice(0, maxNameLength),
          unit: metric.unit.slice(0, maxNameLength),
          type: metric.type,
          temporality: temporalities[metric.temporality] ?? '',
          start_time: storableTime(point.startMs),
          time: correctedTime(point.timeMs || receivedAtMs, clock, receivedAtMs),
          received_at: receivedAtMs,
          value: pointValue(metric, point),
          count: point.count,
          sum: Number.isFinite(point.sum) ? point.sum : 0,
          bounds: point.bounds,
          bucket_counts: point.bucketCounts,
          attributes: labels(point.attributes, rows.redaction).entries,
        });
      }
    }
  }
}

function faultOf(point: MetricPoint, metric: Metric): string | undefined {
  if (point.attributes.has(forbiddenLabel)) return `${metric.name} is labelled by participant`;
  const whole = (count: number) => Number.isSafeInteger(count) && count >= 0;
  if (!Number.isFinite(pointValue(metric, point))) return `${metric.name} is not a finite number`;
  if (!whole(point.count) || !point.bucketCounts.every(whole))
    return `${metric.name} has a count out of range`;
  if (!point.bounds.every(Number.isFinite)) return `${metric.name} has a bound that is not finite`;
  return undefined;
}

/** The mean of a histogram stands where a gauge's value does, so that one query plots both. */
function pointValue(metric: Metric, point: MetricPoint): number {
  if (metric.type === 'gauge' || metric.type === 'sum') return point.value;
  return point.count > 0 ? point.sum / point.count : 0;
}

function labels(attributes: Attributes, redaction: Redaction): AttributeMap {
  const map = new AttributeMap(redaction);
  map.setAll(attributes, isIdentityAttribute);
  return map;
}

function resourceText(resource: Attributes, name: string): string {
  return textOf(resource.get(name) ?? null).slice(0, maxNameLength);
}

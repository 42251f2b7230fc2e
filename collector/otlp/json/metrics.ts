/** ExportMetricsServiceRequest in OTLP's JSON mapping. */
import { exponentialToExplicit } from '../exponential.ts';
import { Budget } from '../limits.ts';
import type { Batch, Metric, MetricPoint, MetricType } from '../model.ts';
import {
  attributesAt,
  batchesAt,
  int64At,
  type JsonObject,
  listAt,
  nanosAsMsAt,
  numberAt,
  objectAt,
  parseBody,
  textAt,
} from './value.ts';

const members = { resources: 'resourceMetrics', scopes: 'scopeMetrics', records: 'metrics' };

/** Which member holds the points says what kind of metric it is. */
const dataMembers = [
  ['gauge', 'gauge'],
  ['sum', 'sum'],
  ['histogram', 'histogram'],
  ['exponentialHistogram', 'exponential_histogram'],
  ['summary', 'summary'],
] as const satisfies readonly (readonly [string, MetricType])[];

/** @throws CollectorError `malformed` or `too_many_items` */
export function decodeMetrics(body: Uint8Array, budget = new Budget()): Batch<Metric>[] {
  return batchesAt(parseBody(body), members, budget, (value, path) => {
    const metric: Metric = {
      name: textAt(value.name, `${path}.name`),
      unit: textAt(value.unit, `${path}.unit`),
      type: 'gauge',
      temporality: 0,
      points: [],
    };
    for (const [member, type] of dataMembers) {
      if (value[member] === undefined || value[member] === null) continue;
      const data = objectAt(value[member], `${path}.${member}`);
      metric.type = type;
      metric.temporality = numberAt(data.aggregationTemporality, `${path}.${member}.aggregationTemporality`);
      const pointsPath = `${path}.${member}.dataPoints`;
      metric.points = listAt(data.dataPoints, pointsPath).map((point, index) =>
        readPoint(objectAt(point, `${pointsPath}[${index}]`), `${pointsPath}[${index}]`, type, budget),
      );
    }
    return metric;
  });
}

function readPoint(point: JsonObject, path: string, type: MetricType, budget: Budget): MetricPoint {
  budget.record();
  return {
    startMs: nanosAsMsAt(point.startTimeUnixNano, `${path}.startTimeUnixNano`),
    timeMs: nanosAsMsAt(point.timeUnixNano, `${path}.timeUnixNano`),
    attributes: attributesAt(point.attributes, `${path}.attributes`, budget),
    value: Number(
      point.asInt === undefined || point.asInt === null
        ? numberAt(point.asDouble, `${path}.asDouble`)
        : int64At(point.asInt, `${path}.asInt`),
    ),
    count: Number(int64At(point.count, `${path}.count`)),
    sum: numberAt(point.sum, `${path}.sum`),
    ...readBuckets(point, path, type, budget),
  };
}

function readBuckets(
  point: JsonObject,
  path: string,
  type: MetricType,
  budget: Budget,
): { bounds: number[]; bucketCounts: number[] } {
  if (type === 'exponential_histogram') {
    return exponentialToExplicit({
      scale: numberAt(point.scale, `${path}.scale`),
      zeroCount: Number(int64At(point.zeroCount, `${path}.zeroCount`)),
      positive: readExponential(point.positive, `${path}.positive`, budget),
      negative: readExponential(point.negative, `${path}.negative`, budget),
    });
  }
  return {
    bounds: listAt(point.explicitBounds, `${path}.explicitBounds`).map((bound, index) => {
      budget.item();
      return numberAt(bound, `${path}.explicitBounds[${index}]`);
    }),
    bucketCounts: counts(point.bucketCounts, `${path}.bucketCounts`, budget),
  };
}

function readExponential(value: unknown, path: string, budget: Budget): { offset: number; counts: number[] } {
  const buckets = objectAt(value ?? {}, path);
  return {
    offset: numberAt(buckets.offset, `${path}.offset`),
    counts: counts(buckets.bucketCounts, `${path}.bucketCounts`, budget),
  };
}

function counts(value: unknown, path: string, budget: Budget): number[] {
  return listAt(value, path).map((item, index) => {
    budget.item();
    return Number(int64At(item, `${path}[${index}]`));
  });
}

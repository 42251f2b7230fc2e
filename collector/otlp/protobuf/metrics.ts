/** opentelemetry/proto/collector/metrics/v1 ExportMetricsServiceRequest and metrics/v1 Metric. */
import { exponentialToExplicit } from '../exponential.ts';
import { Budget } from '../limits.ts';
import type { Batch, Metric, MetricPoint, MetricType } from '../model.ts';
import { readBatches, readKeyValue } from './common.ts';
import { bytesField, fixed64Field, Reader, varintField } from './reader.ts';

/** @throws CollectorError `malformed` or `too_many_items` */
export function decodeMetrics(body: Uint8Array, budget = new Budget()): Batch<Metric>[] {
  const reader = new Reader(body);
  return readBatches(reader, budget, () => readMetric(reader, budget));
}

const field = { name: bytesField(1), unit: bytesField(3) };

/** Which field holds the points says what kind of metric it is. */
const dataFields = new Map<number, MetricType>([
  [bytesField(5), 'gauge'],
  [bytesField(7), 'sum'],
  [bytesField(9), 'histogram'],
  [bytesField(10), 'exponential_histogram'],
  [bytesField(11), 'summary'],
]);

function readMetric(reader: Reader, budget: Budget): Metric {
  const metric: Metric = { name: '', unit: '', type: 'gauge', temporality: 0, points: [] };
  reader.nested((tag) => {
    const type = dataFields.get(tag);
    if (tag === field.name) metric.name = reader.string();
    else if (tag === field.unit) metric.unit = reader.string();
    else if (type) {
      metric.type = type;
      readData(reader, budget, metric);
    } else reader.skip(tag);
  });
  return metric;
}

/** Gauge, Sum, Histogram, ExponentialHistogram and Summary: points are field 1, temporality field 2. */
function readData(reader: Reader, budget: Budget, metric: Metric): void {
  reader.nested((tag) => {
    if (tag === bytesField(1)) {
      budget.record();
      metric.points.push(pointReaders[metric.type](reader, budget));
    } else if (tag === varintField(2)) metric.temporality = reader.uint();
    else reader.skip(tag);
  });
}

const pointReaders: Record<MetricType, (reader: Reader, budget: Budget) => MetricPoint> = {
  gauge: readNumberPoint,
  sum: readNumberPoint,
  histogram: readHistogramPoint,
  exponential_histogram: readExponentialPoint,
  summary: readSummaryPoint,
};

const emptyPoint = (): MetricPoint => ({
  startMs: 0,
  timeMs: 0,
  attributes: new Map(),
  value: 0,
  count: 0,
  sum: 0,
  bounds: [],
  bucketCounts: [],
});

const start = fixed64Field(2);
const time = fixed64Field(3);
const number = { asDouble: fixed64Field(4), asInt: fixed64Field(6), attributes: bytesField(7) };

function readNumberPoint(reader: Reader, budget: Budget): MetricPoint {
  const point = emptyPoint();
  reader.nested((tag) => {
    if (tag === start) point.startMs = reader.nanosAsMs();
    else if (tag === time) point.timeMs = reader.nanosAsMs();
    else if (tag === number.asDouble) point.value = reader.double();
    else if (tag === number.asInt) point.value = reader.sfixed64();
    else if (tag === number.attributes) readKeyValue(reader, budget, point.attributes);
    else reader.skip(tag);
  });
  return point;
}

const count = fixed64Field(4);
const sum = fixed64Field(5);
const histogram = { bucketCounts: 6, bounds: 7, attributes: bytesField(9) };

function readHistogramPoint(reader: Reader, budget: Budget): MetricPoint {
  const point = emptyPoint();
  const readBucket = () => {
    budget.item();
    point.bucketCounts.push(reader.fixed64());
  };
  const readBound = () => {
    budget.item();
    point.bounds.push(reader.double());
  };
  reader.nested((tag) => {
    if (tag === start) point.startMs = reader.nanosAsMs();
    else if (tag === time) point.timeMs = reader.nanosAsMs();
    else if (tag === count) point.count = reader.fixed64();
    else if (tag === sum) point.sum = reader.double();
    else if (tag === bytesField(histogram.bucketCounts)) reader.packed(readBucket);
    else if (tag === fixed64Field(histogram.bucketCounts)) readBucket();
    else if (tag === bytesField(histogram.bounds)) reader.packed(readBound);
    else if (tag === fixed64Field(histogram.bounds)) readBound();
    else if (tag === histogram.attributes) readKeyValue(reader, budget, point.attributes);
    else reader.skip(tag);
  });
  return point;
}

const exponential = {
  attributes: bytesField(1),
  scale: varintField(6),
  zeroCount: fixed64Field(7),
  positive: bytesField(8),
  negative: bytesField(9),
};

function readExponentialPoint(reader: Reader, budget: Budget): MetricPoint {
  const point = emptyPoint();
  const shape = { scale: 0, zeroCount: 0, positive: noBuckets(), negative: noBuckets() };
  reader.nested((tag) => {
    if (tag === exponential.attributes) readKeyValue(reader, budget, point.attributes);
    else if (tag === start) point.startMs = reader.nanosAsMs();
    else if (tag === time) point.timeMs = reader.nanosAsMs();
    else if (tag === count) point.count = reader.fixed64();
    else if (tag === sum) point.sum = reader.double();
    else if (tag === exponential.scale) shape.scale = readSint32(reader);
    else if (tag === exponential.zeroCount) shape.zeroCount = reader.fixed64();
    else if (tag === exponential.positive) shape.positive = readBuckets(reader, budget);
    else if (tag === exponential.negative) shape.negative = readBuckets(reader, budget);
    else reader.skip(tag);
  });
  return Object.assign(point, exponentialToExplicit(shape));
}

const noBuckets = () => ({ offset: 0, counts: [] as number[] });

function readBuckets(reader: Reader, budget: Budget): { offset: number; counts: number[] } {
  const buckets = noBuckets();
  const readCount = () => {
    budget.item();
    buckets.counts.push(reader.uint());
  };
  reader.nested((tag) => {
    if (tag === varintField(1)) buckets.offset = readSint32(reader);
    else if (tag === bytesField(2)) reader.packed(readCount);
    else if (tag === varintField(2)) readCount();
    else reader.skip(tag);
  });
  return buckets;
}

/** Zigzag. */
function readSint32(reader: Reader): number {
  const raw = reader.uint() >>> 0;
  return (raw >>> 1) ^ -(raw & 1);
}

/** Only counted and refused later: quantiles cannot be merged or compared. */
function readSummaryPoint(reader: Reader): MetricPoint {
  const point = emptyPoint();
  reader.nested((tag) => reader.skip(tag));
  return point;
}

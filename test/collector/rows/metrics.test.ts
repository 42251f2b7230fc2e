import { describe, expect, test } from 'vitest';
import type { Metric, MetricPoint } from '../../../collector/otlp/model.ts';
import { metricRows } from '../../../collector/rows/metrics.ts';
import { RowSet } from '../../../collector/rows/row-set.ts';

const receivedAt = 1_790_000_000_000;

test('a histogram has its mean as value, its buckets beside it', () => {
  const point = { count: 4, sum: 10, bounds: [1], bucketCounts: [1, 3] };
  const rows = read({ type: 'histogram', temporality: 1, unit: 'ms' }, point);
  expect(rows.byTable.get('rtc_metric')!.map((line) => JSON.parse(line))).toMatchObject([
    {
      type: 'histogram',
      temporality: 'delta',
      unit: 'ms',
      value: 2.5,
      count: 4,
      sum: 10,
      bucket_counts: [1, 3],
    },
  ]);
});

describe('refused, with the reason', () => {
  test.each<[string, Partial<Metric>, Partial<MetricPoint>]>([
    ['labelled by participant', {}, { attributes: new Map([['rtc.participant_id', 'ann']]) }],
    ['not a finite number', {}, { value: Number.NaN }],
    ['summaries are not stored', { type: 'summary' }, {}],
    ['a count out of range', { type: 'histogram' }, { count: -1 }],
    ['a bound that is not finite', { type: 'histogram' }, { bounds: [Number.POSITIVE_INFINITY] }],
  ])('%s', (reason, metric, point) => {
    const rows = read(metric, point);
    expect(rows.refusalMessage).toContain(reason);
    expect([rows.rows, rows.refused]).toEqual([0, 1]);
  });
});

function read(metric: Partial<Metric>, point: Partial<MetricPoint>): RowSet {
  const rows = new RowSet();
  const full: MetricPoint = {
    startMs: 0,
    timeMs: receivedAt,
    attributes: new Map(),
    value: 1,
    count: 0,
    sum: 0,
    bounds: [],
    bucketCounts: [],
    ...point,
  };
  const record: Metric = { name: 'm', unit: '', type: 'gauge', temporality: 0, ...metric, points: [full] };
  metricRows([{ resource: new Map(), records: [record] }], receivedAt, rows);
  return rows;
}

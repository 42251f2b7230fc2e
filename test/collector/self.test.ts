import { expect, test } from 'vitest';
import { CollectorMetrics } from '../../collector/metrics.ts';
import { selfMetrics } from '../../collector/self.ts';

interface Sent {
  resourceMetrics: {
    scopeMetrics: {
      metrics: { name: string; sum?: { dataPoints: Point[] }; gauge?: { dataPoints: Point[] } }[];
    }[];
  }[];
}
interface Point {
  asDouble: number;
  timeUnixNano: string;
  attributes: { key: string; value: { stringValue: string } }[];
}

test('tells what /metrics shows, under the names of the vocabulary', () => {
  const metrics = new CollectorMetrics();
  metrics.rows.add(3, { table: 'rtc_span' });
  metrics.rows.add(4, { table: 'rtc_event' });
  metrics.errors.add(2, { code: 'forbidden' });
  metrics.spoolBytes.value = 17;
  const sent = selfMetrics(metrics, 1_000, 2_000) as Sent;
  const shown = sent.resourceMetrics[0]!.scopeMetrics[0]!.metrics.map(({ name, sum, gauge }) => [
    name,
    sum ? 'sum' : 'gauge',
    (sum ?? gauge)!.dataPoints.map(({ asDouble, attributes: [one] }) => [one?.value.stringValue, asDouble]),
  ]);
  expect(shown).toEqual([
    [
      'rtc.collector.rows',
      'sum',
      [
        ['rtc_span', 3],
        ['rtc_event', 4],
      ],
    ],
    ['rtc.collector.refusals', 'sum', [['forbidden', 2]]],
    ['rtc.collector.spool_bytes', 'gauge', [[undefined, 17]]],
    ['rtc.collector.buffered_bytes', 'gauge', [[undefined, 0]]],
  ]);
});

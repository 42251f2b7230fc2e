/**
 * What the official Collector's ClickHouse exporter inserts becomes the rows that our own receivers make of the same
 * records: both are made here of the same OTLP model and compared, column by column.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type {
  AnyValue,
  Attributes,
  Batch,
  LogRecord,
  Metric,
  MetricPoint,
  Span,
} from '../../../collector/otlp/model.ts';
import { textOf } from '../../../collector/rows/attributes.ts';
import { logRows } from '../../../collector/rows/logs.ts';
import { metricRows } from '../../../collector/rows/metrics.ts';
import { defaultRedaction } from '../../../collector/rows/redaction.ts';
import type { RowSink } from '../../../collector/rows/row-set.ts';
import { spanRows } from '../../../collector/rows/traces.ts';
import { entranceViews } from '../../../collector/schema/entrance.ts';
import { migrate, readMigrations } from '../../../collector/schema/migrate.ts';
import { type Member, type StatsKind, statsKindsByEvent } from '../../../telemetry/stats.ts';
import { type TestDatabase, testDatabase } from '../support.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(inject('clickhouseUrl'), { create: true });
  await migrate(db.client, { database: db.name });
});
afterAll(() => db[Symbol.asyncDispose]());

/** Whole seconds: the exporter's metrics know no smaller time. */
const at = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;
const server = { kind: 'server' } as const;
const resource: Attributes = new Map<string, AnyValue>([
  ['service.name', 'callscope-client'],
  ['service.instance.id', 'one'],
  ['telemetry.sdk.name', 'any'],
  ['user_agent.name', 'Firefox'],
  ['client.address', '203.0.113.77'],
  ['rtc.source', 'client'],
  ['rtc.tenant_id', 'acme'],
  ['rtc.room_id', 'r'],
  ['rtc.clock_offset_ms', -250.4],
]);

const texts = (attributes: Attributes): Record<string, string> =>
  Object.fromEntries([...attributes].map(([name, value]) => [name, textOf(value)]));

interface Row {
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
}

function collected(make: (sink: RowSink) => void): Row[] {
  const rows: Row[] = [];
  make({
    add: (table, row) => rows.push({ table, row }),
    refuse: () => undefined,
    redaction: defaultRedaction,
  });
  return rows;
}

/** Everything that both say, but when it was received. */
async function expectStored({ table, row }: Row, where: string): Promise<void> {
  const times = ['time', 'client_time', 'start_time'];
  const found = await db.rows<Record<string, unknown>>(`SELECT * FROM ${table} WHERE ${where}`);
  expect(found, `${table} ${where}`).toHaveLength(1);
  for (const [column, stored] of Object.entries(found[0]!)) {
    if (column === 'received_at') continue;
    const ours = row[column];
    const empty = stored === null || stored === '' || stored === '0' || stored === 0;
    if (ours === undefined && empty) continue;
    if (ours === undefined && typeof stored === 'object')
      expect(Object.keys(stored as object), `${table}.${column}`).toEqual([]);
    else if (times.includes(column))
      expect(Date.parse(`${stored as string}Z`), `${table}.${column}`).toBe(ours);
    else if (Array.isArray(ours))
      expect((stored as unknown[]).map(Number), `${table}.${column}`).toEqual(ours);
    else if (typeof ours === 'object') expect(stored, `${table}.${column}`).toEqual({ ...ours });
    else if (typeof ours === 'boolean') expect(stored, `${table}.${column}`).toBe(ours);
    else expect(String(stored), `${table}.${column}`).toBe(String(ours));
  }
}

const sampleOf: Record<Member['type'], (n: number) => AnyValue> = {
  count: (n) => n + 1,
  signed: (n) => -n - 1,
  seconds: (n) => n + 0.6,
  gauge: (n) => n + 0.25,
  flag: () => true,
  word: (n) => `word ${n}`,
  id: (n) => (n % 2 === 0 ? `id ${n}` : '2001:db8:1:2::3'),
};

function statsRecord(kind: StatsKind, change: Attributes = new Map()): LogRecord {
  const attributes: Attributes = new Map<string, AnyValue>([
    ['rtc.call_id', `call of ${kind.event}`],
    ['rtc.participant_id', 'p'],
    ['rtc.transport_id', 't'],
    ['rtc.new_thing', 'kept'],
    ['rtc.peer.address', '198.51.100.9'],
  ]);
  for (const [n, { column, type }] of kind.members.entries())
    attributes.set(`rtc.${column}`, sampleOf[type](n));
  for (const [name, value] of change) attributes.set(name, value);
  return { timeMs: at, observedTimeMs: at, eventName: kind.event, body: null, attributes };
}

async function putLogs(records: readonly LogRecord[]): Promise<Row[]> {
  const values = records.map(({ timeMs, eventName, body, attributes }) => ({
    Timestamp: String(timeMs * 1e6),
    ServiceName: 'callscope-client',
    ResourceAttributes: texts(resource),
    LogAttributes: texts(attributes),
    EventName: eventName,
    Body: textOf(body),
  }));
  await db.client.insert({ table: 'otel_logs', values, format: 'JSONEachRow' });
  const batch: Batch<LogRecord> = { resource, records: [...records] };
  return collected((sink) => logRows([batch], server, Date.now(), sink));
}

test('every kind of sample lands in its table as if it had come over OTLP', async () => {
  const kinds = [...statsKindsByEvent.values()];
  const rows = await putLogs(kinds.map((kind) => statsRecord(kind)));
  expect(rows.map(({ table }) => table)).toEqual(kinds.map(({ table }) => table));
  for (const [n, row] of rows.entries()) await expectStored(row, `call_id = 'call of ${kinds[n]!.event}'`);
});

test('what does not fit its column stays among the attributes', async () => {
  const kind = statsKindsByEvent.get('rtc.stats.inbound_rtp')!;
  const change: Attributes = new Map<string, AnyValue>([
    ['rtc.call_id', 'misfits'],
    ['rtc.packets_received', 'many'],
    ['rtc.bytes_received', -1],
    ['rtc.audio_level', Number.NaN],
    ['rtc.jitter_us', 'late'],
    ['rtc.power_efficient_decoder', 'perhaps'],
  ]);
  const [row] = await putLogs([statsRecord(kind, change)]);
  expect(row!.row.attributes).toMatchObject({
    packets_received: 'many',
    bytes_received: '-1',
    audio_level: 'NaN',
  });
  await expectStored(row!, "call_id = 'misfits'");
});

test('other events keep what they and their sender say, with addresses shortened; samples of no call are events', async () => {
  const event = (
    eventName: string,
    more: readonly (readonly [string, AnyValue])[],
    body: AnyValue = null,
  ): LogRecord => ({
    ...{ timeMs: at, observedTimeMs: at, eventName, body },
    attributes: new Map<string, AnyValue>([['rtc.call_id', 'events'], ...more]),
  });
  const rows = await putLogs([
    event('rtc.ice.state', [
      ['rtc.state', 'failed'],
      ['rtc.candidate', 'candidate:1 1 udp 2 198.51.100.9 9 typ host'],
    ]),
    event('', [['event.name', 'legacy']], 'seen at 198.51.100.9 and [2001:db8:1:2:3:4:5:6]:80'),
  ]);
  await expectStored(rows[0]!, "name = 'rtc.ice.state'");
  await expectStored(rows[1]!, "name = 'legacy'");
  const lost = statsRecord(statsKindsByEvent.get('rtc.stats.codec')!, new Map([['rtc.call_id', '']]));
  await putLogs([lost]);
  expect(
    await db.rows(
      "SELECT call_id, attributes['new_thing'] AS thing FROM rtc_event WHERE name = 'rtc.stats.codec'",
    ),
  ).toEqual([{ call_id: '', thing: 'kept' }]);
});

test('spans keep their times, their end and what happened within', async () => {
  const span: Span = {
    ...{
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      parentSpanId: '',
      name: 'rtc.join',
      kind: 3,
      startMs: at,
      endMs: at + 1_234,
    },
    attributes: new Map<string, AnyValue>([
      ['rtc.call_id', 'spans'],
      ['rtc.participant_id', 'p'],
      ['attempt', 2],
    ]),
    events: [{ timeMs: at + 40, name: 'offer', attributes: new Map([['n', 'one']]) }],
    ...{ statusCode: 2, statusMessage: 'no path' },
  };
  await db.client.insert({
    table: 'otel_traces',
    values: [
      {
        ...{
          Timestamp: String(at * 1e6),
          TraceId: span.traceId,
          SpanId: span.spanId,
          SpanName: span.name,
          SpanKind: 'Client',
        },
        ...{
          ServiceName: 'callscope-client',
          ResourceAttributes: texts(resource),
          SpanAttributes: texts(span.attributes),
        },
        ...{ Duration: 1_234_000_000, StatusCode: 'Error', StatusMessage: 'no path' },
        'Events.Timestamp': [String((at + 40) * 1e6)],
        'Events.Name': ['offer'],
        'Events.Attributes': [{ n: 'one' }],
      },
    ],
    format: 'JSONEachRow',
  });
  const [row] = collected((sink) => spanRows([{ resource, records: [span] }], server, Date.now(), sink));
  await expectStored(row!, "call_id = 'spans'");
});

test('metrics of every type but summaries, whose insert is taken and kept nowhere', async () => {
  const nothing: MetricPoint = {
    startMs: at - 60_000,
    timeMs: at,
    attributes: new Map([['state', 'up']]),
    value: 0,
    count: 0,
    sum: 0,
    bounds: [],
    bucketCounts: [],
  };
  const common = {
    ...{
      ResourceAttributes: texts(resource),
      ServiceName: 'callscope-client',
      MetricUnit: '1',
      Attributes: { state: 'up' },
    },
    ...{ StartTimeUnix: (at - 60_000) / 1_000, TimeUnix: at / 1_000 },
  };
  const cases: { metric: Metric; table: string; values: object }[] = [
    {
      metric: { name: 'g', unit: '1', type: 'gauge', temporality: 0, points: [{ ...nothing, value: 1.5 }] },
      table: 'gauge',
      values: { Value: 1.5 },
    },
    {
      metric: { name: 's', unit: '1', type: 'sum', temporality: 2, points: [{ ...nothing, value: 7 }] },
      ...{ table: 'sum', values: { Value: 7, AggregationTemporality: 2, IsMonotonic: true } },
    },
    {
      metric: {
        name: 'h',
        unit: '1',
        type: 'histogram',
        temporality: 1,
        points: [{ ...nothing, count: 3, sum: 12, bounds: [1, 5], bucketCounts: [0, 2, 1] }],
      },
      table: 'histogram',
      values: {
        Count: 3,
        Sum: 12,
        AggregationTemporality: 1,
        BucketCounts: [0, 2, 1],
        ExplicitBounds: [1, 5],
      },
    },
    {
      metric: {
        ...{ name: 'e', unit: '1', type: 'exponential_histogram', temporality: 2 },
        points: [
          { ...nothing, count: 7, sum: 9, bounds: [-4, -2, 1, 2, 4], bucketCounts: [1, 2, 1, 2, 1, 0] },
        ],
      },
      table: 'exponential_histogram',
      values: {
        ...{ Count: 7, Sum: 9, AggregationTemporality: 2, Scale: 0, ZeroCount: 1 },
        ...{
          PositiveOffset: 0,
          PositiveBucketCounts: [2, 1],
          NegativeOffset: 1,
          NegativeBucketCounts: [2, 1],
        },
      },
    },
  ];
  for (const { metric, table, values } of cases) {
    await db.client.insert({
      table: `otel_metrics_${table}`,
      values: [{ ...common, MetricName: metric.name, ...values }],
      format: 'JSONEachRow',
    });
    const [row] = collected((sink) => metricRows([{ resource, records: [metric] }], Date.now(), sink));
    await expectStored(row!, `name = '${metric.name}'`);
  }
  const byParticipant = { ...common, MetricName: 'p', Value: 1, Attributes: { 'rtc.participant_id': 'p' } };
  await db.client.insert({ table: 'otel_metrics_gauge', values: [byParticipant], format: 'JSONEachRow' });
  await db.client.insert({
    table: 'otel_metrics_summary',
    values: [{ ...common, MetricName: 'y', Count: 1, Sum: 1 }],
    format: 'JSONEachRow',
  });
  expect(await db.rows('SELECT count() AS n FROM rtc_metric')).toEqual([{ n: 4 }]);
});

test('the views are those of this vocabulary: else write a new migration, as collector/schema/entrance.ts says', async () => {
  const statements = (await readMigrations()).flatMap((migration) => migration.statements);
  const latest = (name: string) => statements.findLast((sql) => sql.includes(`.${name}\n`));
  for (const wanted of entranceViews()) {
    const name = /\.(otel_\w+_to_\w+)\n/.exec(wanted)![1]!;
    expect(latest(name), name).toBe(wanted);
  }
});

/**
 * The entrance for the official Collector's ClickHouse exporter: tables in its layout (`otel_logs`, `otel_traces`,
 * `otel_metrics_*`, exporter 0.161 with `create_schema: false`) that keep nothing, and views that read every row that is
 * inserted there into the same typed tables as our own receivers, by the same rules (collector/rows/).
 *
 * The views follow telemetry/stats.ts, so their migration is written by this file; a test compares. After a change of the
 * vocabulary: node collector/schema/entrance.ts > collector/schema/migrations/NNN_entrance.sql
 */
import {
  attributeName,
  attributePrefix,
  identityColumns,
  resourceAttributes,
} from '../../telemetry/identity.ts';
import { type Member, type StatsKind, statsKindsByEvent } from '../../telemetry/stats.ts';

const of = (table: string) => `{database:Identifier}.${table}`;
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const list = (names: readonly string[]) => `[${names.map(quoted).join(', ')}]`;

const map = 'Map(LowCardinality(String), String)';
const word = 'LowCardinality(String)';
const columnsOf = (columns: Readonly<Record<string, string>>) =>
  Object.entries(columns).map(([name, type]) => `    ${name} ${type}`);

const ofAllMetrics = {
  ResourceAttributes: map,
  ResourceSchemaUrl: 'String',
  ScopeName: 'String',
  ScopeVersion: 'String',
  ScopeAttributes: map,
  ScopeDroppedAttrCount: 'UInt32',
  ScopeSchemaUrl: 'String',
  ServiceName: word,
  MetricName: word,
  MetricDescription: 'String',
  MetricUnit: 'String',
  Attributes: map,
  StartTimeUnix: 'DateTime',
  TimeUnix: 'DateTime',
  Flags: 'UInt32',
};
const exemplars = {
  'Exemplars.FilteredAttributes': `Array(${map})`,
  'Exemplars.TimeUnix': 'Array(DateTime)',
  'Exemplars.Value': 'Array(Float64)',
  'Exemplars.SpanId': 'Array(String)',
  'Exemplars.TraceId': 'Array(String)',
};
const ofHistograms = {
  Count: 'UInt64',
  Sum: 'Float64',
  Min: 'Float64',
  Max: 'Float64',
  AggregationTemporality: 'Int32',
};

/** Name and column types, as the exporter 0.161 inserts them. */
const entranceTables: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  otel_logs: {
    Timestamp: 'DateTime64(9)',
    TraceId: 'String',
    SpanId: 'String',
    TraceFlags: 'UInt8',
    SeverityText: word,
    SeverityNumber: 'UInt8',
    ServiceName: word,
    Body: 'String',
    ResourceSchemaUrl: word,
    ResourceAttributes: map,
    ScopeSchemaUrl: word,
    ScopeName: 'String',
    ScopeVersion: word,
    ScopeAttributes: map,
    LogAttributes: map,
    EventName: 'String',
  },
  otel_traces: {
    Timestamp: 'DateTime64(9)',
    TraceId: 'String',
    SpanId: 'String',
    ParentSpanId: 'String',
    TraceState: 'String',
    SpanName: word,
    SpanKind: word,
    ServiceName: word,
    ResourceAttributes: map,
    ScopeName: 'String',
    ScopeVersion: 'String',
    SpanAttributes: map,
    Duration: 'UInt64',
    StatusCode: word,
    StatusMessage: 'String',
    'Events.Timestamp': 'Array(DateTime64(9))',
    'Events.Name': `Array(${word})`,
    'Events.Attributes': `Array(${map})`,
    'Links.TraceId': 'Array(String)',
    'Links.SpanId': 'Array(String)',
    'Links.TraceState': 'Array(String)',
    'Links.Attributes': `Array(${map})`,
  },
  otel_metrics_gauge: { ...ofAllMetrics, Value: 'Float64', ...exemplars },
  otel_metrics_sum: {
    ...ofAllMetrics,
    Value: 'Float64',
    ...exemplars,
    AggregationTemporality: 'Int32',
    IsMonotonic: 'Bool',
  },
  otel_metrics_histogram: {
    ...ofAllMetrics,
    ...ofHistograms,
    BucketCounts: 'Array(UInt64)',
    ExplicitBounds: 'Array(Float64)',
    ...exemplars,
  },
  otel_metrics_exponential_histogram: {
    ...ofAllMetrics,
    ...ofHistograms,
    Scale: 'Int32',
    ZeroCount: 'UInt64',
    PositiveOffset: 'Int32',
    PositiveBucketCounts: 'Array(UInt64)',
    NegativeOffset: 'Int32',
    NegativeBucketCounts: 'Array(UInt64)',
    ...exemplars,
  },
  // Summaries are not kept (send a histogram), but an exporter must be able to insert one.
  otel_metrics_summary: {
    ...ofAllMetrics,
    Count: 'UInt64',
    Sum: 'Float64',
    'ValueAtQuantiles.Quantile': 'Array(Float64)',
    'ValueAtQuantiles.Value': 'Array(Float64)',
  },
};

/** Longest text of each sort; as in collector/rows/. */
const longest = { id: 256, word: 256, statsId: 512, name: 256, value: 4_096, key: 128 };

const resource = (name: string) => `ResourceAttributes[${quoted(name)}]`;

/** The record's own word, else the resource's. */
function identity(record: string, except: readonly string[] = []): string[] {
  return identityColumns
    .filter((column) => !except.includes(column))
    .map((column) => {
      const name = attributeName(column);
      const own = `${record}[${quoted(name)}]`;
      const said = `if(${own} != '', ${own}, ${resource(name)})`;
      const text = `substringUTF8(${said}, 1, ${longest.id})`;
      return `    ${column === 'tenant_id' ? `if(${said} = '', 'default', ${text})` : text} AS ${column}`;
    });
}

/** As collector/rows/clock.ts: moved by the measured offset, else by the time between sending and receiving. */
function times(moment: string): { received: string; client: string; time: string } {
  const offset = `toFloat64OrNull(${resource(resourceAttributes.clockOffsetMs)})`;
  const sent = `toFloat64OrNull(${resource(resourceAttributes.sentAtMs)})`;
  const client = `toDateTime64(${moment}, 3, 'UTC')`;
  return {
    received: "    now64(3, 'UTC') AS received_at",
    client: `    ${client} AS client_time`,
    time:
      `    if((addMilliseconds(${client}, toInt64(round(multiIf(isFinite(${offset}), assumeNotNull(${offset}),\n` +
      `        isFinite(${sent}), toUnixTimestamp64Milli(received_at) - assumeNotNull(${sent}), 0)))) AS moved)\n` +
      '        BETWEEN received_at - INTERVAL 24 HOUR AND received_at + INTERVAL 2 SECOND, moved, received_at) AS time',
  };
}

/** Addresses as collector/rows/address.ts shortens them: IPv4 to /24, IPv6 to /48. */
const shortened = (text: string) =>
  `replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(${text}, ` +
  `'(^|[^0-9A-Za-z_.])([0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3})[.][0-9]{1,3}', '\\\\1\\\\2.0'), ` +
  `'((?:[0-9A-Fa-f]{1,4}:){3})[0-9A-Fa-f:]+', '\\\\1:'), ` +
  `'(^|[^0-9A-Za-z:])([0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4})?)::[0-9A-Fa-f:]+', '\\\\1\\\\2::')`;
const addressKey = '(?:^|[._])(?:address|addr|ip|url|uri|candidate|sdp|text|message|body)$';

const columnExpression: Record<Member['type'], (value: string) => string> = {
  count: (value) => `toUInt64OrNull(${value})`,
  signed: (value) => `toInt64OrNull(${value})`,
  seconds: (value) => `accurateCastOrNull(round(toFloat64OrNull(${value})), 'UInt64')`,
  gauge: (value) => `if(isFinite(toFloat64OrNull(${value})), toFloat64OrNull(${value}), NULL)`,
  flag: (value) => `multiIf(${value} = 'true', true, ${value} = 'false', false, NULL)`,
  word: (value) => `if(lengthUTF8(${value}) <= ${longest.word}, ${value}, '')`,
  id: (value) => `if(lengthUTF8(${value}) <= ${longest.statsId}, ${value}, '')`,
};

/** Whether a value does not fit its column, and so must stay among the attributes. */
const misfit: Record<Member['type'], string> = {
  count: 'toUInt64OrNull(v) IS NULL',
  signed: 'toInt64OrNull(v) IS NULL',
  seconds: "accurateCastOrNull(round(toFloat64OrNull(v)), 'UInt64') IS NULL",
  gauge: 'NOT ifNull(isFinite(toFloat64OrNull(v)), false)',
  flag: "v NOT IN ('true', 'false')",
  word: `lengthUTF8(v) > ${longest.word}`,
  id: `lengthUTF8(v) > ${longest.statsId}`,
};

/** Keys without our prefix, values bounded and addresses shortened. */
const attributesOf = (kept: string) =>
  `mapApply((k, v) -> (substringUTF8(replaceRegexpOne(k, '^${attributePrefix.replace('.', '[.]')}', ''), 1, ${longest.key}),\n` +
  `        substringUTF8(if(match(k, '${addressKey}'), ${shortened('v')}, v), 1, ${longest.value})),\n` +
  `        ${kept}) AS attributes`;

const view = (table: string, entrance: string, columns: readonly string[], where: string) =>
  `CREATE MATERIALIZED VIEW IF NOT EXISTS ${of(`${entrance}_to_${table}`)}\nTO ${of(table)} AS\n` +
  `SELECT\n${columns.join(',\n')}\nFROM ${of(entrance)}\nWHERE ${where}`;

const eventName = `substringUTF8(if(EventName != '', EventName, LogAttributes['event.name']), 1, ${longest.name})`;
const callOf = `if(LogAttributes['rtc.call_id'] != '', LogAttributes['rtc.call_id'], ResourceAttributes['rtc.call_id'])`;

function statsView(kind: StatsKind): string {
  const value = ({ column }: Member) => `LogAttributes[${quoted(attributeName(column))}]`;
  const members = kind.members.map((member) => {
    const text = columnExpression[member.type](value(member));
    const whole =
      (member.type === 'id' || member.type === 'word') && new RegExp(addressKey).test(member.column);
    return `    ${whole ? shortened(text) : text} AS ${member.column}`;
  });
  const types = [...new Set(kind.members.map(({ type }) => type))];
  const misfits = types.map((type) => {
    const names = kind.members
      .filter((member) => member.type === type)
      .map(({ column }) => attributeName(column));
    return `has(${list(names)}, k), ${misfit[type]}`;
  });
  const rest = attributesOf(
    `mapFilter((k, v) -> multiIf(has(${list(identityColumns.map(attributeName))}, k), false,\n        ${misfits.join(',\n        ')},\n        true), LogAttributes)`,
  );
  const columns = [
    ...identity('LogAttributes'),
    ...Object.values(times('Timestamp')),
    ...members,
    `    ${rest}`,
  ];
  return view(kind.table, 'otel_logs', columns, `${eventName} = ${quoted(kind.event)} AND ${callOf} != ''`);
}

const statsEvents = list([...statsKindsByEvent.keys()]);
const senderNames = list([...identityColumns.map(attributeName), ...Object.values(resourceAttributes)]);
const identityNames = list(identityColumns.map(attributeName));
const source = `substringUTF8(${resource(resourceAttributes.source)}, 1, 64) AS source`;

/** Samples without a call are nobody's: our receivers refuse them, here they can only be kept as events. */
const eventView = () =>
  view(
    'rtc_event',
    'otel_logs',
    [
      ...identity('LogAttributes'),
      `    ${eventName} AS name`,
      `    ${source}`,
      ...Object.values(times('Timestamp')),
      `    ${attributesOf(
        `mapUpdate(mapFilter((k, v) -> NOT has(${senderNames}, k) AND NOT startsWith(k, 'telemetry.sdk.'), ResourceAttributes),\n` +
          `        mapUpdate(if(Body = '', map(), map('body', Body)),\n` +
          `        mapFilter((k, v) -> NOT has(${identityNames}, k) AND k != 'event.name', LogAttributes)))`,
      )}`,
    ],
    `NOT has(${statsEvents}, ${eventName}) OR ${callOf} = ''`,
  );

const spanView = () =>
  view(
    'rtc_span',
    'otel_traces',
    [
      ...identity('SpanAttributes'),
      `    substringUTF8(ServiceName, 1, ${longest.name}) AS service_name`,
      `    ${source}`,
      '    TraceId AS trace_id',
      '    SpanId AS span_id',
      '    ParentSpanId AS parent_span_id',
      `    substringUTF8(SpanName, 1, ${longest.name}) AS name`,
      '    lower(SpanKind) AS kind',
      ...Object.values(times('Timestamp')),
      '    intDiv(Duration + 500, 1000) AS duration_us',
      '    lower(StatusCode) AS status_code',
      `    substringUTF8(StatusMessage, 1, ${longest.value}) AS status_message`,
      `    ${attributesOf(
        `mapUpdate(mapFilter((k, v) -> NOT has(${identityNames}, k), SpanAttributes), if(empty(Events.Name), map(), map('span_events',\n` +
          `        toJSONString(arrayMap((n, t, a) -> CAST((n, dateDiff('millisecond', Timestamp, t), a),\n` +
          `        'Tuple(name String, after_ms Int64, attributes Map(String, String))'), Events.Name, Events.Timestamp, Events.Attributes)))))`,
      )}`,
    ],
    'length(TraceId) = 32 AND length(SpanId) = 16',
  );

function metricView(
  entrance: string,
  type: string,
  figures: Readonly<Record<string, string>>,
  fits: string,
): string {
  const node = attributeName('sfu_node_id');
  const { received, time } = times('TimeUnix');
  return view(
    'rtc_metric',
    entrance,
    [
      `    substringUTF8(ServiceName, 1, ${longest.name}) AS service_name`,
      `    ${resource('service.instance.id')} AS service_instance_id`,
      `    if(Attributes[${quoted(node)}] != '', Attributes[${quoted(node)}], ${resource(node)}) AS sfu_node_id`,
      `    substringUTF8(MetricName, 1, ${longest.name}) AS name`,
      '    MetricUnit AS unit',
      `    ${quoted(type)} AS type`,
      received,
      time,
      "    toDateTime64(StartTimeUnix, 3, 'UTC') AS start_time",
      ...Object.entries(figures).map(([column, text]) => `    ${text} AS ${column}`),
      `    ${attributesOf(`mapFilter((k, v) -> NOT has(${identityNames}, k), Attributes)`)}`,
    ],
    // A series for each participant would drown the others.
    `${fits} AND NOT mapContains(Attributes, ${quoted(attributeName('participant_id'))})`,
  );
}

const temporality =
  "['', 'delta', 'cumulative'][1 + if(AggregationTemporality BETWEEN 0 AND 2, AggregationTemporality, 0)]";
const mean = 'if(Count > 0, Sum / Count, 0)';
/** As collector/otlp/exponential.ts: explicit bounds, the last bucket empty. */
const bound = (index: string) => `exp2((${index}) * exp2(-Scale))`;
const bounds = `arrayConcat(arrayReverse(arrayMap(i -> -${bound('NegativeOffset + i')}, range(length(NegativeBucketCounts)))),
        multiIf(notEmpty(PositiveBucketCounts), [${bound('PositiveOffset')}], ZeroCount > 0, [0.], []),
        arrayMap(i -> ${bound('PositiveOffset + i + 1')}, range(length(PositiveBucketCounts))))`;
const bucketCounts = `arrayConcat(arrayReverse(NegativeBucketCounts), if(notEmpty(PositiveBucketCounts) OR ZeroCount > 0, [ZeroCount], []),
        PositiveBucketCounts, if(empty(bounds), [], [toUInt64(0)]))`;

const metricViews = () => [
  metricView('otel_metrics_gauge', 'gauge', { value: 'Value' }, 'isFinite(Value)'),
  metricView('otel_metrics_sum', 'sum', { temporality, value: 'Value' }, 'isFinite(Value)'),
  metricView(
    'otel_metrics_histogram',
    'histogram',
    {
      temporality,
      value: mean,
      count: 'Count',
      sum: 'if(isFinite(Sum), Sum, 0)',
      bounds: 'ExplicitBounds',
      bucket_counts: 'BucketCounts',
    },
    'isFinite(Sum)',
  ),
  metricView(
    'otel_metrics_exponential_histogram',
    'exponential_histogram',
    { temporality, value: mean, count: 'Count', sum: 'Sum', bounds, bucket_counts: bucketCounts },
    'isFinite(Sum)',
  ),
];

/** Every view's name and statement. */
export const entranceViews = (): readonly string[] => [
  ...[...statsKindsByEvent.values()].map(statsView),
  eventView(),
  spanView(),
  ...metricViews(),
];

const entrances = () =>
  Object.entries(entranceTables).map(
    ([name, columns]) =>
      `CREATE TABLE IF NOT EXISTS ${of(name)} (\n${columnsOf(columns)
        .map((line) => line.replace(/ {4}(\S+\.\S+)/, '    `$1`'))
        .join(',\n')}\n) ENGINE = Null`,
  );

if (import.meta.main) {
  console.log(
    [
      "-- Makes the entrance for the official Collector's ClickHouse exporter: tables in its layout that keep nothing, and views\n" +
        '-- from them into the typed tables. Written by collector/schema/entrance.ts; docs/otelcol.md says how it is used.\n',
      ...[...entrances(), ...entranceViews()].map((statement) => `${statement};\n`),
    ].join('\n'),
  );
}

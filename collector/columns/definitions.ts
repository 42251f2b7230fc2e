/**
 * The columns of every table that the collector writes, and how each is carried to ClickHouse. Derived from
 * telemetry/stats.ts for the samples; a test compares all of them with the tables that the migrations make.
 */
import { identityColumns } from '../../telemetry/identity.ts';
import { type MemberType, type StatsKind, statsKindsByEvent } from '../../telemetry/stats.ts';

/** ClickHouse's types by what they hold. The map's keys are LowCardinality in the tables; ClickHouse casts. */
export const columnTypes = {
  text: 'String',
  word: 'LowCardinality(String)',
  time: "DateTime64(3, 'UTC')",
  count: 'Nullable(UInt64)',
  signed: 'Nullable(Int64)',
  gauge: 'Nullable(Float64)',
  flag: 'Nullable(Bool)',
  total: 'UInt64',
  number: 'Float64',
  numbers: 'Array(Float64)',
  totals: 'Array(UInt64)',
  map: 'Map(String, String)',
} as const;

export type ColumnType = keyof typeof columnTypes;

export interface ColumnDefinition {
  readonly name: string;
  readonly type: ColumnType;
}

const memberTypes: Record<MemberType, ColumnType> = {
  count: 'count',
  signed: 'signed',
  seconds: 'count',
  gauge: 'gauge',
  flag: 'flag',
  word: 'word',
  id: 'text',
};

const all = (type: ColumnType, names: string): ColumnDefinition[] =>
  names.split(' ').map((name) => ({ name, type }));

const identity = identityColumns.map((name): ColumnDefinition => ({ name, type: 'text' }));
const times = all('time', 'time client_time received_at');
const attributes = all('map', 'attributes');

const ofKind = ({ members }: StatsKind): ColumnDefinition[] => [
  ...identity,
  ...times,
  ...members.map(({ column, type }) => ({ name: column, type: memberTypes[type] })),
  ...attributes,
];

export const tableColumns: ReadonlyMap<string, readonly ColumnDefinition[]> = new Map([
  ...[...statsKindsByEvent.values()].map((kind) => [kind.table, ofKind(kind)] as const),
  ['rtc_event', [...identity, ...all('word', 'name source'), ...times, ...attributes]],
  [
    'rtc_span',
    [
      ...identity,
      ...all('word', 'service_name source name kind status_code'),
      ...all('text', 'trace_id span_id parent_span_id status_message'),
      ...times,
      ...all('total', 'duration_us'),
      ...attributes,
    ],
  ],
  [
    'rtc_metric',
    [
      ...all('word', 'service_name sfu_node_id name unit type temporality'),
      ...all('text', 'service_instance_id'),
      ...all('time', 'start_time time received_at'),
      ...all('number', 'value sum'),
      ...all('total', 'count'),
      ...all('numbers', 'bounds'),
      ...all('totals', 'bucket_counts'),
      ...attributes,
    ],
  ],
]);

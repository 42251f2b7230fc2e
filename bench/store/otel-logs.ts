/**
 * The same samples in the layout of the official Collector's ClickHouse exporter (0.161): one table of log records
 * with its published columns, codecs, order and skip indexes, attributes in maps of text.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { attributeName, identityColumns } from '../../telemetry/identity.ts';
import { statsKindsByEvent } from '../../telemetry/stats.ts';

const map = 'Map(LowCardinality(String), String) CODEC(ZSTD(1))';
const word = 'LowCardinality(String) CODEC(ZSTD(1))';
const text = 'String CODEC(ZSTD(1))';

const index = (name: string, column: string, kind: string) => `INDEX idx_${name} ${column} TYPE ${kind}`;

const mapIndexes = ['res:ResourceAttributes', 'scope:ScopeAttributes', 'log:LogAttributes'].flatMap(
  (pair) => {
    const [name, column] = pair.split(':');
    return ['key', 'value'].map((part) =>
      index(
        `${name}_attr_${part}`,
        `map${part === 'key' ? 'Keys' : 'Values'}(${column})`,
        'bloom_filter(0.01) GRANULARITY 1',
      ),
    );
  },
);

const table = `
CREATE TABLE exporter.otel_logs (
  Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)), TraceId ${text}, SpanId ${text}, TraceFlags UInt8,
  SeverityText ${word}, SeverityNumber UInt8, ServiceName ${word}, Body ${text},
  ResourceSchemaUrl ${word}, ResourceAttributes ${map},
  ScopeSchemaUrl ${word}, ScopeName ${text}, ScopeVersion ${word}, ScopeAttributes ${map},
  LogAttributes ${map}, EventName ${text},
  ${index('trace_id', 'TraceId', 'bloom_filter(0.001) GRANULARITY 1')},
  ${mapIndexes.join(',\n  ')},
  ${index('lower_body', 'lower(Body)', 'tokenbf_v1(32768, 3, 0) GRANULARITY 8')}
) ENGINE = MergeTree
PARTITION BY toDate(Timestamp)
ORDER BY (toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp)
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1`;

/** What our SDK and SFU tell once for all of a request's records. */
const ofResource = ['tenant_id', 'call_id', 'room_id', 'participant_id', 'session_id', 'sfu_node_id'];

/** The rest of what the resources of both hold (client/sdk/telemetry.ts, sfu/telemetry/Telemetry.ts). */
const clientResource = `map(
  'service.name', 'callscope-client', 'rtc.source', 'client', 'user_agent.name', 'Chromium', 'user_agent.version', '156',
  'browser.platform', 'Linux', 'rtc.sent_at_ms', toString(toUnixTimestamp64Milli(received_at) - 5),
  'rtc.clock_offset_ms', toString(date_diff('ms', client_time, time)))`;
const sfuResource = `map(
  'service.name', 'callscope-sfu', 'service.instance.id', sfu_node_id, 'rtc.source', 'sfu',
  'telemetry.sdk.language', 'nodejs', 'telemetry.sdk.name', 'opentelemetry', 'telemetry.sdk.version', '2.2.0')`;

/** Fills `exporter.otel_logs` from the typed tables of `database`, which hold what was sent as it was sent. */
export async function putOtelLogs(client: ClickHouseClient, database: string): Promise<void> {
  await client.command({ query: 'CREATE DATABASE exporter' });
  await client.command({ query: table });
  for (const kind of statsKindsByEvent.values()) {
    const onRecord = identityColumns.filter((column) => !ofResource.includes(column));
    const members = [...onRecord, ...kind.members.map(({ column }) => column)];
    const pairs = (columns: readonly string[]) =>
      `mapFilter((k, v) -> v != '', map(${columns
        .map((column) => `'${attributeName(column)}', ifNull(toString(${column}), '')`)
        .join(', ')}))`;
    await client.command({
      query: `
        INSERT INTO exporter.otel_logs (Timestamp, SeverityNumber, ServiceName, ResourceAttributes, ScopeName, LogAttributes, EventName)
        SELECT client_time, 9, if(session_id = '', 'callscope-sfu', 'callscope-client'),
          mapUpdate(${pairs(ofResource)}, if(session_id = '', ${sfuResource}, ${clientResource})), 'callscope', ${pairs(members)}, '${kind.event}'
        FROM ${database}.${kind.table}`,
      clickhouse_settings: { max_insert_threads: '1', wait_end_of_query: 1 },
    });
  }
}

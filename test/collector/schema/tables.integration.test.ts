/** Vocabulary and store must not drift apart: the tables that migrations make are compared with telemetry/. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { migrate } from '../../../collector/schema/migrate.ts';
import { identityColumns } from '../../../telemetry/identity.ts';
import type {
  CallSummaryRow,
  DecisionRow,
  IncidentRow,
  ParticipantSummaryRow,
  StreamScoreRow,
} from '../../../telemetry/rows.ts';
import { type MemberType, statsKindsByEvent } from '../../../telemetry/stats.ts';
import { type TestDatabase, testDatabase } from '../support.ts';

let db: TestDatabase;
const columnsOf = new Map<string, Record<string, string>>();

beforeAll(async () => {
  db = await testDatabase(inject('clickhouseUrl'), { create: true });
  await migrate(db.client, { database: db.name });
  const columns = await db.rows<{ table: string; name: string; type: string }>(
    'SELECT table, name, type FROM system.columns WHERE database = currentDatabase()',
  );
  for (const { table, name, type } of columns) {
    columnsOf.set(table, { ...columnsOf.get(table), [name]: type });
  }
});
afterAll(() => db[Symbol.asyncDispose]());

const time = "DateTime64(3, 'UTC')";
const word = 'LowCardinality(String)';
const types: Record<MemberType, string> = {
  count: 'Nullable(UInt64)',
  signed: 'Nullable(Int64)',
  seconds: 'Nullable(UInt64)',
  gauge: 'Nullable(Float64)',
  flag: 'Nullable(Bool)',
  word,
  id: 'String',
};
const kinds = [...statsKindsByEvent.values()];

describe('raw statistics', () => {
  test.each(kinds.map((kind) => [kind.table, kind] as const))(
    '%s has exactly the columns of its kind',
    (table, kind) => {
      expect(columnsOf.get(table)).toEqual({
        ...Object.fromEntries(identityColumns.map((column) => [column, 'String'])),
        time,
        client_time: time,
        received_at: time,
        ...Object.fromEntries(kind.members.map((member) => [member.column, types[member.type]])),
        attributes: `Map(${word}, String)`,
      });
    },
  );

  test('no table is left over from a kind that is gone', () => {
    const raw = [...columnsOf.keys()].filter((table) => table.startsWith('rtc_stats_'));
    expect(raw.sort()).toEqual(kinds.map(({ table }) => table).sort());
  });
});

describe('results hold what telemetry/rows.ts says', () => {
  const mos = {
    audio_mos_mean: 'Nullable(Float64)',
    audio_mos_worst_minute: 'Nullable(Float64)',
    video_mos_mean: 'Nullable(Float64)',
    video_mos_worst_minute: 'Nullable(Float64)',
    bad_window_ratio: 'Nullable(Float64)',
    incidents: 'UInt32',
    decisions: 'UInt32',
    revision: 'UInt64',
  };
  // The types make the compiler refuse a column that the row does not have, and a row's member without a column.
  const streamScore: Record<keyof StreamScoreRow, string> = {
    tenant_id: 'String',
    call_id: 'String',
    window_start: time,
    window_ms: 'UInt32',
    point: word,
    kind: word,
    source: word,
    sender_id: 'String',
    receiver_id: 'String',
    producer_id: 'String',
    consumer_id: 'String',
    sfu_node_id: word,
    mos: 'Nullable(Float64)',
    scale: word,
    model: word,
    confidence: 'Float64',
    unclassified: word,
    inputs: 'String',
    missing: `Array(${word})`,
    bitrate_bps: 'Nullable(Float64)',
    loss_ratio: 'Nullable(Float64)',
    concealed_ratio: 'Nullable(Float64)',
    jitter_ms: 'Nullable(Float64)',
    round_trip_ms: 'Nullable(Float64)',
    delay_ms: 'Nullable(Float64)',
    frames_per_second: 'Nullable(Float64)',
    frame_width: 'Nullable(UInt32)',
    frame_height: 'Nullable(UInt32)',
    frozen_ms: 'Nullable(Float64)',
    spatial_layer: 'Nullable(Int8)',
    revision: 'UInt64',
    scored_at: time,
  };
  const participantSummary: Record<keyof ParticipantSummaryRow, string> = {
    tenant_id: 'String',
    call_id: 'String',
    room_id: 'String',
    participant_id: 'String',
    display_name: 'String',
    first_seen_at: time,
    last_seen_at: time,
    ...mos,
  };
  const callSummary: Record<keyof CallSummaryRow, string> = {
    tenant_id: 'String',
    call_id: 'String',
    room_id: 'String',
    started_at: time,
    last_seen_at: time,
    participants: 'UInt32',
    ...mos,
  };
  const incident: Record<keyof IncidentRow, string> = {
    tenant_id: 'String',
    call_id: 'String',
    incident_id: 'String',
    kind: word,
    detector: word,
    hop: word,
    participant_id: 'String',
    subject_id: 'String',
    severity: word,
    confidence: 'Float64',
    started_at: time,
    detected_at: time,
    ended_at: `Nullable(${time})`,
    evidence: 'String',
    sentence: 'String',
    affected: 'Array(String)',
    revision: 'UInt64',
  };
  const decision: Record<keyof DecisionRow, string> = {
    tenant_id: 'String',
    call_id: 'String',
    decision_id: 'String',
    incident_id: 'String',
    kind: word,
    participant_id: 'String',
    sfu_node_id: word,
    params: 'String',
    reason: 'String',
    evidence: 'String',
    confidence: 'Float64',
    ttl_ms: 'UInt32',
    decided_at: time,
    sent_at: time,
    applied_at: `Nullable(${time})`,
    lifted_at: `Nullable(${time})`,
    lift_reason: word,
    outcome: word,
    outcome_evidence: 'String',
    revision: 'UInt64',
  };
  const expected = {
    stream_score: streamScore,
    participant_summary: participantSummary,
    call_summary: callSummary,
    incident,
    decision,
  };
  test.each(Object.entries(expected))('%s', (table, columns) =>
    expect(columnsOf.get(table)).toEqual(columns),
  );
});

test('epoch milliseconds in JSON become the same time in the store', async () => {
  const startedAt = Date.now() - 60_000;
  const row = {
    tenant_id: 't',
    call_id: 'c',
    started_at: startedAt,
    last_seen_at: startedAt + 1,
    revision: 1,
  };
  await db.client.insert({ table: 'call_summary', values: [row], format: 'JSONEachRow' });
  const read = 'SELECT toUnixTimestamp64Milli(started_at) AS ms, audio_mos_mean FROM call_summary FINAL';
  expect(await db.rows(read)).toEqual([{ ms: startedAt, audio_mos_mean: null }]);
});

test('window_arrival counts the samples of each call in each 5 s window, at every point of observation', async () => {
  const streams = ['inbound_rtp', 'outbound_rtp', 'sfu_producer', 'sfu_consumer'];
  const windowStart = Math.floor(Date.now() / 5_000) * 5_000 - 60_000;
  for (const table of streams.map((name) => `rtc_stats_${name}`)) {
    const values = [0, 4_999, 5_000].map((afterMs) => ({
      tenant_id: 't',
      call_id: 'arrivals',
      time: windowStart + afterMs,
      received_at: windowStart + afterMs + 100,
    }));
    const insert_deduplication_token = `arrivals ${table}`;
    const settings = { async_insert: 0, insert_deduplication_token } as const;
    const insert = () =>
      db.client.insert({ table, values, format: 'JSONEachRow', clickhouse_settings: settings });
    await insert();
    await insert();
  }
  const read = `
    SELECT toUnixTimestamp64Milli(window_start) - ${windowStart} AS after, sum(rows) AS rows,
      toUnixTimestamp64Milli(max(last_received_at)) - ${windowStart} AS received
    FROM window_arrival WHERE call_id = 'arrivals' GROUP BY window_start ORDER BY window_start`;
  expect(await db.rows(read)).toEqual([
    { after: 0, rows: 2 * streams.length, received: 5_099 },
    { after: 5_000, rows: streams.length, received: 5_100 },
  ]);
});

/** What ClickHouse holds of the demo's call. The demo draws all its findings from here and nowhere else. */
import type { ClickHouseClient } from '@clickhouse/client';
import { z } from 'zod';
import { events } from '../../telemetry/events.ts';
import { hops, observationPoints } from '../../telemetry/rows.ts';
import { statsKindsByEvent } from '../../telemetry/stats.ts';

const ms = z.number();
const value = z.number().nullable();

const scoreSchema = z.object({
  window_start: ms,
  window_ms: z.number(),
  point: z.enum(observationPoints),
  kind: z.enum(['audio', 'video']),
  sender_id: z.string(),
  receiver_id: z.string(),
  producer_id: z.string(),
  consumer_id: z.string(),
  mos: value,
  scale: z.string(),
  model: z.string(),
  confidence: z.number(),
  unclassified: z.string(),
  bitrate_bps: value,
  loss_ratio: value,
  concealed_ratio: value,
  frozen_ms: value,
});
export type Score = z.infer<typeof scoreSchema>;

const incidentSchema = z.object({
  incident_id: z.string(),
  kind: z.string(),
  hop: z.enum(hops),
  participant_id: z.string(),
  subject_id: z.string(),
  severity: z.string(),
  confidence: z.number(),
  started_at: ms,
  detected_at: ms,
  ended_at: value,
  evidence: z.string(),
  sentence: z.string(),
});
export type Incident = z.infer<typeof incidentSchema>;

const decisionSchema = z.object({
  decision_id: z.string(),
  incident_id: z.string(),
  kind: z.string(),
  participant_id: z.string(),
  params: z.string(),
  reason: z.string(),
  sent_at: ms,
  applied_at: value,
  lifted_at: value,
  lift_reason: z.string(),
  outcome: z.string(),
  outcome_evidence: z.string(),
});
export type Decision = z.infer<typeof decisionSchema>;

const eventSchema = z.object({
  name: z.string(),
  time: ms,
  participant_id: z.string(),
  producer_id: z.string(),
  consumer_id: z.string(),
  attributes: z.record(z.string(), z.string()),
});
export type CallEvent = z.infer<typeof eventSchema>;

/** What the SFU forwards to one receiver of one producer, as of its last sample. */
const forwardingSchema = z.object({
  receiver_id: z.string(),
  sender_id: z.string(),
  kind: z.enum(['audio', 'video']),
  paused: z.number().transform(Boolean),
  spatial_layer: value,
  bitrate_bps: value,
});
export type Forwarding = z.infer<typeof forwardingSchema>;

export interface CallRecords {
  scores: Score[];
  incidents: Incident[];
  decisions: Decision[];
  events: CallEvent[];
  forwarding: Forwarding[];
}

export interface CallReader {
  /** @param sinceMs epoch ms; older scores are left out, incidents and decisions never */
  read(sinceMs: number): Promise<CallRecords>;
  /** Rows of this call in all raw tables, and the server's version. */
  facts(): Promise<{ version: string; rows: number }>;
}

const shownEvents = [
  events.participantJoined,
  events.participantLeft,
  events.layersChanged,
  events.decisionApplied,
  events.decisionRefused,
  events.decisionLifted,
];

const millis = (column: string) => `toUnixTimestamp64Milli(${column}) AS ${column}`;

/*
 * Read by call alone: the ids are random and this is the operator's own view. Each query reads the rows of one call.
 */
const scoreQuery = `
  SELECT toUnixTimestamp64Milli(window_start) AS window_start, window_ms, point, kind, sender_id, receiver_id,
    producer_id, consumer_id, mos, scale, model, confidence, unclassified, bitrate_bps, loss_ratio, concealed_ratio,
    frozen_ms
  FROM stream_score FINAL
  WHERE call_id = {call:String} AND stream_score.window_start >= fromUnixTimestamp64Milli({since:Int64})
  ORDER BY window_start, point, kind, producer_id, consumer_id`;

const incidentQuery = `
  SELECT incident_id, kind, hop, participant_id, subject_id, severity, confidence, ${millis('started_at')},
    ${millis('detected_at')}, ${millis('ended_at')}, evidence, sentence
  FROM incident FINAL
  WHERE call_id = {call:String}
  ORDER BY detected_at, incident_id`;

const decisionQuery = `
  SELECT decision_id, incident_id, kind, participant_id, params, reason, ${millis('sent_at')},
    ${millis('applied_at')}, ${millis('lifted_at')}, lift_reason, outcome, outcome_evidence
  FROM decision FINAL
  WHERE call_id = {call:String}
  ORDER BY sent_at, decision_id`;

const eventQuery = `
  SELECT name, ${millis('time')}, participant_id, producer_id, consumer_id, attributes
  FROM rtc_event
  WHERE call_id = {call:String} AND name IN ({names:Array(String)})
  ORDER BY time`;

/** The last sample of each consumer, not older than 5 s, with the sender of its producer. */
const forwardingQuery = `
  SELECT receiver_id, sender_id, kind, paused, spatial_layer, bitrate_bps
  FROM (
    SELECT participant_id AS receiver_id, producer_id, consumer_id, kind,
      toUInt8(ifNull(paused, 0) OR ifNull(producer_paused, 0)) AS paused,
      current_spatial_layer AS spatial_layer, bitrate AS bitrate_bps
    FROM rtc_stats_sfu_consumer
    WHERE call_id = {call:String} AND time > now64(3) - INTERVAL 5 SECOND
    ORDER BY time DESC
    LIMIT 1 BY consumer_id
  ) AS consumer
  INNER JOIN (
    SELECT producer_id, any(participant_id) AS sender_id
    FROM rtc_stats_sfu_producer
    WHERE call_id = {call:String} AND time > now64(3) - INTERVAL 5 SECOND
    GROUP BY producer_id
  ) AS producer USING (producer_id)
  ORDER BY receiver_id, sender_id, kind`;

export function createCallReader(client: ClickHouseClient, callId: string): CallReader {
  async function rows<T>(schema: z.ZodType<T>, query: string, params: Record<string, unknown> = {}) {
    const result = await client.query({
      query,
      format: 'JSONEachRow',
      query_params: { call: callId, ...params },
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
    return z.array(schema).parse(await result.json());
  }
  return {
    async read(sinceMs) {
      const [scores, incidents, decisions, callEvents, forwarding] = await Promise.all([
        rows(scoreSchema, scoreQuery, { since: sinceMs }),
        rows(incidentSchema, incidentQuery),
        rows(decisionSchema, decisionQuery),
        rows(eventSchema, eventQuery, { names: shownEvents }),
        rows(forwardingSchema, forwardingQuery),
      ]);
      return { scores, incidents, decisions, events: callEvents, forwarding };
    },
    async facts() {
      const tables = [...new Set([...statsKindsByEvent.values()].map((kind) => kind.table))];
      const counts = [...tables, 'rtc_event', 'rtc_span'].map(
        (table) => `SELECT count() AS n FROM ${table} WHERE call_id = {call:String}`,
      );
      const schema = z.object({ version: z.string(), rows: z.number() });
      const query = `SELECT version() AS version, sum(n) AS rows FROM (${counts.join(' UNION ALL ')})`;
      return (await rows(schema, query))[0]!;
    },
  };
}

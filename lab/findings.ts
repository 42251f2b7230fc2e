/** What the service wrote of a call: incidents, decisions and scores, read from the store and nowhere else. */
import type { ClickHouseClient } from '@clickhouse/client';
import { z } from 'zod';
import { hops } from '../telemetry/rows.ts';

const incidentSchema = z.object({
  kind: z.string(),
  detector: z.string(),
  hop: z.enum(hops),
  participant_id: z.string(),
  severity: z.string(),
  confidence: z.number(),
  started_at: z.number(),
  detected_at: z.number(),
  ended_at: z.number().nullable(),
  affected: z.array(z.string()),
  evidence: z.string(),
  sentence: z.string(),
});
export type IncidentFound = z.infer<typeof incidentSchema>;

const decisionSchema = z.object({
  kind: z.string(),
  participant_id: z.string(),
  sent_at: z.number(),
  lifted_at: z.number().nullable(),
  lift_reason: z.string(),
  outcome: z.string(),
});

const scoreSchema = z.object({
  window_start: z.number(),
  window_ms: z.number(),
  kind: z.enum(['audio', 'video']),
  receiver_id: z.string(),
  mos: z.number(),
});

export interface Findings {
  incidents: IncidentFound[];
  decisions: z.infer<typeof decisionSchema>[];
  /** At the receivers, those that have a value. */
  scores: z.infer<typeof scoreSchema>[];
}

const millis = (column: string) => `toUnixTimestamp64Milli(${column}) AS ${column}`;

const incidentQuery = `
  SELECT kind, detector, hop, participant_id, severity, confidence, ${millis('started_at')},
    ${millis('detected_at')}, ${millis('ended_at')}, affected, evidence, sentence
  FROM incident FINAL
  WHERE call_id IN ({calls:Array(String)})
  ORDER BY incident.detected_at, incident_id`;

const decisionQuery = `
  SELECT kind, participant_id, ${millis('sent_at')}, ${millis('lifted_at')}, lift_reason, outcome
  FROM decision FINAL
  WHERE call_id IN ({calls:Array(String)})
  ORDER BY decision.sent_at, decision_id`;

const scoreQuery = `
  SELECT toUnixTimestamp64Milli(window_start) AS window_start, window_ms, kind, receiver_id, assumeNotNull(mos) AS mos
  FROM stream_score FINAL
  WHERE call_id IN ({calls:Array(String)}) AND point = 'receiver' AND isNotNull(stream_score.mos)
  ORDER BY window_start`;

export async function readFindings(client: ClickHouseClient, callIds: readonly string[]): Promise<Findings> {
  async function rows<T>(schema: z.ZodType<T>, query: string): Promise<T[]> {
    const result = await client.query({
      query,
      format: 'JSONEachRow',
      query_params: { calls: callIds },
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
    return z.array(schema).parse(await result.json());
  }
  const [incidents, decisions, scores] = await Promise.all([
    rows(incidentSchema, incidentQuery),
    rows(decisionSchema, decisionQuery),
    rows(scoreSchema, scoreQuery),
  ]);
  return { incidents, decisions, scores };
}

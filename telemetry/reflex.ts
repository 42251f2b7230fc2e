/**
 * What an SFU decided by itself, as its event `rtc.decision.taken` tells the pipelines: the incident it found and the
 * decision it took, whole rows, so that they are written as if the pipelines had found and decided.
 */
import { z } from 'zod';
import { type DecisionRow, decisionKinds, hops, type IncidentRow } from './rows.ts';

const id = z.string().min(1).max(256);
const epochMs = z.number().int().nonnegative();
const text = z.string().max(2_000);
const ratio = z.number().min(0).max(1);

const incidentSchema = z.object({
  tenant_id: id,
  call_id: id,
  incident_id: id,
  kind: id,
  detector: id,
  hop: z.enum(hops),
  participant_id: id,
  subject_id: z.string().max(256),
  severity: z.enum(['minor', 'moderate', 'severe']),
  confidence: ratio,
  started_at: epochMs,
  detected_at: epochMs,
  ended_at: epochMs.nullable(),
  evidence: text,
  sentence: text,
  affected: z.array(id).max(200),
  revision: z.number().int().positive(),
}) satisfies z.ZodType<IncidentRow>;

const decisionSchema = z.object({
  tenant_id: id,
  call_id: id,
  decision_id: id,
  incident_id: id,
  kind: z.enum(decisionKinds),
  participant_id: id,
  sfu_node_id: z.string().max(256),
  params: text,
  reason: text,
  evidence: text,
  confidence: ratio,
  ttl_ms: z.number().int().positive(),
  decided_at: epochMs,
  sent_at: epochMs,
  applied_at: epochMs.nullable(),
  lifted_at: epochMs.nullable(),
  lift_reason: text,
  outcome: z.enum(['', 'better', 'same', 'worse', 'unknown']),
  outcome_evidence: text,
  revision: z.number().int().positive(),
}) satisfies z.ZodType<DecisionRow>;

export interface Taken {
  readonly incident: IncidentRow;
  readonly decision: DecisionRow;
}

export const takenAttributes = ({ incident, decision }: Taken): Record<'incident' | 'decision', string> => ({
  incident: JSON.stringify(incident),
  decision: JSON.stringify(decision),
});

/** @returns undefined for what is no such event, or of another call than its record says */
export function readTaken(event: {
  readonly tenant_id: string;
  readonly call_id: string;
  readonly attributes: Readonly<Record<string, string>>;
}): Taken | undefined {
  try {
    const incident = incidentSchema.parse(JSON.parse(event.attributes.incident ?? ''));
    const decision = decisionSchema.parse(JSON.parse(event.attributes.decision ?? ''));
    const own = [incident, decision].every(
      (row) => row.tenant_id === event.tenant_id && row.call_id === event.call_id,
    );
    return own && decision.incident_id === incident.incident_id ? { incident, decision } : undefined;
  } catch {
    return undefined;
  }
}

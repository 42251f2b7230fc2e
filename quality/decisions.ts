/**
 * The life of a decision as its rows tell it: sent, applied, renewed, lifted. The store is the only memory;
 * what the SFU did is folded in from its events.
 */
import { createHash } from 'node:crypto';
import type { Action } from '../telemetry/queues.ts';
import { type DecisionKind, type DecisionRow, type IncidentRow, isBound } from '../telemetry/rows.ts';
import type { EventSample } from './samples.ts';

/** Bookkeeping that stands in a decision's `evidence` beside the measurements. */
interface Bookkeeping {
  /** When the SFU was last told to keep it, epoch ms. */
  renewedAtMs?: number;
  /** When the SFU was last told to let go of it. */
  liftSentAtMs?: number;
}

/** Of the measurements in a decision's `evidence`, those that later decisions ask for. */
interface Remembered {
  roundTripBeforeMs?: number;
  /** The decision is a trial of more after audio only. */
  steppedUp?: boolean;
}

const evidenceIn = ({ evidence }: DecisionRow): Bookkeeping & Remembered =>
  JSON.parse(evidence || '{}') as Bookkeeping & Remembered;

export const bookkeeping = (decision: DecisionRow): Bookkeeping => evidenceIn(decision);

export const withBookkeeping = (decision: DecisionRow, more: Bookkeeping): DecisionRow => ({
  ...decision,
  evidence: JSON.stringify({ ...evidenceIn(decision), ...more }),
  revision: decision.revision + 1,
});

/** The SFU lets go by itself after this; three renewals may be lost. */
const boundTtlMs = 15_000;
/** A raise has had its effect by then, and is not renewed. */
const raiseTtlMs = 4_000;

/** One more decision about an incident, yet without what it is and why. @param own the participant's decisions so far */
export function blankDecision(
  kind: DecisionKind,
  incident: IncidentRow,
  own: readonly DecisionRow[],
  sfuNodeId: string,
  nowMs: number,
): DecisionRow {
  const ordinal = own.filter((d) => d.incident_id === incident.incident_id).length;
  const id = createHash('sha256').update(`${incident.incident_id}\n${kind}\n${ordinal}`).digest('hex');
  return {
    tenant_id: incident.tenant_id,
    call_id: incident.call_id,
    decision_id: id.slice(0, 32),
    incident_id: incident.incident_id,
    kind,
    participant_id: incident.participant_id,
    sfu_node_id: sfuNodeId,
    params: '',
    reason: '',
    evidence: '{}',
    confidence: incident.confidence,
    ttl_ms: isBound(kind) ? boundTtlMs : raiseTtlMs,
    decided_at: nowMs,
    sent_at: nowMs,
    applied_at: null,
    lifted_at: null,
    lift_reason: '',
    outcome: '',
    outcome_evidence: '',
    revision: 1,
  };
}

/** The round trip before the incident's first decision, ms; undefined: there is none yet, or it was not known. */
export const roundTripBefore = (
  own: readonly DecisionRow[],
  { incident_id }: { readonly incident_id: string },
): number | undefined =>
  own
    .filter((d) => d.incident_id === incident_id)
    .map((d) => evidenceIn(d).roundTripBeforeMs)
    .find((ms) => ms !== undefined);

export const isTrial = (decision: DecisionRow): boolean => evidenceIn(decision).steppedUp === true;

/** When the SFU last heard of it. */
export const lastSentAt = (decision: DecisionRow): number =>
  Math.max(decision.sent_at, bookkeeping(decision).renewedAtMs ?? 0);

/** Not lifted, and its time to live has not run out unheard. */
export const isInForce = (decision: DecisionRow, nowMs: number): boolean =>
  decision.lifted_at === null && nowMs < lastSentAt(decision) + decision.ttl_ms;

/** How long after a change of ours the receiver's picture still shows it: key frame, decoder, display; ms. */
const effectMs = 3_000;

interface Bounds {
  readonly temporalLayer: number;
  readonly drainMs: number;
  readonly audioMaxBitrateBps: number;
}

/** What a decision bounds; 0 where its kind does not. */
export const boundsOf = ({ params }: DecisionRow): Bounds => ({
  temporalLayer: 0,
  drainMs: 0,
  audioMaxBitrateBps: 0,
  ...(JSON.parse(params || '{}') as Partial<Action>),
});

/** Whether this decision kept the participant's video from flowing within the span (drain or audio only). */
export function heldVideo(decision: DecisionRow, fromMs: number, toMs: number): boolean {
  const start = decision.applied_at ?? decision.sent_at;
  const heldUntil =
    decision.kind === 'audio_only'
      ? (decision.lifted_at ?? lastSentAt(decision) + decision.ttl_ms)
      : start + boundsOf(decision).drainMs;
  // Replacing and lifting switch layers too: the picture waits for a key frame.
  const switched =
    decision.lifted_at !== null && decision.lifted_at + effectMs > fromMs && decision.lifted_at < toMs;
  return switched || (start < toMs && Math.max(heldUntil, start) + effectMs > fromMs);
}

/**
 * Takes up what the SFU reported.
 * @returns the rows that changed, revision raised
 */
export function foldDecisionEvents(
  decisions: readonly DecisionRow[],
  events: readonly EventSample[],
  nowMs: number,
): DecisionRow[] {
  return decisions
    .map((decision) => {
      const own = events.filter((e) => e.attributes.decision_id === decision.decision_id);
      const next = foldOne(decision, own, nowMs);
      return next === decision ? undefined : { ...next, revision: decision.revision + 1 };
    })
    .filter((row) => row !== undefined);
}

function foldOne(decision: DecisionRow, events: readonly EventSample[], nowMs: number): DecisionRow {
  let next = decision;
  if (next.applied_at === null) {
    const applied = events.find((e) => e.name === 'rtc.decision.applied' && e.attributes.action !== 'lift');
    if (applied) next = { ...next, applied_at: applied.time };
  }
  if (next.lifted_at !== null) return next;
  const lifted = events.find((e) => e.name === 'rtc.decision.lifted');
  if (lifted) return { ...next, lifted_at: lifted.time, lift_reason: lifted.attributes.reason ?? 'unknown' };
  const refused = events.findLast((e) => e.name === 'rtc.decision.refused');
  if (refused && refused.attributes.reason !== 'superseded') {
    const nothingLeft = refused.attributes.reason === 'nothing_in_force';
    return { ...next, lifted_at: refused.time, lift_reason: nothingLeft ? 'expired' : 'refused' };
  }
  // The SFU lets go by itself when it is not told again, and may not have been able to say so.
  const expiry = lastSentAt(next) + next.ttl_ms;
  const unheardMs = 5_000;
  if (nowMs > expiry + unheardMs)
    return { ...next, lifted_at: expiry, lift_reason: next.lift_reason || 'expired' };
  return next;
}

/**
 * What a detector is: a question, and a pure function that answers it for every subject of a call at one
 * moment. Whether an answer opens, keeps or closes an incident is decided in ../incidents.ts, the same way
 * for all; a detector keeps nothing.
 */
import type { Hop, IncidentRow } from '../../telemetry/rows.ts';
import type { CallFeatures } from '../features/call.ts';

/** The measurements that carried a verdict, names with units. */
export type Evidence = Record<string, number | string | boolean>;

export interface Verdict {
  /**
   * - `bad`     over the onset threshold, by two independent signals: opens an incident
   * - `unclear` between the thresholds, or too little is known: keeps what is
   * - `good`    under the clearing threshold for as long as that asks: closes an incident
   */
  readonly state: 'bad' | 'unclear' | 'good';
  readonly hop: Hop;
  /** The participant at fault or, for one receiver's trouble, that receiver. */
  readonly participantId: string;
  /** Producer, consumer or transport. With the participant it tells one incident from another. */
  readonly subjectId: string;
  readonly severity: IncidentRow['severity'];
  /** 0 to 1. */
  readonly confidence: number;
  /** When the trouble began (`bad`) or ended (`good`), as far as the samples tell; epoch ms. */
  readonly sinceMs: number;
  readonly evidence: Evidence;
  /** Participants whose media suffers by it. */
  readonly affected: readonly string[];
}

export interface Detector {
  /** Also the `kind` of its incidents. */
  readonly name: string;
  readonly version: number;
  /** What it asks, for people. */
  readonly question: string;
  /** Thresholds with the reason for each, for people. */
  readonly onset: string;
  readonly clearing: string;
  judge(features: CallFeatures): Verdict[];
}

/** Evidence without what is not known, rounded to what is meaningful. */
export function evidenceOf(facts: Record<string, number | string | boolean | undefined>): Evidence {
  const kept: Evidence = {};
  // Asked for every verdict of every step: no lists in between, and no text where a number is short already.
  for (const name in facts) {
    const value = facts[name];
    if (value === undefined || value === '') continue;
    if (typeof value !== 'number') kept[name] = value;
    else if (Number.isInteger(value) && Math.abs(value) < 10_000) kept[name] = value;
    else if (Number.isFinite(value)) kept[name] = Number(value.toPrecision(4));
  }
  return kept;
}

/** True when the value is known and at least the limit. */
export const atLeast = (value: number | undefined, limit: number): boolean =>
  value !== undefined && value >= limit;
/** True when the value is unknown or at most the limit: it does not speak against. */
export const notOver = (value: number | undefined, limit: number): boolean =>
  value === undefined || value <= limit;

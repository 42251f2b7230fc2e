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

/** What follows from a trouble, so that it is no incident of its own while the trouble lasts. */
export interface Explains {
  readonly kinds: readonly string[];
  /**
   * Whose:
   * - `own`      of the participant at fault
   * - `received` what that participant receives, unless the flow stops before the SFU
   * - `sent`     what others receive of that participant (their verdicts' evidence names `senderId`)
   * - `affected` of anybody that the incident names as affected
   */
  readonly of: 'own' | 'received' | 'sent' | 'affected';
}

/** What a sentence is made of. */
export interface Telling {
  readonly incident: IncidentRow;
  readonly facts: Evidence;
  /** Of the participant at fault. */
  readonly name: string;
  /** `from 10:00:00` or `from 10:00:00 to 10:00:09`, UTC. */
  readonly when: string;
  /** The affected, by name. */
  readonly affected: string;
  /** How the others in the call did. */
  readonly others: string;
  nameOf(participantId: string): string;
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
  /**
   * It opens only what was so this long before as well: for symptoms, whose causes show a little later than they do.
   * @default 0
   */
  readonly patienceMs?: number;
  readonly explains?: readonly Explains[];
  /** How long after its cause has ended this may still show: buffers refill, estimates climb, spans run out. @default 8 s */
  readonly aftermathMs?: number;
  /** One plain sentence that a support agent can read to a customer. */
  sentence(told: Telling): string;
  judge(features: CallFeatures): Verdict[];
}

const nothing: Evidence = Object.freeze({});
const nobody: readonly string[] = Object.freeze([]);

/** A verdict that opens nothing. */
export const calm = (
  state: 'unclear' | 'good',
  participantId: string,
  subjectId: string,
  atMs: number,
): Verdict => ({
  state,
  hop: 'unknown',
  participantId,
  subjectId,
  severity: 'minor',
  confidence: 0,
  sinceMs: atMs,
  evidence: nothing,
  affected: nobody,
});

/** What a receiver suffers, whatever the cause. */
export const suffered = [
  'publisher_fault',
  'freeze',
  'stuck_decoder',
  'pli_storm',
  'audio_concealment',
  'audio_video_desync',
  'jitter_buffer_inflated',
  'decoder_drops',
  'high_delay',
  'high_jitter',
] as const;

/** For sentences: `12 %`. */
export const percent = (ratio: Evidence[string] | undefined): string =>
  `${Math.round(Number(ratio ?? 0) * 100)} %`;
/** For sentences: whole seconds, at least 1. */
export const inSeconds = (ms: Evidence[string] | undefined): string =>
  `${Math.max(1, Math.round(Number(ms ?? 0) / 1000))} s`;

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
/** True when the value is known and at most the limit. */
export const atMost = (value: number | undefined, limit: number): boolean =>
  value !== undefined && value <= limit;
/** True when the value is unknown or at most the limit: it does not speak against. */
export const notOver = (value: number | undefined, limit: number): boolean =>
  value === undefined || value <= limit;

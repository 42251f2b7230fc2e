/**
 * What the inspector's API answers and its page reads: one type per answer. Times are epoch ms, units stand in the
 * names, null means not known. A recording that was dropped on the page answers exactly as a stored call does.
 */
import type { CallVerdict } from '../quality/verdict/call-verdict.ts';
import type { DecisionRow, Hop, IncidentRow, MediaKind, MediaSource } from '../telemetry/rows.ts';
import type { WebhookEvent } from '../telemetry/webhooks.ts';

export const roles = ['support', 'admin'] as const;
export type Role = (typeof roles)[number];

/** `GET /api/v1/session` */
export interface SessionAnswer {
  readonly tenantId: string;
  readonly actor: string;
  readonly role: Role;
  readonly expiresAt: number;
}

/** `DELETE /api/v1/session` */
export interface SignedOut {
  /** Of the provider that one signed in with, where one is still signed in; null: there is none. */
  readonly endSessionUrl: string | null;
}

/** One line of `GET /api/v1/calls`. */
export interface FoundCall {
  readonly callId: string;
  readonly roomId: string;
  readonly startedAt: number;
  readonly lastSeenAt: number;
  readonly live: boolean;
  readonly participants: number;
  /** Display names where known, else ids; at most ten. */
  readonly names: readonly string[];
  readonly audioWorstMinute: number | null;
  readonly videoWorstMinute: number | null;
  /** Share of scored windows that were bad, 0 to 1. */
  readonly badRatio: number | null;
  /** Kinds of issue, the gravest first. */
  readonly issues: readonly { readonly kind: string; readonly severity: Severity; readonly count: number }[];
  readonly decisions: number;
  /** One sentence of its gravest issue; '' when there is none. */
  readonly sentence: string;
}

export interface FoundCalls {
  readonly calls: readonly FoundCall[];
  /** For the next page; null at the end. */
  readonly next: string | null;
  /** What was understood of the words in the box. */
  readonly understood: readonly string[];
  readonly total: number;
}

export type Severity = IncidentRow['severity'];

export interface Mean {
  readonly mean: number | null;
  readonly worstMinute: number | null;
}

export interface Person {
  readonly participantId: string;
  readonly name: string;
  readonly joinedAt: number;
  readonly leftAt: number | null;
  /** What this person heard and saw. */
  readonly audio: Mean;
  readonly video: Mean;
  readonly badRatio: number | null;
  /** `Chromium 156`; '' when unknown. */
  readonly browser: string;
  readonly platform: string;
  /** Country or network where the collector told it; '' otherwise. */
  readonly region: string;
  readonly networkType: string;
  readonly sfuNodeId: string;
  /** Ways taken, in order of time. */
  readonly ways: readonly Way[];
}

/** The pair of candidates that a connection used from a moment on. */
export interface Way {
  readonly time: number;
  readonly transportId: string;
  readonly localType: string;
  readonly remoteType: string;
  readonly protocol: string;
  readonly relayProtocol: string;
}

/** How well one person received one stream of another. */
export interface Cell {
  readonly senderId: string;
  readonly receiverId: string;
  readonly kind: MediaKind;
  readonly source: MediaSource;
  readonly producerIds: readonly string[];
  readonly mos: number | null;
  readonly worst: number | null;
  readonly badMs: number;
  readonly scoredMs: number;
  readonly unscoredMs: number;
  /** Why most of the unscored time has no score. */
  readonly unclassified: string;
  readonly lossRatio: number | null;
  readonly delayMs: number | null;
}

/** Quality over time of what one person received: the worst stream's score in each step. */
export interface Strip {
  readonly participantId: string;
  readonly kind: MediaKind;
  /** null: no score in that step. */
  readonly mos: readonly (number | null)[];
}

export interface Incident extends Omit<IncidentRow, 'tenant_id' | 'call_id' | 'revision' | 'evidence'> {
  readonly evidence: Readonly<Record<string, unknown>>;
}

export interface Decision
  extends Omit<
    DecisionRow,
    'tenant_id' | 'call_id' | 'revision' | 'evidence' | 'params' | 'outcome_evidence'
  > {
  readonly params: Readonly<Record<string, unknown>>;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly outcomeEvidence: Readonly<Record<string, unknown>>;
}

/** A state change or happening, as `GET /api/v1/calls/:id/events` lists them and strips mark them. */
export interface CallEvent {
  readonly time: number;
  readonly name: string;
  readonly participantId: string;
  readonly transportId: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A span of somebody's join. */
export interface JoinSpan {
  readonly participantId: string;
  readonly name: string;
  readonly source: string;
  readonly time: number;
  readonly durationMs: number;
  readonly spanId: string;
  readonly parentId: string;
  readonly failed: string;
}

/** `GET /api/v1/calls/:id` */
export interface CallPage {
  readonly callId: string;
  readonly roomId: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly live: boolean;
  /** Where it comes from; a recording is not stored. */
  readonly origin: 'store' | 'webrtc-internals' | 'rtcstats' | 'callscope';
  /** What could not be read of a recording, in words. */
  readonly notes: readonly string[];
  readonly verdict: CallVerdict;
  readonly people: readonly Person[];
  readonly cells: readonly Cell[];
  readonly strips: { readonly from: number; readonly stepMs: number; readonly rows: readonly Strip[] };
  readonly incidents: readonly Incident[];
  readonly decisions: readonly Decision[];
  /** Those that strips mark: connections, devices, joins. */
  readonly events: readonly CallEvent[];
  readonly spans: readonly JoinSpan[];
  readonly ratings: readonly {
    readonly participantId: string;
    readonly time: number;
    readonly rating: number;
  }[];
}

/** `GET /api/v1/calls/:id/events` */
export interface EventList {
  readonly events: readonly CallEvent[];
  readonly next: string | null;
}

/** Kinds of raw samples that a page shows: those that judgement reads. */
export const sampleKinds = [
  'inbound_rtp',
  'outbound_rtp',
  'remote_inbound_rtp',
  'media_source',
  'candidate_pair',
  'transport',
  'sfu_producer',
  'sfu_consumer',
  'sfu_transport',
] as const;
export type SampleKind = (typeof sampleKinds)[number];

/** `GET /api/v1/calls/:id/samples`: columns by name as docs/conventions.md has them; what the source did not say is left out. */
export interface SampleList {
  readonly rows: readonly Readonly<Record<string, string | number | boolean>>[];
  readonly next: string | null;
}

/** One line of a chart. */
export interface Line {
  readonly key: string;
  readonly label: string;
  readonly values: readonly (number | null)[];
}

export interface Chart {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
}

/** `GET /api/v1/calls/:id/series`: all charts of one participant on one axis of time. */
export interface SeriesAnswer {
  readonly participantId: string;
  /** Of whom it is received; '' for all. */
  readonly senderId: string;
  readonly from: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly charts: readonly Chart[];
}

/** One line of `GET /api/v1/webhooks`. */
export interface WebhookInfo {
  readonly hookId: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly createdAt: number;
  readonly createdBy: string;
  /** Messages of the last 30 days that were taken, and that were not yet. */
  readonly told: number;
  readonly waiting: number;
  readonly lastToldAt: number | null;
  /** Why one was not taken; '' when all were at once. */
  readonly lastError: string;
}

/** RFC 9457, `application/problem+json`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
}

export type { CallVerdict, Finding } from '../quality/verdict/call-verdict.ts';
export type { Part, Text } from '../quality/verdict/parts.ts';
export type { Hop };

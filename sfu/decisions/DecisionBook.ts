/**
 * Which decision is in force for which receiver: a state machine without clock, queue or media. Each step
 * takes the time and returns what came of it; the shell (Decisions.ts) carries that out and reports it.
 *
 * The newest decision for a participant replaces the one before; a decision that arrives after its time to
 * live is refused; one in force is let go of when its time to live ends. So with the analytics gone, every
 * limit is gone too after at most one time to live.
 */
import type { Action, DecisionMessage } from '../../telemetry/queues.ts';
import { isBound } from '../../telemetry/rows.ts';
import { noLimit, type VideoLimit } from '../media/layers.ts';

/** Why a decision was not taken up. */
export type Refusal =
  /** Its time to live had passed. */
  | 'stale'
  /** A newer one is in force. */
  | 'superseded'
  | 'unknown_call'
  | 'unknown_participant'
  | 'tenant_mismatch'
  /** A lift, but no decision is in force. */
  | 'nothing_in_force';

export type LiftReason = 'expired' | 'replaced' | 'recovered' | 'participant_left';

export type Step =
  | { result: 'applied' | 'renewed'; decision: DecisionMessage }
  | { result: 'refused'; decision: DecisionMessage; reason: Refusal }
  | { result: 'lifted'; decision: DecisionMessage; reason: LiftReason };

/** Whether the message's call and participant are here; asked by the shell before the state is touched. */
export type Presence = 'here' | Extract<Refusal, 'unknown_call' | 'unknown_participant' | 'tenant_mismatch'>;

interface InForce {
  readonly decision: DecisionMessage;
  readonly takenAtMs: number;
  readonly expiresAtMs: number;
  /** Until then video is paused, with audio only the audio too; 0 where there is no such pause. */
  readonly drainedAtMs: number;
}

const key = (callId: string, participantId: string) => `${callId}\n${participantId}`;

export class DecisionBook {
  readonly #inForce = new Map<string, InForce>();

  /** Takes a message up or refuses it. A message delivered twice changes nothing and returns no step. */
  take(decision: DecisionMessage, presence: Presence, nowMs: number): Step[] {
    if (presence !== 'here') return [{ result: 'refused', decision, reason: presence }];
    const expiresAtMs = decision.sentAtMs + decision.ttlMs;
    const where = key(decision.callId, decision.participantId);
    const before = this.#inForce.get(where);
    const repeated = before?.decision.decisionId === decision.decisionId;
    if (repeated && before.decision.sentAtMs === decision.sentAtMs) return [];
    if (expiresAtMs <= nowMs) return [{ result: 'refused', decision, reason: 'stale' }];
    if (before && before.decision.sentAtMs > decision.sentAtMs) {
      return [{ result: 'refused', decision, reason: 'superseded' }];
    }
    if (decision.action.kind === 'lift') {
      if (!before) return [{ result: 'refused', decision, reason: 'nothing_in_force' }];
      this.#inForce.delete(where);
      return [
        { result: 'lifted', decision: before.decision, reason: 'recovered' },
        ...(repeated ? [] : ([{ result: 'applied', decision }] as const)),
      ];
    }
    this.#inForce.set(where, {
      decision,
      takenAtMs: repeated ? before.takenAtMs : nowMs,
      expiresAtMs,
      drainedAtMs: repeated ? before.drainedAtMs : drainedAt(decision.action, before, nowMs),
    });
    if (repeated) return [{ result: 'renewed', decision }];
    const applied: Step = { result: 'applied', decision };
    return before
      ? [{ result: 'lifted', decision: before.decision, reason: 'replaced' }, applied]
      : [applied];
  }

  /** Lets go of what has outlived its time. */
  expire(nowMs: number): Step[] {
    const steps: Step[] = [];
    for (const [where, { decision, expiresAtMs }] of this.#inForce) {
      if (expiresAtMs > nowMs) continue;
      this.#inForce.delete(where);
      steps.push({ result: 'lifted', decision, reason: 'expired' });
    }
    return steps;
  }

  /** The participant is gone, and the decision with it. */
  forget(callId: string, participantId: string): Step[] {
    const where = key(callId, participantId);
    const before = this.#inForce.get(where);
    this.#inForce.delete(where);
    return before ? [{ result: 'lifted', decision: before.decision, reason: 'participant_left' }] : [];
  }

  /** Whether what the participant receives is bounded. */
  holds(callId: string, participantId: string, nowMs: number): boolean {
    const held = this.#inForce.get(key(callId, participantId));
    return held !== undefined && held.expiresAtMs > nowMs && isBound(held.decision.action.kind);
  }

  limit(callId: string, participantId: string, nowMs: number): VideoLimit {
    const held = this.#inForce.get(key(callId, participantId));
    if (!held || held.expiresAtMs <= nowMs) return noLimit;
    const { action, reason } = held.decision;
    switch (action.kind) {
      case 'audio_only':
        return {
          ...noLimit,
          paused: true,
          silent: nowMs < held.drainedAtMs,
          audioMaxBitrateBps: action.audioMaxBitrateBps,
          reason,
        };
      case 'cap_layers':
        return {
          ...noLimit,
          paused: nowMs < held.drainedAtMs,
          cap: { spatialLayer: action.spatialLayer, temporalLayer: action.temporalLayer },
          minOutgoingBitrateBps: action.minOutgoingBitrateBps,
          audioMaxBitrateBps: action.audioMaxBitrateBps,
          reason,
        };
      case 'raise_estimate':
        return { ...noLimit, minOutgoingBitrateBps: raisedBps(action, nowMs - held.takenAtMs), reason };
      case 'lift':
        return noLimit;
    }
  }

  /** When a limit next changes by itself, epoch ms; null when nothing is in force. */
  nextChangeMs(nowMs: number): number | null {
    let next: number | null = null;
    for (const held of this.#inForce.values()) {
      const change = Math.min(held.expiresAtMs, withinMs(held, nowMs));
      next = next === null ? change : Math.min(next, change);
    }
    return next;
  }

  /** Those whose limit may have changed since it was last carried out: everyone under a decision. */
  *held(): Iterable<{ callId: string; participantId: string }> {
    for (const { decision } of this.#inForce.values()) yield decision;
  }
}

/** Between two steps of a raise: several feedbacks come in the meantime. */
const raiseStepMs = 500;
/** Of one step: as much as mediasoup's estimator itself tries at most over what it has seen arrive. */
const raiseFactor = 1.5;

function raisedBps({ fromBps, toBps }: Extract<Action, { kind: 'raise_estimate' }>, forMs: number): number {
  return Math.round(Math.min(toBps, fromBps * raiseFactor ** raiseSteps(forMs)));
}

const raiseSteps = (forMs: number) => 1 + Math.floor(forMs / raiseStepMs);

/** When its limit next changes while it is in force, epoch ms. */
function withinMs({ decision: { action }, takenAtMs, drainedAtMs }: InForce, nowMs: number): number {
  if (drainedAtMs > nowMs) return drainedAtMs;
  const forMs = nowMs - takenAtMs;
  if (action.kind !== 'raise_estimate' || raisedBps(action, forMs) >= action.toBps)
    return Number.POSITIVE_INFINITY;
  return takenAtMs + raiseSteps(forMs) * raiseStepMs;
}

/** The pause empties the queue once a decision, not with every renewal: a picture that comes and goes is worse than it. */
function drainedAt(action: Action, before: InForce | undefined, nowMs: number): number {
  switch (action.kind) {
    case 'audio_only':
      return action.audioDrainMs > 0 ? nowMs + action.audioDrainMs : 0;
    case 'cap_layers': {
      const drainedAtMs = action.drainMs > 0 ? nowMs + action.drainMs : 0;
      return Math.max(drainedAtMs, before?.drainedAtMs ?? 0);
    }
    case 'raise_estimate':
    case 'lift':
      return 0;
  }
}

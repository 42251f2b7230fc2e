/**
 * Carries out what the pipelines decide: finds the receiver, sets its video limit, lets go in time, and
 * reports every step as an event. The rules are in DecisionBook.ts.
 */
import { events } from '../../telemetry/events.ts';
import type { DecisionMessage, QualityMessage, SfuMessage } from '../../telemetry/queues.ts';
import type { Participant } from '../Participant.ts';
import type { Rooms } from '../Rooms.ts';
import type { Telemetry } from '../telemetry/Telemetry.ts';
import { DecisionBook, type Presence, type Step } from './DecisionBook.ts';

const eventOf = {
  applied: events.decisionApplied,
  renewed: events.decisionApplied,
  refused: events.decisionRefused,
  lifted: events.decisionLifted,
} as const;

export interface DecisionsOptions {
  readonly rooms: Rooms;
  readonly telemetry: Telemetry;
  /** Epoch ms. @default Date.now */
  readonly clock?: () => number;
}

export class Decisions {
  readonly #book = new DecisionBook();
  readonly #rooms: Rooms;
  readonly #telemetry: Telemetry;
  readonly #clock: () => number;
  #timer: NodeJS.Timeout | undefined;

  constructor({ rooms, telemetry, clock = Date.now }: DecisionsOptions) {
    this.#rooms = rooms;
    this.#telemetry = telemetry;
    this.#clock = clock;
    rooms.onParticipantLeft((participant) => {
      this.#report(this.#book.forget(participant.callId, participant.participantId));
      this.#schedule();
    });
  }

  take(message: SfuMessage): void {
    if (message.type === 'quality') this.#tellQuality(message);
    else this.#decide(message);
  }

  /** Whether a decision for this participant is in force. */
  holds(callId: string, participantId: string): boolean {
    return this.#book.holds(callId, participantId, this.#clock());
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #decide(decision: DecisionMessage): void {
    this.#report(this.#book.take(decision, this.#presence(decision), this.#clock()));
    this.#carryOut(decision);
    this.#schedule();
  }

  #presence({ tenantId, callId, participantId }: DecisionMessage): Presence {
    const call = this.#rooms.call(callId);
    if (!call) return 'unknown_call';
    if (call.tenantId !== tenantId) return 'tenant_mismatch';
    return call.room?.participants.has(participantId) ? 'here' : 'unknown_participant';
  }

  #carryOut({ callId, participantId }: { callId: string; participantId: string }): void {
    const participant = this.#participant(callId, participantId);
    participant?.setVideoLimit(this.#book.limit(callId, participantId, this.#clock()));
  }

  #participant(callId: string, participantId: string): Participant | undefined {
    return this.#rooms.call(callId)?.room?.participants.get(participantId);
  }

  /** One timer for whatever changes by itself next: the end of a pause, or of a time to live. */
  #schedule(): void {
    clearTimeout(this.#timer);
    const now = this.#clock();
    const next = this.#book.nextChangeMs(now);
    if (next !== null) this.#timer = setTimeout(() => this.#tick(), Math.max(1, next - now));
  }

  #tick(): void {
    const expired = this.#book.expire(this.#clock());
    this.#report(expired);
    for (const { decision } of expired) this.#carryOut(decision);
    for (const held of this.#book.held()) this.#carryOut(held);
    this.#schedule();
  }

  #report(steps: Step[]): void {
    for (const step of steps) {
      const { decision, result } = step;
      this.#telemetry.event(
        eventOf[result],
        {
          tenant_id: decision.tenantId,
          call_id: decision.callId,
          participant_id: decision.participantId,
          room_id: this.#rooms.call(decision.callId)?.roomId ?? '',
        },
        {
          decision_id: decision.decisionId,
          action: decision.action.kind,
          result,
          reason: 'reason' in step ? step.reason : decision.reason,
        },
      );
    }
  }

  #tellQuality({ tenantId, callId, participants }: QualityMessage): void {
    const call = this.#rooms.call(callId);
    if (call?.tenantId !== tenantId) return;
    for (const quality of participants) call.room?.broadcast('qualityChanged', quality);
  }
}

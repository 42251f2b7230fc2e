/**
 * Samples one room: every transport, producer stream and consumer once a second, at wall time (mediasoup's
 * own timestamps are monotonic). One pass at a time; a pass that takes longer than the interval costs the next.
 */
import type { Attributes } from '@opentelemetry/api';
import { sfuStats } from '../../telemetry/stats.ts';
import type { Participant } from '../Participant.ts';
import type { Room } from '../Room.ts';
import { keptMs, RecentSamples, type SfuTable } from '../reflex/RecentSamples.ts';
import type { Identity } from './SampleRecord.ts';
import { consumerColumns, producerColumns, transportColumns } from './samples.ts';
import type { Telemetry } from './Telemetry.ts';

/** More at once would keep signaling, and the worker's packets, waiting. */
const mostQuestions = 256;

/** The same object second after second, so that it is encoded once. */
const identities = new WeakMap<object, Identity>();

function identityOf(thing: object, make: () => Identity): Identity {
  let identity = identities.get(thing);
  if (!identity) {
    identity = make();
    identities.set(thing, identity);
  }
  return identity;
}

export class RoomSampler {
  readonly #room: Room;
  readonly #telemetry: Telemetry;
  readonly #recent = new RecentSamples();
  readonly #onPass: (recent: RecentSamples) => void;
  readonly #leaveRounds: () => void;
  #busy = false;
  #skipped = 0;

  /** @param onPass is given what was sampled in the last seconds, after each pass */
  constructor(room: Room, telemetry: Telemetry, onPass: (recent: RecentSamples) => void) {
    this.#room = room;
    this.#telemetry = telemetry;
    this.#onPass = onPass;
    this.#leaveRounds = room.slot.rounds.add(() => void this.pass());
  }

  /** Passes left out because the one before was still running. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Never throws: what closes during a pass is simply not in it. */
  async pass(): Promise<void> {
    if (this.#busy) {
      this.#skipped += 1;
      return;
    }
    this.#busy = true;
    try {
      const asked: Promise<void>[] = [];
      for (const participant of [...this.#room.participants.values()]) {
        asked.push(...this.#ask(participant));
        if (asked.length >= mostQuestions) await Promise.allSettled(asked.splice(0));
      }
      await Promise.allSettled(asked);
      this.#recent.forgetBefore(Date.now() - keptMs);
      this.#onPass(this.#recent);
    } finally {
      this.#busy = false;
    }
  }

  stop(): void {
    this.#leaveRounds();
  }

  #ask({ identity, transports, producers, consumers }: Participant): Promise<void>[] {
    const timeMs = Date.now();
    return [
      ...[...transports.values()].map(async (link) => {
        const [stat] = await link.transport.getStats();
        if (!stat) return;
        this.#record(
          'transport',
          identityOf(link, () => ({ ...identity, transport_id: link.transport.id })),
          transportColumns(stat, {
            direction: link.direction,
            usesRelay: link.usesRelay,
            bwe: link.takeBwe(),
            workerAnswerMs: this.#room.slot.pulse.answerMs,
          }),
          timeMs,
        );
      }),
      ...[...producers.values()].map(async ({ producer, source, transportId }) => {
        for (const stat of await producer.getStats()) {
          this.#record(
            'producer',
            identityOf(producer, () => ({
              ...identity,
              transport_id: transportId,
              producer_id: producer.id,
            })),
            producerColumns(stat, producer, source),
            timeMs,
          );
        }
      }),
      ...[...consumers.values()].map(async (stream) => {
        const { consumer, transportId } = stream;
        const stat = (await consumer.getStats()).find(({ type }) => type === 'outbound-rtp');
        if (!stat) return;
        this.#record(
          'consumer',
          identityOf(consumer, () => ({
            ...identity,
            transport_id: transportId,
            producer_id: consumer.producerId,
            consumer_id: consumer.id,
          })),
          consumerColumns(stat, stream),
          timeMs,
        );
      }),
    ];
  }

  #record(kind: keyof typeof sfuStats, identity: Identity, values: Attributes, timeMs: number): void {
    this.#telemetry.sample(sfuStats[kind], identity, values, timeMs);
    this.#recent.add(`sfu_${kind}` satisfies SfuTable, identity, values, timeMs);
  }
}

/** The last seconds of what the node sampled of one room, in the form that quality/ judges: no store between. */
import type { Attributes } from '@opentelemetry/api';
import { historyMs } from '../../quality/features/trailing.ts';
import { type CallSamples, type Sample, sampleColumns } from '../../quality/samples.ts';
import { identityColumns } from '../../telemetry/identity.ts';
import type { Identity } from '../telemetry/Telemetry.ts';

export type SfuTable = 'sfu_transport' | 'sfu_producer' | 'sfu_consumer';

/** As it was told. What is judged is a transport a second; of the rest, rows are made when they are asked for. */
interface Told {
  readonly identity: Identity;
  readonly values: Attributes;
  readonly time: number;
}

interface Held {
  readonly sfu_transport: Sample<'sfu_transport'>[];
  readonly sfu_producer: Told[];
  readonly sfu_consumer: Told[];
}

const emptyTables = {
  inbound_rtp: [],
  outbound_rtp: [],
  remote_inbound_rtp: [],
  media_source: [],
  candidate_pair: [],
  transport: [],
  events: [],
} as const;

export class RecentSamples {
  readonly #byParticipant = new Map<string, Held>();

  /** @param values by column name; @param timeMs epoch ms, never falling */
  add(table: SfuTable, identity: Identity, values: Attributes, timeMs: number): void {
    const participantId = identity.participant_id ?? '';
    let held = this.#byParticipant.get(participantId);
    if (!held) {
      held = { sfu_transport: [], sfu_producer: [], sfu_consumer: [] };
      this.#byParticipant.set(participantId, held);
    }
    const told = { identity, values, time: timeMs };
    if (table === 'sfu_transport') held.sfu_transport.push(rowOf(table, told));
    else held[table].push(told);
  }

  /** Lets go of what no judgement looks back to, and of those of whom nothing is left. */
  forgetBefore(timeMs: number): void {
    for (const [participantId, held] of this.#byParticipant) {
      for (const rows of Object.values(held) as { readonly time: number }[][]) {
        const kept = rows.findIndex((row) => row.time >= timeMs);
        rows.splice(0, kept < 0 ? rows.length : kept);
      }
      if (held.sfu_transport.length === 0) this.#byParticipant.delete(participantId);
    }
  }

  /** Each participant's samples of one of its transports, oldest first. */
  *downlinks(): Iterable<{ participantId: string; samples: Sample<'sfu_transport'>[] }> {
    for (const [participantId, { sfu_transport }] of this.#byParticipant) {
      const newest = sfu_transport.findLast((row) => row.direction === 'recv');
      if (!newest) continue;
      const samples = sfu_transport.filter((row) => row.transport_id === newest.transport_id);
      yield { participantId, samples };
    }
  }

  /**
   * What there is of the call, consumers of these receivers only: they are most of the samples of a large room.
   */
  call(tenantId: string, callId: string, receivers: ReadonlySet<string>): CallSamples {
    const all = [...this.#byParticipant.values()];
    return {
      ...emptyTables,
      tenantId,
      callId,
      sfu_transport: all.flatMap((held) => held.sfu_transport),
      sfu_producer: all.flatMap((held) => held.sfu_producer.map((told) => rowOf('sfu_producer', told))),
      sfu_consumer: [...receivers].flatMap((id) =>
        (this.#byParticipant.get(id)?.sfu_consumer ?? []).map((told) => rowOf('sfu_consumer', told)),
      ),
    };
  }
}

/** How far back samples are of use, ms. */
export const keptMs = historyMs + 1_000;

/** As the store would give it back: what is not there is null, or '' of text. */
function rowOf<T extends SfuTable>(table: T, { identity, values, time }: Told): Sample<T> {
  const { number, text, flag } = sampleColumns[table];
  const row: Record<string, unknown> = { stat_id: '', time };
  for (const column of identityColumns) row[column] = identity[column] ?? '';
  for (const column of number) row[column] = values[column] ?? null;
  for (const column of flag) row[column] = values[column] ?? null;
  for (const column of text) row[column] = values[column] ?? '';
  return row as unknown as Sample<T>;
}

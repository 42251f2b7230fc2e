/** One participant as such: what it last told, whether its page is looked at, which devices it could open. */
import { events as names } from '../../telemetry/events.ts';
import type { EventSample } from '../samples.ts';

export interface PresenceFeatures {
  readonly participantId: string;
  readonly sfuNodeId: string;
  /** Newest sample of each side, epoch ms; undefined: none in what was read. */
  readonly clientTimeMs: number | undefined;
  readonly sfuTimeMs: number | undefined;
  /** The page is not looked at: browsers slow it down, phones take its camera. */
  readonly hidden: boolean;
  /** Since when the browser has muted one of its own tracks (device lost or taken), by producer; epoch ms. */
  readonly mutedTracks: ReadonlyMap<string, number>;
  /** Sources that its user switched off. */
  readonly switchedOff: ReadonlySet<string>;
  /** Devices that could not be opened and have not been since, by source; the newest word. */
  readonly captureErrors: ReadonlyMap<string, EventSample>;
}

interface Growing {
  participantId: string;
  sfuNodeId: string;
  clientTimeMs: number | undefined;
  sfuTimeMs: number | undefined;
  hidden: boolean;
  mutedTracks: Map<string, number>;
  switchedOff: Set<string>;
  captureErrors: Map<string, EventSample>;
}

/**
 * @param links with whatever rows were read, old ones too
 * @param gone those who left
 */
export function presenceFeatures(
  links: readonly {
    readonly participantId: string;
    readonly sfuNodeId: string;
    readonly sfu: readonly { readonly time: number }[];
    readonly client: readonly { readonly time: number }[];
    readonly pair: readonly { readonly time: number }[];
  }[],
  events: readonly EventSample[],
  gone: ReadonlySet<string>,
  atMs: number,
): PresenceFeatures[] {
  const people = new Map<string, Growing>();
  const person = (participantId: string): Growing => {
    let known = people.get(participantId);
    if (!known) {
      known = {
        participantId,
        sfuNodeId: '',
        clientTimeMs: undefined,
        sfuTimeMs: undefined,
        hidden: false,
        mutedTracks: new Map(),
        switchedOff: new Set(),
        captureErrors: new Map(),
      };
      people.set(participantId, known);
    }
    return known;
  };
  for (const link of links) {
    const own = person(link.participantId);
    own.sfuNodeId = link.sfuNodeId || own.sfuNodeId;
    own.sfuTimeMs = later(own.sfuTimeMs, newestBefore(link.sfu, atMs));
    own.clientTimeMs = later(own.clientTimeMs, newestBefore(link.client, atMs));
    own.clientTimeMs = later(own.clientTimeMs, newestBefore(link.pair, atMs));
  }
  for (const event of events) {
    if (event.time <= atMs && event.participant_id !== '' && !gone.has(event.participant_id)) {
      take(event, person);
    }
  }
  return [...people.values()];
}

function take(event: EventSample, person: (id: string) => Growing): void {
  const { state = '', source = '', enabled = '', constraint = '' } = event.attributes;
  switch (event.name) {
    case names.visibility:
      person(event.participant_id).hidden = state === 'hidden';
      break;
    case names.trackState: {
      const producerId = event.producer_id || (event.attributes.producer_id ?? '');
      if (!producerId) break;
      const { mutedTracks } = person(event.participant_id);
      if (state === 'unmuted') mutedTracks.delete(producerId);
      else mutedTracks.set(producerId, event.time);
      break;
    }
    case names.sourceToggled: {
      const { switchedOff, captureErrors } = person(event.participant_id);
      if (enabled === 'true' || enabled === '1') {
        switchedOff.delete(source);
        captureErrors.delete(source);
      } else switchedOff.add(source);
      break;
    }
    case names.mediaError:
      person(event.participant_id).captureErrors.set(constraint, event);
      break;
  }
}

const later = (a: number | undefined, b: number | undefined) =>
  a === undefined ? b : b === undefined ? a : Math.max(a, b);

function newestBefore(rows: readonly { readonly time: number }[], atMs: number): number | undefined {
  for (let i = rows.length - 1; i >= 0; i--) if (rows[i]!.time <= atMs) return rows[i]!.time;
  return undefined;
}

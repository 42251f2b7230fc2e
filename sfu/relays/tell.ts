/**
 * Relays were lost: every client of this node is told, with fresh ones; those whose path went over them move. Relays are
 * full: so many clients are told the same as are to move; those whose path goes elsewhere stay.
 */
import { events } from '../../telemetry/events.ts';
import type { Rooms } from '../Rooms.ts';
import type { Telemetry } from '../telemetry/Telemetry.ts';
import type { Relays } from './Relays.ts';

export function tellOfLostRelays({
  relays,
  rooms,
  telemetry,
  nodeId,
  random = Math.random,
}: {
  readonly relays: Relays;
  readonly rooms: Rooms;
  readonly telemetry: Telemetry;
  readonly nodeId: string;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: () => number;
}): void {
  const everybody = () => rooms.calls.flatMap(({ room }) => [...(room?.participants.values() ?? [])]);
  relays.onFull((full) => {
    for (const { relayId, urls, share } of full) {
      const asked = everybody().filter(() => random() < share);
      for (const { client, participantId } of asked) {
        const iceServers = relays.iceServers(participantId, urls);
        client.notify('relaysLost', { urls: [...urls], certain: true, iceServers });
      }
      const told = { relay_ids: relayId, why: 'full', participants: asked.length };
      telemetry.event(events.relaysLost, { sfu_node_id: nodeId }, told);
    }
  });
  relays.onLost((lost) => {
    const participants = everybody();
    // Two messages where some are certain and some are not: the doubtful ones must not be left in haste.
    for (const certain of [true, false]) {
      const some = lost.filter(({ why }) => (why !== 'unheard') === certain);
      if (some.length === 0) continue;
      const urls = some.flatMap((relay) => relay.urls);
      for (const { client, participantId } of participants) {
        client.notify('relaysLost', { urls, certain, iceServers: relays.iceServers(participantId, urls) });
      }
      telemetry.event(
        events.relaysLost,
        { sfu_node_id: nodeId },
        {
          relay_ids: some.map(({ relayId }) => relayId).join(' '),
          why: some.map(({ why }) => why).join(' '),
          participants: participants.length,
        },
      );
    }
  });
}

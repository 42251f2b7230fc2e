/**
 * What a media node makes of the relays' heartbeats: which there are, and which were lost since it last looked. Pure.
 * A relay is lost when it says so, when its coturn is another one, or when it is unheard while others are heard. When
 * all are unheard at once, it is not the relays that went silent: nothing changes then.
 */
import { heardForMs, type RelayHeartbeat } from '../../telemetry/relays.ts';

export interface KnownRelay {
  /** The last that was heard. */
  readonly heartbeat: RelayHeartbeat;
  readonly heard: boolean;
}

export interface LostRelay {
  readonly relayId: string;
  readonly urls: readonly string[];
  readonly why: 'dead' | 'restarted' | 'gone' | 'unheard';
}

export interface Look {
  /** null: unheard. */
  readonly seen: ReadonlyMap<string, RelayHeartbeat | null>;
  /** For how long Redis has been there without a break, ms: heartbeats of before have run out meanwhile. */
  readonly connectedForMs: number;
}

export function lookAtRelays(
  known: ReadonlyMap<string, KnownRelay>,
  { seen, connectedForMs }: Look,
): { known: Map<string, KnownRelay>; lost: LostRelay[] } {
  const now = new Map<string, KnownRelay>();
  const lost: LostRelay[] = [];
  const lose = ({ relayId, urls }: RelayHeartbeat, why: LostRelay['why']) =>
    lost.push({ relayId, urls, why });
  const allUnheard = known.size > 1 && [...known.keys()].every((id) => !seen.get(id));
  const trusted = connectedForMs > heardForMs + 1_000 && !allUnheard;

  for (const [id, heartbeat] of seen) {
    const before = known.get(id);
    if (heartbeat) {
      now.set(id, { heartbeat, heard: true });
      if (!before?.heard || !before.heartbeat.healthy) continue;
      if (!heartbeat.healthy) lose(heartbeat, 'dead');
      else if (heartbeat.startedMs !== before.heartbeat.startedMs) lose(heartbeat, 'restarted');
    } else if (before) {
      now.set(id, { ...before, heard: before.heard && !trusted });
      if (before.heard && before.heartbeat.healthy && trusted) lose(before.heartbeat, 'unheard');
    }
  }
  for (const [id, before] of known) {
    if (seen.has(id)) continue;
    // Signed off: on purpose, and empty when it was drained before.
    if (!trusted) now.set(id, before);
    else if (before.heard && before.heartbeat.allocations !== 0) lose(before.heartbeat, 'gone');
  }
  return { known: now, lost };
}

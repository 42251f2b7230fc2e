/** Reading what the TURN relays tell of themselves; see telemetry/relays.ts. */
import type { Redis } from 'ioredis';
import { type RelayHeartbeat, relayHeartbeatSchema, relayKeys } from '../relays.ts';

/** More relays than any fleet has: what stands in Redis is outside input. */
const mostRelays = 2_000;

/** @returns every relay that was not signed off; null: unheard, or what it says cannot be read */
export async function readRelays(redis: Redis): Promise<Map<string, RelayHeartbeat | null>> {
  const ids = (await redis.smembers(relayKeys.ids)).toSorted().slice(0, mostRelays);
  if (ids.length === 0) return new Map();
  const texts = await redis.mget(ids.map(relayKeys.heartbeat));
  return new Map(ids.map((id, i) => [id, heartbeatOf(id, texts[i] ?? null)]));
}

function heartbeatOf(id: string, text: string | null): RelayHeartbeat | null {
  if (text === null) return null;
  try {
    const parsed = relayHeartbeatSchema.safeParse(JSON.parse(text));
    return parsed.success && parsed.data.relayId === id ? parsed.data : null;
  } catch {
    return null;
  }
}

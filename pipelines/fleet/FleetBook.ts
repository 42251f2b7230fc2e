/**
 * What the scaler keeps in Redis: per region its memory between looks, which also says how many relays are wanted.
 * Lost, it begins anew and does not shrink for one cool-down.
 */
import { Redis } from 'ioredis';
import { noMemory } from '../../quality/fleet/fleet.ts';
import { type RelayHeartbeat, relayKeys } from '../../telemetry/relays.ts';
import { failsAtOnce } from '../../telemetry/service/redis.ts';
import { readRelays } from '../../telemetry/service/relay-registry.ts';
import { type FleetState, fleetStateSchema, freshState } from './view.ts';

const statesKey = 'callscope:turn:fleet';
const lockKey = (region: string) => `callscope:turn:fleet:lock:${region}`;
const redisLimitMs = 2_000;

export class FleetBook {
  readonly #redis: Redis;

  constructor(redisUrl: string) {
    this.#redis = new Redis(redisUrl, { ...failsAtOnce, commandTimeout: redisLimitMs });
    // The queues tell of an outage.
    this.#redis.on('error', () => {});
  }

  relays(): Promise<Map<string, RelayHeartbeat | null>> {
    return readRelays(this.#redis);
  }

  /** Gone for good, whoever it was. */
  async strike(relayIds: readonly string[]): Promise<void> {
    if (relayIds.length > 0) await this.#redis.srem(relayKeys.ids, ...relayIds);
  }

  async state(region: string): Promise<FleetState> {
    const text = await this.#redis.hget(statesKey, region);
    return (text && stateOf(text)) || freshState(noMemory);
  }

  async states(): Promise<Map<string, FleetState>> {
    const all = await this.#redis.hgetall(statesKey);
    return new Map(
      Object.entries(all).flatMap(([region, text]) => {
        const state = stateOf(text);
        return state ? [[region, state] as const] : [];
      }),
    );
  }

  async keep(region: string, state: FleetState): Promise<void> {
    await this.#redis.hset(statesKey, region, JSON.stringify(state));
  }

  /** @returns false while another process looks at this region */
  async lock(region: string, forMs: number): Promise<boolean> {
    return (await this.#redis.set(lockKey(region), '1', 'PX', forMs, 'NX')) === 'OK';
  }

  async unlock(region: string): Promise<void> {
    await this.#redis.del(lockKey(region));
  }

  close(): void {
    this.#redis.disconnect();
  }
}

function stateOf(text: string): FleetState | undefined {
  try {
    return fleetStateSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

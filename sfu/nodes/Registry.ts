/** The media nodes and their calls in Redis; see telemetry/media-nodes.ts. Every method throws while Redis is away. */
import { Redis } from 'ioredis';
import {
  type NodeHeartbeat,
  nodeHeardForMs,
  nodeHeartbeatSchema,
  nodeKeys,
  type Placement,
  placementMs,
  placementSchema,
} from '../../telemetry/media-nodes.ts';
import { failsAtOnce } from '../../telemetry/service/redis.ts';

const redisLimitMs = 1_000;
/** More nodes than any fleet has: what stands in Redis is outside input. */
const mostNodes = 1_000;

/**
 * Puts a placement where another one is expected.
 * Reads and writes KEYS[1]. ARGV: the text expected ('' for none), the new text, its time to live in ms.
 * Returns what stands there now.
 */
const replaceScript = `
local now = redis.call('GET', KEYS[1]) or ''
if now ~= ARGV[1] then return now end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return ARGV[2]`;

/**
 * Renews a node's placement, or puts it back where it was forgotten; removes it when the time to live is 0.
 * Reads and writes KEYS[1]. ARGV: the text, its time to live in ms, the node's id and start. Returns 0 when another
 * node's stands there.
 */
const renewScript = `
local now = redis.call('GET', KEYS[1])
if now then
  local read, placed = pcall(cjson.decode, now)
  if read and (placed.nodeId ~= ARGV[3] or tostring(placed.startedMs) ~= tostring(tonumber(ARGV[4]))) then return 0 end
end
if ARGV[2] == '0' then redis.call('DEL', KEYS[1])
else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1`;

export interface Room {
  readonly tenantId: string;
  readonly roomId: string;
}

export class Registry {
  readonly #redis: Redis;

  constructor(redisUrl: string) {
    this.#redis = new Redis(redisUrl, { ...failsAtOnce, commandTimeout: redisLimitMs });
    // Whoever asks is told by what the question throws.
    this.#redis.on('error', () => {});
  }

  /** Resolves once it can be asked, or after `limitMs`. */
  async ready(limitMs: number): Promise<void> {
    if (this.#redis.status === 'ready') return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
      this.#redis.once('ready', () => resolve());
    });
    clearTimeout(timer);
  }

  async tell(heartbeat: NodeHeartbeat): Promise<void> {
    const { nodeId } = heartbeat;
    await this.#redis
      .multi()
      .set(nodeKeys.heartbeat(nodeId), JSON.stringify(heartbeat), 'PX', nodeHeardForMs)
      .sadd(nodeKeys.ids, nodeId)
      .exec();
  }

  /** Whether it has told of itself and not signed off, alive or not. */
  async listed(nodeId: string): Promise<boolean> {
    return (await this.#redis.sismember(nodeKeys.ids, nodeId)) === 1;
  }

  async signOff(nodeId: string): Promise<void> {
    await this.#redis.multi().del(nodeKeys.heartbeat(nodeId)).srem(nodeKeys.ids, nodeId).exec();
  }

  /** Those that are heard of. */
  async nodes(): Promise<NodeHeartbeat[]> {
    const ids = (await this.#redis.smembers(nodeKeys.ids)).toSorted().slice(0, mostNodes);
    if (ids.length === 0) return [];
    const texts = await this.#redis.mget(ids.map(nodeKeys.heartbeat));
    return ids.flatMap((id, i) => {
      const heartbeat = parse(nodeHeartbeatSchema, texts[i] ?? '');
      return heartbeat?.nodeId === id ? [heartbeat] : [];
    });
  }

  async placement({ tenantId, roomId }: Room): Promise<Placement | null> {
    return parse(placementSchema, (await this.#redis.get(nodeKeys.placement(tenantId, roomId))) ?? '');
  }

  /**
   * @param before what is to be replaced; null for nothing
   * @returns what stands there now: the new one, or that of whoever was faster
   */
  async place({ tenantId, roomId }: Room, before: Placement | null, now: Placement): Promise<Placement> {
    const expected = before ? textOf(before) : '';
    const key = nodeKeys.placement(tenantId, roomId);
    const text = await this.#redis.eval(replaceScript, 1, key, expected, textOf(now), placementMs);
    return parse(placementSchema, String(text)) ?? now;
  }

  /** False when another node has the room. */
  async renew(room: Room, mine: Placement): Promise<boolean> {
    return this.#renew(room, mine, placementMs);
  }

  async release(room: Room, mine: Placement): Promise<void> {
    await this.#renew(room, mine, 0);
  }

  async #renew({ tenantId, roomId }: Room, mine: Placement, ttlMs: number): Promise<boolean> {
    const key = nodeKeys.placement(tenantId, roomId);
    const { nodeId, startedMs } = mine;
    return (await this.#redis.eval(renewScript, 1, key, textOf(mine), ttlMs, nodeId, startedMs)) === 1;
  }

  stop(): void {
    this.#redis.disconnect();
  }
}

/** Always the same text for the same placement: it is compared. */
const textOf = ({ callId, nodeId, startedMs }: Placement) => JSON.stringify({ callId, nodeId, startedMs });

function parse<T>(schema: { safeParse(value: unknown): { data?: T } }, text: string): T | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/**
 * This node among the others: it tells of itself, watches whether the others live, and says which node has the call of
 * a room. A node that is gone loses its rooms to whoever is asked for them next. With Redis away every node takes what it
 * is asked for itself.
 */
import {
  type NodeHeartbeat,
  nodeHeartbeatMs,
  type Placement,
  placementMs,
} from '../../telemetry/media-nodes.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import { newCallId, type Rooms } from '../Rooms.ts';
import { chooseNode } from './choose.ts';
import { type Health, probe } from './probe.ts';
import { Registry, type Room } from './Registry.ts';

export interface NodesOptions {
  readonly nodeId: string;
  readonly region: string;
  /** Where clients reach this node. */
  readonly origins: readonly string[];
  readonly redisUrl: string;
  readonly rooms: Rooms;
  /** What this node carries, as a share of what it may. */
  readonly load: () => number;
  /** Another node is gone. @param why as it was noticed */
  readonly onLost: (nodeId: string, why: Health | 'unheard') => void;
  readonly log: Logger;
}

export interface Place {
  readonly nodeId: string;
  readonly callId: string;
  readonly origins: readonly string[];
  /** Whether the call is this node's to keep. */
  readonly here: boolean;
}

/** How often somebody else may take the room between reading and writing before we give in. */
const placeAttempts = 5;
/** A start does not wait for a Redis that is away. */
const startLimitMs = 2_000;
const renewEveryMs = placementMs / 6;

export class Nodes {
  readonly #options: NodesOptions;
  readonly #registry: Registry;
  readonly #startedMs = Date.now();
  #timers: NodeJS.Timeout[] = [];
  /** As last heard, by id. */
  #known = new Map<string, NodeHeartbeat>();
  /** Processes that nothing answers for any more: `id startedMs`. */
  readonly #gone = new Set<string>();
  #draining = false;
  #away = false;

  constructor(options: NodesOptions) {
    this.#options = options;
    this.#registry = new Registry(options.redisUrl);
    options.rooms.onEnded((call) => void this.#release(call));
  }

  /**
   * From now on others know of it; not before it listens, because nothing listening is what they take for its end.
   * Resolves when they can know, or Redis is away.
   */
  async announce(): Promise<void> {
    this.#timers = [
      setInterval(() => void this.#beat(), nodeHeartbeatMs),
      setInterval(() => void this.#renew(), renewEveryMs),
    ];
    await this.#registry.ready(startLimitMs);
    await this.#beat();
  }

  /** Where the call of the room is, or is to be. */
  async place(room: Room): Promise<Place> {
    try {
      return await this.#place(room);
    } catch (error) {
      this.#noted(error);
      const callId = this.#options.rooms.callIn(room)?.callId ?? newCallId(room.roomId, Date.now());
      return this.#placeOf({ ...this.#self, callId });
    }
  }

  /** Whether a node lives, by a look of this moment. */
  async lives(nodeId: string): Promise<boolean> {
    if (nodeId === this.#options.nodeId) return true;
    const node = this.#known.get(nodeId);
    return node !== undefined && (await this.#look(node)) === 'alive';
  }

  /** Takes no new calls from now on. */
  get draining(): boolean {
    return this.#draining;
  }

  /**
   * From now on this node's calls are others'; what it still has of them is its own business.
   * @returns false when no other node could take them
   */
  async handOver(): Promise<boolean> {
    const { nodeId, region, rooms } = this.#options;
    this.#draining = true;
    await this.#beat();
    try {
      const others = (await this.#living()).filter((node) => node.nodeId !== nodeId);
      for (const call of rooms.calls) {
        const heir = chooseNode(others, { nodeId: '', region });
        if (!heir) return false;
        const { callId } = call;
        const mine = { callId, nodeId, startedMs: this.#startedMs };
        await this.#registry.place(call, mine, { callId, nodeId: heir.nodeId, startedMs: heir.startedMs });
      }
      return true;
    } catch (error) {
      this.#noted(error);
      return false;
    }
  }

  /** Signs off: whoever asks for this node's rooms is sent elsewhere. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#registry.signOff(this.#options.nodeId).catch(() => {});
    this.#registry.stop();
  }

  get #self(): NodeHeartbeat {
    const { nodeId, region, origins, load } = this.#options;
    return {
      nodeId,
      region,
      origins: [...origins],
      state: this.#draining ? 'draining' : 'serving',
      startedMs: this.#startedMs,
      load: load(),
    };
  }

  async #place(room: Room): Promise<Place> {
    for (let attempt = 0; ; attempt++) {
      const before = await this.#registry.placement(room);
      if (before && (await this.#has(before))) return this.#placeOf(before);
      const living = await this.#living();
      const { nodeId, startedMs } = chooseNode(living, this.#self) ?? this.#self;
      const callId = before?.callId ?? newCallId(room.roomId, Date.now());
      const now = await this.#registry.place(room, before, { callId, nodeId, startedMs });
      if (now.nodeId === nodeId && now.startedMs === startedMs) return this.#placeOf(now);
      if (attempt === placeAttempts) throw new Error('others keep taking the room');
    }
  }

  /** Whether the process that is to have the call lives. */
  async #has({ nodeId, startedMs }: Placement): Promise<boolean> {
    const { nodeId: own } = this.#options;
    if (nodeId === own) return startedMs === this.#startedMs;
    const node = this.#known.get(nodeId) ?? (await this.#heard()).get(nodeId);
    return node?.startedMs === startedMs && (await this.#look(node)) !== 'gone' && this.#isHeard(node);
  }

  #placeOf({ nodeId, callId }: Pick<Placement, 'nodeId' | 'callId'>): Place {
    const here = nodeId === this.#options.nodeId;
    const origins = here ? this.#options.origins : (this.#known.get(nodeId)?.origins ?? []);
    return { nodeId, callId, origins, here };
  }

  async #living(): Promise<NodeHeartbeat[]> {
    const others = [...(await this.#heard()).values()].filter(
      (node) => node.nodeId !== this.#options.nodeId && this.#isHeard(node),
    );
    return [this.#self, ...others];
  }

  #isHeard = (node: NodeHeartbeat) => this.#known.has(node.nodeId) && !this.#gone.has(processOf(node));

  async #beat(): Promise<void> {
    try {
      await this.#registry.tell(this.#self);
      const now = await this.#heard();
      await Promise.all([...now.values()].map((node) => this.#look(node)));
      if (this.#away) this.#options.log.info('the registry of media nodes is back');
      this.#away = false;
    } catch (error) {
      this.#noted(error);
    }
  }

  /** Also makes it what is known. */
  async #heard(): Promise<Map<string, NodeHeartbeat>> {
    const now = new Map((await this.#registry.nodes()).map((node) => [node.nodeId, node]));
    const before = this.#known;
    this.#known = now;
    for (const node of before.values()) if (!now.has(node.nodeId)) this.#lose(node, 'unheard');
    return now;
  }

  async #look(node: NodeHeartbeat): Promise<Health> {
    if (node.nodeId === this.#options.nodeId) return 'alive';
    if (this.#gone.has(processOf(node))) return 'gone';
    const health = await probe(node.origins[0]!);
    if (health === 'gone') this.#lose(node, health);
    return health;
  }

  #lose(node: NodeHeartbeat, why: Health | 'unheard'): void {
    if (this.#gone.has(processOf(node))) return;
    // One that signed off is not lost, and one that is merely unheard may be heard again.
    if (why === 'gone') this.#gone.add(processOf(node));
    if (node.state === 'draining') return;
    this.#options.log.warn({ lostNodeId: node.nodeId, why }, 'media node lost');
    this.#options.onLost(node.nodeId, why);
  }

  /** Another node has taken a call, because this one could not be reached: its clients are sent there. */
  async #renew(): Promise<void> {
    const { rooms, nodeId, log } = this.#options;
    if (this.#draining) return;
    try {
      for (const call of rooms.calls) {
        const mine = { callId: call.callId, nodeId, startedMs: this.#startedMs };
        if (await this.#registry.renew(call, mine)) continue;
        log.warn({ callId: call.callId }, 'another node has taken the call; its clients are sent there');
        rooms.end(call);
      }
    } catch (error) {
      this.#noted(error);
    }
  }

  async #release(call: Room & { readonly callId: string }): Promise<void> {
    const { nodeId } = this.#options;
    const mine = { callId: call.callId, nodeId, startedMs: this.#startedMs };
    await this.#registry.release(call, mine).catch((error: unknown) => this.#noted(error));
  }

  #noted(error: unknown): void {
    if (!this.#away) this.#options.log.warn({ err: error }, 'the registry of media nodes is away');
    this.#away = true;
  }
}

const processOf = ({ nodeId, startedMs }: NodeHeartbeat) => `${nodeId} ${startedMs}`;

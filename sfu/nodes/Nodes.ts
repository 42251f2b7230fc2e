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
import { type Call, newCallId, type Rooms } from '../Rooms.ts';
import { chooseNode } from './choose.ts';
import { type Loss, stillMissed } from './missed.ts';
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
  /** Another node, or the process before this one, has ended without having said so. */
  readonly onLost: (nodeId: string, why: LossSign) => void;
  /** The call of a lost node is placed anew. */
  readonly onTakenOver: (call: TakenOver) => void;
  readonly log: Logger;
}

/** How a loss was noticed; see events.nodeLost. */
export type LossSign = 'gone' | 'unheard' | 'restarted';

export interface TakenOver {
  readonly tenantId: string;
  readonly callId: string;
  readonly lostNodeId: string;
  readonly newNodeId: string;
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
  /** Whether each process that was not found any more is lost: one that signed off is not. By `id startedMs`. */
  readonly #lost = new Map<string, Promise<boolean>>();
  #missed: readonly Loss[] = [];
  /** Whether the process before this one, of the same id, is lost. */
  #predecessorLost = false;
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
    await this.#registry.ready(startLimitMs);
    await this.#lookBack();
    this.#timers = [
      setInterval(() => void this.#beat(), nodeHeartbeatMs),
      setInterval(() => void this.#renew(), renewEveryMs),
    ];
    await this.#beat();
  }

  /** Where the call of the room is, or is to be. */
  async place(room: Room): Promise<Place> {
    try {
      return await this.#place(room);
    } catch (error) {
      this.#noted(error);
      const { rooms, nodeId } = this.#options;
      const call = rooms.callIn(room);
      const callId = call?.callId ?? newCallId(room.roomId, Date.now());
      return this.placeOf({ nodeId: call?.homeNodeId ?? nodeId, callId });
    }
  }

  placeOf({ nodeId, callId }: Pick<Placement, 'nodeId' | 'callId'>): Place {
    const here = nodeId === this.#options.nodeId;
    const origins = here ? this.#options.origins : (this.#known.get(nodeId)?.origins ?? []);
    return { nodeId, callId, origins, here };
  }

  /** As last heard. */
  known(nodeId: string): NodeHeartbeat | undefined {
    return this.#known.get(nodeId);
  }

  /** Those that are heard and not known to be gone. @throws while the registry is away */
  async others(): Promise<NodeHeartbeat[]> {
    return [...(await this.#heard()).values()].filter(
      (node) => node.nodeId !== this.#options.nodeId && this.#isHeard(node),
    );
  }

  /** Whether a node lives, by a look of this moment. */
  async lives(nodeId: string): Promise<boolean> {
    if (nodeId === this.#options.nodeId) return true;
    const node = this.#known.get(nodeId);
    return node !== undefined && (await this.#look(node)) === 'alive';
  }

  /** Whether that process has ended, for certain: nothing listens there any more, or another one of its id does. */
  async isGone(node: NodeHeartbeat): Promise<boolean> {
    const now = this.#known.get(node.nodeId) ?? node;
    return now.startedMs !== node.startedMs || (await this.#look(node)) === 'gone';
  }

  /** How many others are lost, and neither back nor replaced nor given up. */
  get missed(): number {
    return this.#missed.length;
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
        if (call.homeNodeId !== null) continue;
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
      if (before && (await this.#has(before))) return this.placeOf(before);
      const living = await this.#living();
      const { nodeId, startedMs } = chooseNode(living, this.#self) ?? this.#self;
      const callId = before?.callId ?? newCallId(room.roomId, Date.now());
      const now = await this.#registry.place(room, before, { callId, nodeId, startedMs });
      if (now.nodeId === nodeId && now.startedMs === startedMs) {
        if (before && (await this.#wasLost(before))) {
          const { tenantId } = room;
          this.#options.onTakenOver({ tenantId, callId, lostNodeId: before.nodeId, newNodeId: nodeId });
        }
        return this.placeOf(now);
      }
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

  /** Whether the process that had the call, and does not live, ended without having said so; false: or nobody knows. */
  async #wasLost(before: Placement): Promise<boolean> {
    if (before.nodeId === this.#options.nodeId) return this.#predecessorLost;
    return (await this.#lost.get(processOf(before))) ?? false;
  }

  async #living(): Promise<NodeHeartbeat[]> {
    return [this.#self, ...(await this.others())];
  }

  #isHeard = (node: NodeHeartbeat) => this.#known.has(node.nodeId) && !this.#gone.has(processOf(node));

  /** Before this process tells of itself: an id that stands there was left behind by one that did not sign off. */
  async #lookBack(): Promise<void> {
    const { nodeId, onLost } = this.#options;
    try {
      this.#predecessorLost = await this.#registry.listed(nodeId);
    } catch (error) {
      this.#noted(error);
    }
    if (this.#predecessorLost) onLost(nodeId, 'restarted');
  }

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
    for (const node of before.values()) if (!now.has(node.nodeId)) void this.#lose(node, 'unheard');
    // One that was merely unheard is heard again.
    for (const node of now.values()) if (this.#isHeard(node)) this.#lost.delete(processOf(node));
    this.#miss();
    return now;
  }

  #miss(): void {
    const living = [...this.#known.values()].filter(this.#isHeard).map(({ nodeId }) => nodeId);
    const missed = stillMissed(this.#missed, living, Date.now());
    for (const { nodeId } of this.#missed) {
      if (living.includes(nodeId) || missed.some((loss) => loss.nodeId === nodeId)) continue;
      // It will not sign off any more.
      this.#registry.signOff(nodeId).catch((error: unknown) => this.#noted(error));
    }
    this.#missed = missed;
  }

  async #look(node: NodeHeartbeat): Promise<Health> {
    if (node.nodeId === this.#options.nodeId) return 'alive';
    if (this.#gone.has(processOf(node))) return 'gone';
    const health = await probe(node.origins[0]!);
    if (health === 'gone') void this.#lose(node, health);
    return health;
  }

  /** Told once of a process. @returns whether it is lost */
  #lose(node: NodeHeartbeat, why: LossSign): Promise<boolean> {
    const ended = processOf(node);
    // One that is merely unheard may be heard again.
    if (why === 'gone') this.#gone.add(ended);
    const lost = this.#lost.get(ended) ?? this.#tellOfLoss(node, why);
    this.#lost.set(ended, lost);
    return lost;
  }

  async #tellOfLoss({ nodeId, state }: NodeHeartbeat, why: LossSign): Promise<boolean> {
    const { nodeId: own, log, onLost } = this.#options;
    if (nodeId === own || state === 'draining') return false;
    // One that signed off is not lost. With Redis away nobody knows, and gone it is.
    if (!(await this.#registry.listed(nodeId).catch(() => true))) return false;
    const others = new Set([...this.#known.keys(), ...this.#missed.map((loss) => loss.nodeId)]);
    this.#missed = [...this.#missed, { nodeId, atMs: Date.now(), others }];
    log.warn({ lostNodeId: nodeId, why }, 'media node lost');
    onLost(nodeId, why);
    return true;
  }

  /** Another node has taken a call, because this one could not be reached: its clients are sent there. */
  async #renew(): Promise<void> {
    const { rooms, nodeId, log } = this.#options;
    if (this.#draining) return;
    try {
      for (const call of rooms.calls) {
        if (call.homeNodeId !== null) continue;
        const mine = { callId: call.callId, nodeId, startedMs: this.#startedMs };
        if (await this.#registry.renew(call, mine)) continue;
        log.warn({ callId: call.callId }, 'another node has taken the call; its clients are sent there');
        rooms.end(call);
      }
    } catch (error) {
      this.#noted(error);
    }
  }

  async #release(call: Call): Promise<void> {
    if (call.homeNodeId !== null) return;
    const { nodeId } = this.#options;
    const mine = { callId: call.callId, nodeId, startedMs: this.#startedMs };
    await this.#registry.release(call, mine).catch((error: unknown) => this.#noted(error));
  }

  #noted(error: unknown): void {
    if (!this.#away) this.#options.log.warn({ err: error }, 'the registry of media nodes is away');
    this.#away = true;
  }
}

const processOf = ({ nodeId, startedMs }: Pick<NodeHeartbeat, 'nodeId' | 'startedMs'>) =>
  `${nodeId} ${startedMs}`;

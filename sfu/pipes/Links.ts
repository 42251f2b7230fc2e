/**
 * The links of this node's calls and parts of calls. A part has one, to its home, which it makes before anybody is let in;
 * a home has one with each of its parts. A part whose link breaks tries for a few seconds to make another; then, or when
 * its home is gone, it ends, and its people join anew.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { types as mediasoup } from 'mediasoup';
import { WebSocket, WebSocketServer } from 'ws';
import { events } from '../../telemetry/events.ts';
import type { NodeHeartbeat } from '../../telemetry/media-nodes.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import { SfuError } from '../errors.ts';
import type { Nodes } from '../nodes/Nodes.ts';
import type { RemoteParticipant, Room } from '../Room.ts';
import type { Call, Rooms } from '../Rooms.ts';
import type { Telemetry } from '../telemetry/Telemetry.ts';
import { Link, type LinkOptions } from './Link.ts';
import { mostMessageBytes } from './messages.ts';
import type { Passes } from './Passes.ts';

export const linkPath = '/api/v1/parts';

const openLimitMs = 2_000;
/** A home that only lost its media worker, or the way to it, is back by then. */
const relinkLimitMs = 5_000;
const relinkEveryMs = 200;
/** Whether the other node is gone. */
const lookEveryMs = 500;
const mostLooks = 5;

export interface LinksOptions {
  readonly rooms: Rooms;
  readonly nodes: Nodes;
  readonly passes: Passes;
  /** Of the pipe transports; what goes over them is encrypted. */
  readonly listenInfo: mediasoup.TransportListenInfo;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Somebody came into a part of this node's call, which is to be recorded. */
  readonly onRecording: (call: Call, recording: 'recorded' | 'transcribed') => void;
}

export class Links {
  readonly #options: LinksOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: mostMessageBytes,
    perMessageDeflate: false,
  });
  /** Of each part to its home. */
  readonly #toHome = new WeakMap<Call, Link>();
  /** Of each call to its parts, by node. */
  readonly #toParts = new WeakMap<Call, Map<string, Link>>();
  readonly #recordings = new WeakMap<Call, 'recorded' | 'transcribed'>();

  constructor(options: LinksOptions) {
    this.#options = options;
    options.rooms.linkPartsBy((call, room) => this.#link(call, room));
  }

  /** Somebody comes into a part whose call is to be recorded: the home sees to that. */
  record(part: Call, recording: 'recorded' | 'transcribed'): void {
    if (this.#recordings.get(part) === 'transcribed') return;
    this.#recordings.set(part, recording);
    this.#toHome.get(part)?.send({ type: 'recording', recording });
  }

  /** A node asks for the link of its part to a call that is here. */
  async accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => {});
    try {
      const { passes, rooms } = this.#options;
      const claims = await passes.check(request.headers.authorization);
      const call = rooms.call(claims.callId);
      if (call?.tenantId !== claims.tenantId || call.homeNodeId !== null) {
        throw new SfuError('call_over', 'The call is not on this node.');
      }
      const room = await rooms.open(call);
      this.#server.handleUpgrade(request, socket, head, (webSocket) =>
        this.#linked(call, room, claims.nodeId, webSocket),
      );
    } catch (error) {
      const status = error instanceof SfuError ? error.status : 500;
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
  }

  #linked(call: Call, room: Room, nodeId: string, socket: WebSocket): void {
    const links = this.#toParts.get(call) ?? new Map<string, Link>();
    this.#toParts.set(call, links);
    // Made anew before it was noticed that the last one broke.
    links.get(nodeId)?.close();
    const node = this.#options.nodes.known(nodeId);
    const link = new Link({ ...this.#common(call, room), socket, nodeId, isHome: true });
    links.set(nodeId, link);
    void link.closed.then((lost) => {
      if (links.get(nodeId) === link) links.delete(nodeId);
      if (!this.#tellIfBroken(room, nodeId, lost)) return;
      // With nobody else in it, the call waits for the part to come back.
      call.expectedUntilMs = Math.max(call.expectedUntilMs, Date.now() + relinkLimitMs);
      if (node) void this.#speakForTheDead(room, node, lost);
    });
  }

  /** @throws SfuError call_over: there is no way to the home */
  async #link(call: Call, room: Room): Promise<void> {
    try {
      await this.#dial(call, room);
    } catch (error) {
      throw new SfuError('call_over', 'The node that has the call cannot be reached.', { cause: error });
    }
  }

  /** @throws SfuError call_over: the home is gone, or has the call no more; any other error: it may be there */
  async #dial(call: Call, room: Room): Promise<void> {
    const { nodes, passes, telemetry } = this.#options;
    const homeNodeId = call.homeNodeId!;
    const home = nodes.known(homeNodeId);
    if (!home) throw new SfuError('call_over', 'The node that has the call is not known.');
    const authorization = await passes.make(call, homeNodeId);
    const socket = new WebSocket(`${home.origins[0]!.replace(/^http/, 'ws')}${linkPath}`, {
      headers: { authorization },
      ca: passes.trusted,
      handshakeTimeout: openLimitMs,
      maxPayload: mostMessageBytes,
      perMessageDeflate: false,
    });
    const link = new Link({ ...this.#common(call, room), socket, nodeId: homeNodeId, isHome: false });
    socket.on('unexpected-response', (_request, response) =>
      link.close(
        (response.statusCode ?? 500) < 500
          ? new SfuError('call_over', 'The node does not have the call any more.')
          : new Error(`the home answered ${response.statusCode}`),
      ),
    );
    await link.ready.catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ECONNREFUSED' ? new SfuError('call_over', 'The node is gone.') : error;
    });
    this.#toHome.set(call, link);
    const recording = this.#recordings.get(call);
    if (recording) link.send({ type: 'recording', recording });
    telemetry.event(events.partLinked, room.identity, { home_node_id: homeNodeId });
    void link.closed.then((lost) => this.#lost(call, room, lost));
  }

  async #lost(call: Call, room: Room, lost: readonly RemoteParticipant[]): Promise<void> {
    this.#toHome.delete(call);
    this.#tellIfBroken(room, call.homeNodeId!, lost);
    const deadline = performance.now() + relinkLimitMs;
    while (!room.router.closed) {
      try {
        return await this.#dial(call, room);
      } catch (error) {
        if (error instanceof SfuError || performance.now() > deadline) break;
        await delay(relinkEveryMs);
      }
    }
    if (!room.router.closed) this.#options.rooms.end(call);
  }

  /** That of a room that ended is not broken, nor is one missed that had nobody at its other end. */
  #tellIfBroken(room: Room, otherNodeId: string, lost: readonly RemoteParticipant[]): boolean {
    if (room.router.closed || lost.length === 0) return false;
    const { telemetry, log } = this.#options;
    const participants = lost.length;
    log.warn({ callId: room.callId, otherNodeId, participants }, 'lost the link to another part of the call');
    telemetry.event(events.partLost, room.identity, { other_node_id: otherNodeId, participants });
    return true;
  }

  /** Those who sat on a node that is gone have left, and it cannot say so any more. */
  async #speakForTheDead(room: Room, node: NodeHeartbeat, lost: readonly RemoteParticipant[]): Promise<void> {
    const { nodes, telemetry } = this.#options;
    const { nodeId } = node;
    // The first look may only find that a connection of before has ended.
    for (let looks = 1; !(await nodes.isGone(node)); looks++) {
      if (looks === mostLooks) return;
      await delay(lookEveryMs);
    }
    for (const { participantId, displayName } of lost) {
      telemetry.event(
        events.participantLeft,
        { ...room.identity, participant_id: participantId, sfu_node_id: nodeId },
        { display_name: displayName, reason: 'node_lost', lost_node_id: nodeId },
      );
    }
  }

  #common(
    call: Call,
    room: Room,
  ): Pick<LinkOptions, 'room' | 'listenInfo' | 'log' | 'onLeaving' | 'onRecording'> {
    const { rooms, listenInfo, log, onRecording } = this.#options;
    return {
      room,
      listenInfo,
      log,
      onLeaving: () => rooms.replace(call),
      onRecording: (recording) => onRecording(call, recording),
    };
  }
}

/**
 * The calls of this node. A call is one occupancy of a room: it begins with the first admission, gets its
 * media room with the first participant in, and ends when the last one is out and nobody else is on the way.
 */
import { randomBytes } from 'node:crypto';
import { events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/service/service.ts';
import type { JoinClaims } from '../telemetry/tokens.ts';
import { SfuError } from './errors.ts';
import { type ClientLink, Participant } from './Participant.ts';
import { Room, type RoomOptions } from './Room.ts';
import type { RecentSamples } from './reflex/RecentSamples.ts';
import type { Telemetry } from './telemetry/Telemetry.ts';
import type { Workers } from './Workers.ts';

/** As many as one worker carries at all; the bound protects the node, not the quality. */
const mostParticipants = 200;
const mostCalls = 10_000;
/** How long a call waits for its clients to come back after its worker died, ms. */
const rejoinMs = 30_000;
/** How often empty calls are looked for, ms. */
const sweepMs = 5_000;

export interface Call {
  readonly tenantId: string;
  readonly roomId: string;
  readonly callId: string;
  /** Somebody may still be on the way until then, epoch ms. */
  expectedUntilMs: number;
  /** null until the first participant is in. */
  room: Room | null;
  opening: Promise<Room> | null;
}

export interface RoomsOptions {
  readonly nodeId: string;
  readonly workers: Workers;
  readonly telemetry: Telemetry;
  readonly log: Logger;
}

export class Rooms {
  readonly #options: RoomsOptions;
  readonly #byCallId = new Map<string, Call>();
  readonly #byRoom = new Map<string, Call>();
  readonly #leftListeners: ((participant: Participant) => void)[] = [];
  readonly #sampledListeners: ((room: Room, recent: RecentSamples) => void)[] = [];
  readonly #sweep: NodeJS.Timeout;
  #stopped = false;

  constructor(options: RoomsOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => this.#endEmptyCalls(), sweepMs).unref();
    options.workers.onDied((slot) => {
      options.telemetry.event(
        events.workerDied,
        { sfu_node_id: options.nodeId },
        { worker: slot.index, worker_pid: slot.worker.pid },
      );
      for (const call of this.#byCallId.values()) if (call.room?.slot === slot) this.#closeAfterDeath(call);
    });
  }

  call(callId: string): Call | undefined {
    return this.#byCallId.get(callId);
  }

  get calls(): Call[] {
    return [...this.#byCallId.values()];
  }

  onParticipantLeft(listener: (participant: Participant) => void): void {
    this.#leftListeners.push(listener);
  }

  onSampled(listener: (room: Room, recent: RecentSamples) => void): void {
    this.#sampledListeners.push(listener);
  }

  /**
   * The call going on in a room, or a new one; it is kept until `untilMs` for the one who was admitted.
   * @throws SfuError limit_reached, stopping
   */
  admit(tenantId: string, roomId: string, untilMs: number): Call {
    if (this.#stopped) throw new SfuError('stopping', 'The node is stopping.');
    const where = roomKey(tenantId, roomId);
    let call = this.#byRoom.get(where);
    if (!call) {
      if (this.#byCallId.size >= mostCalls) {
        throw new SfuError('limit_reached', `The node has ${mostCalls} calls.`);
      }
      const callId = newCallId(roomId, Date.now());
      call = { tenantId, roomId, callId, expectedUntilMs: 0, room: null, opening: null };
      this.#byRoom.set(where, call);
      this.#byCallId.set(callId, call);
    }
    call.expectedUntilMs = Math.max(call.expectedUntilMs, untilMs);
    return call;
  }

  /** @throws SfuError call_over, limit_reached, no_worker, stopping */
  async enter(claims: JoinClaims, client: ClientLink): Promise<{ participant: Participant; room: Room }> {
    if (this.#stopped) throw new SfuError('stopping', 'The node is stopping.');
    const call = this.#byCallId.get(claims.callId);
    if (call?.tenantId !== claims.tenantId || call.roomId !== claims.roomId) {
      throw new SfuError('call_over', 'The call of this token is not on this node.');
    }
    const room = await this.#open(call);
    const { participantId, displayName } = claims;
    const before = room.participants.get(participantId);
    if (before) {
      this.leave(before);
      before.client.close('replaced');
    }
    if (room.participants.size >= mostParticipants) {
      throw new SfuError('limit_reached', `A room takes ${mostParticipants} participants.`);
    }
    const { telemetry } = this.#options;
    const participant = new Participant({ participantId, displayName, room, client, telemetry });
    room.add(participant);
    return { participant, room };
  }

  leave(participant: Participant): void {
    const call = this.#byCallId.get(participant.callId);
    if (!call?.room?.remove(participant)) return;
    for (const listener of this.#leftListeners) listener(participant);
    this.#endEmptyCalls();
  }

  /** Everyone is told that the node goes away. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#sweep);
    for (const call of this.calls) this.#end(call);
  }

  async #open(call: Call): Promise<Room> {
    if (call.room) return call.room;
    const { nodeId, workers, telemetry } = this.#options;
    const { tenantId, callId, roomId } = call;
    const onSampled: RoomOptions['onSampled'] = (room, recent) => {
      for (const listener of this.#sampledListeners) listener(room, recent);
    };
    call.opening ??= Room.open({ tenantId, callId, roomId, nodeId, workers, telemetry, onSampled });
    try {
      const room = await call.opening;
      if (this.#byCallId.get(callId) !== call || room.router.closed) {
        room.close('going_away');
        throw new SfuError('call_over', 'The call ended while it was opened.');
      }
      call.room = room;
      return room;
    } finally {
      call.opening = null;
    }
  }

  #endEmptyCalls(): void {
    const now = Date.now();
    for (const call of this.calls) {
      const empty = !call.opening && (call.room?.participants.size ?? 0) === 0;
      if (empty && call.expectedUntilMs <= now) this.#end(call);
    }
  }

  #end(call: Call): void {
    this.#byCallId.delete(call.callId);
    this.#byRoom.delete(roomKey(call.tenantId, call.roomId));
    this.#closeRoom(call, 'going_away');
  }

  /** The call lives on: its clients are told why, and find it again when they come back. */
  #closeAfterDeath(call: Call): void {
    this.#options.log.warn({ callId: call.callId }, 'call lost its media worker');
    call.expectedUntilMs = Date.now() + rejoinMs;
    this.#closeRoom(call, 'worker_died');
  }

  #closeRoom(call: Call, reason: 'going_away' | 'worker_died'): void {
    const { room } = call;
    call.room = null;
    if (!room) return;
    const present = [...room.participants.values()];
    room.close(reason);
    for (const participant of present) for (const listener of this.#leftListeners) listener(participant);
  }
}

/** Room names are unique within their tenant only. */
const roomKey = (tenantId: string, roomId: string) => JSON.stringify([tenantId, roomId]);

/** `<room>-<base36 ms>-<random>`: readable in a URL, at most 80 characters, never the same twice. */
export function newCallId(roomId: string, nowMs: number): string {
  const name = roomId
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .slice(0, 48)
    .replace(/^-+|-+$/g, '');
  return `${name || 'room'}-${nowMs.toString(36)}-${randomBytes(6).toString('hex')}`;
}

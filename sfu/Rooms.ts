/**
 * The calls of this node. A call is one occupancy of a room: it begins with the first admission, gets its
 * media room with the first participant in, and ends when the last one is out and nobody else is on the way.
 * Of a call that has its home on another node, what is here is a part (pipes/).
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/service/service.ts';
import type { JoinClaims } from '../telemetry/tokens.ts';
import { SfuError } from './errors.ts';
import { type ClientLink, Participant, producerInfos } from './Participant.ts';
import { Room, type RoomOptions } from './Room.ts';
import type { RecentSamples } from './reflex/RecentSamples.ts';
import type { Telemetry } from './telemetry/Telemetry.ts';
import type { Workers } from './Workers.ts';

/** As many as one worker carries at all; the bound protects the node, not the quality. */
const mostParticipants = 200;
const mostCalls = 10_000;
/** How long a call that lost its worker waits for another one, ms; then its clients are shown out. */
const moveLimitMs = 30_000;
const moveAgainMs = 50;
/** How often empty calls are looked for, ms. */
const sweepMs = 5_000;

export interface Call {
  readonly tenantId: string;
  readonly roomId: string;
  readonly callId: string;
  /** The node that has the call, where this is a part of it only; null: this one. */
  readonly homeNodeId: string | null;
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
  /** With those that are replaced already, and go on until nobody is in them. */
  readonly #calls = new Set<Call>();
  readonly #byCallId = new Map<string, Call>();
  readonly #byRoom = new Map<string, Call>();
  readonly #leftListeners: ((participant: Participant) => void)[] = [];
  readonly #endedListeners: ((call: Call) => void)[] = [];
  readonly #enteredListeners: ((claims: JoinClaims, call: Call) => void)[] = [];
  readonly #sampledListeners: ((room: Room, recent: RecentSamples) => void)[] = [];
  readonly #sweep: NodeJS.Timeout;
  #linkHome: (call: Call, room: Room) => Promise<void> = () =>
    Promise.reject(new SfuError('call_over', 'This node takes no parts of calls.'));
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
      for (const call of this.#calls) if (call.room?.slot === slot) void this.#move(call, call.room);
    });
  }

  call(callId: string): Call | undefined {
    return this.#byCallId.get(callId);
  }

  /** The call going on in a room. */
  callIn({ tenantId, roomId }: Pick<Call, 'tenantId' | 'roomId'>): Call | undefined {
    return this.#byRoom.get(roomKey(tenantId, roomId));
  }

  get calls(): Call[] {
    return [...this.#calls];
  }

  /** @param link ties the room of a part to its home; resolves once everybody else of the call is in the room */
  linkPartsBy(link: (call: Call, room: Room) => Promise<void>): void {
    this.#linkHome = link;
  }

  onParticipantLeft(listener: (participant: Participant) => void): void {
    this.#leftListeners.push(listener);
  }

  onEnded(listener: (call: Call) => void): void {
    this.#endedListeners.push(listener);
  }

  /** Told before whoever enters is in. */
  onEntered(listener: (claims: JoinClaims, call: Call) => void): void {
    this.#enteredListeners.push(listener);
  }

  onSampled(listener: (room: Room, recent: RecentSamples) => void): void {
    this.#sampledListeners.push(listener);
  }

  /**
   * The call going on in a room, or a new one; it is kept until `untilMs` for the one who was admitted.
   * @param newId of a new one, where it is known to others by an id already
   * @param homeNodeId of a part of another node's call
   * @throws SfuError limit_reached, stopping
   */
  admit(
    tenantId: string,
    roomId: string,
    untilMs: number,
    newId?: string,
    homeNodeId: string | null = null,
  ): Call {
    if (this.#stopped) throw new SfuError('stopping', 'The node is stopping.');
    const where = roomKey(tenantId, roomId);
    let call = this.#byRoom.get(where);
    if (call && call.homeNodeId !== null && homeNodeId === null) {
      // Its home gave the call to this node, or is gone.
      this.replace(call);
      call = undefined;
    }
    if (!call) {
      if (this.#calls.size >= mostCalls) {
        throw new SfuError('limit_reached', `The node has ${mostCalls} calls.`);
      }
      const callId = newId ?? newCallId(roomId, Date.now());
      call = { tenantId, roomId, callId, homeNodeId, expectedUntilMs: 0, room: null, opening: null };
      this.#calls.add(call);
      this.#byRoom.set(where, call);
      this.#byCallId.set(callId, call);
    }
    call.expectedUntilMs = Math.max(call.expectedUntilMs, untilMs);
    return call;
  }

  /** @throws SfuError call_over, limit_reached, no_worker, stopping */
  async enter(claims: JoinClaims, client: ClientLink): Promise<{ participant: Participant; room: Room }> {
    if (this.#stopped) throw new SfuError('stopping', 'The node is stopping.');
    const call = this.#callOf(claims);
    if (call?.tenantId !== claims.tenantId || call.roomId !== claims.roomId) {
      throw new SfuError('call_over', 'The call of this token is not on this node.');
    }
    for (const listener of this.#enteredListeners) listener(claims, call);
    const room = await this.open(call);
    const { participantId } = claims;
    const before = room.participants.get(participantId);
    if (before) {
      this.leave(before);
      before.client.close('replaced');
    }
    if (room.participants.size >= mostParticipants) {
      throw new SfuError('limit_reached', `A room takes ${mostParticipants} participants.`);
    }
    return { participant: this.#add(claims, room, client), room };
  }

  /** @param reason where the client did not say goodbye itself */
  leave(participant: Participant, reason?: 'signaling_lost' | 'gone'): void {
    if (!participant.room.remove(participant, reason)) return;
    for (const listener of this.#leftListeners) listener(participant);
    this.#endEmptyCalls();
  }

  /** Everyone is told that the node goes away. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#sweep);
    for (const call of this.calls) this.end(call);
  }

  /** A part: whoever comes to the room from now on is in the call as it is elsewhere; who is in is told to go there. */
  replace(call: Call): void {
    if (this.#byCallId.get(call.callId) !== call) return;
    this.#byCallId.delete(call.callId);
    this.#byRoom.delete(roomKey(call.tenantId, call.roomId));
    call.room?.broadcast('nodeLeaving', {});
  }

  #callOf(claims: JoinClaims): Call | undefined {
    const { tenantId, roomId, callId, nodeId } = claims;
    const homeNodeId = claims.homeNodeId ?? null;
    const isHere = (call: Call) => call.callId === callId && call.homeNodeId === homeNodeId;
    const known = this.#byCallId.get(callId);
    if (nodeId === undefined) return known;
    if (nodeId !== this.#options.nodeId) return undefined;
    if (known && isHere(known)) return known;
    // Another node admitted to a call, or a part of one, that is to be here.
    const call = this.admit(tenantId, roomId, Date.now(), callId, homeNodeId);
    return isHere(call) ? call : undefined;
  }

  #add(
    { participantId, displayName }: Pick<Participant, 'participantId' | 'displayName'>,
    room: Room,
    client: ClientLink,
    estimateBps: number | null = null,
  ): Participant {
    const { telemetry } = this.#options;
    const options = { participantId, displayName, room, client, telemetry, estimateBps };
    const participant = new Participant(options);
    room.add(participant);
    return participant;
  }

  /** The room of a call, which is opened where it is not yet. @throws SfuError call_over, no_worker */
  async open(call: Call): Promise<Room> {
    if (call.room) return call.room;
    call.opening ??= this.#newRoom(call);
    try {
      const room = await call.opening;
      if (!this.#calls.has(call) || room.router.closed) {
        room.close('going_away');
        throw new SfuError('call_over', 'The call ended while it was opened.');
      }
      call.room = room;
      return room;
    } finally {
      call.opening = null;
    }
  }

  async #newRoom(call: Call): Promise<Room> {
    const { tenantId, callId, roomId, homeNodeId } = call;
    const { nodeId, workers, telemetry } = this.#options;
    const onSampled: RoomOptions['onSampled'] = (room, recent) => {
      for (const listener of this.#sampledListeners) listener(room, recent);
    };
    const isHome = homeNodeId === null;
    const room = await Room.open({
      tenantId,
      callId,
      roomId,
      nodeId,
      isHome,
      workers,
      telemetry,
      onSampled,
    });
    if (isHome) return room;
    try {
      await this.#linkHome(call, room);
      return room;
    } catch (error) {
      room.close('going_away');
      throw error;
    }
  }

  /**
   * The call's worker died: another one takes it over, and everybody is told so over the socket they have. Whoever joins
   * meanwhile waits for the same room.
   */
  async #move(call: Call, lost: Room): Promise<void> {
    const { log } = this.#options;
    const { callId } = call;
    const begun = performance.now();
    call.room = null;
    const elsewhere = [...lost.remotes.keys()];
    const present = lost.end('worker_died');
    for (const participant of present) for (const listener of this.#leftListeners) listener(participant);
    call.opening = this.#roomOnNextWorker(call);
    try {
      const room = await this.open(call);
      const staying = present.filter(
        ({ client, participantId }) => client.open && !room.participants.has(participantId),
      );
      const moved = staying.map((before) => this.#add(before, room, before.client, before.estimateBps));
      // All are in before the first is told: it may ask for the others at once.
      for (const participant of moved) {
        participant.client.follow(participant, room);
        tellOfRemotes(participant, room, elsewhere);
      }
      const tookMs = Math.round(performance.now() - begun);
      log.warn({ callId, participants: moved.length, tookMs }, 'call lost its media worker; another has it');
    } catch (error) {
      log.error({ callId, err: error }, 'call lost its media worker, and no other took it');
      for (const { client } of present) client.close('worker_died');
    }
  }

  /** @throws SfuError no_worker after the limit, call_over */
  async #roomOnNextWorker(call: Call): Promise<Room> {
    const deadline = performance.now() + moveLimitMs;
    for (;;) {
      await this.#options.workers.running(deadline - performance.now());
      try {
        return await this.#newRoom(call);
      } catch (error) {
        const over = error instanceof SfuError && error.code === 'call_over';
        if (over || this.#stopped || performance.now() >= deadline) throw error;
        await delay(moveAgainMs);
      }
    }
  }

  #endEmptyCalls(): void {
    const now = Date.now();
    for (const call of this.calls) {
      const empty = !call.opening && (call.room?.present ?? 0) === 0;
      if (empty && call.expectedUntilMs <= now) this.end(call);
    }
  }

  /** Its clients are shown out. */
  end(call: Call): void {
    if (!this.#calls.delete(call)) return;
    if (this.#byCallId.get(call.callId) === call) {
      this.#byCallId.delete(call.callId);
      this.#byRoom.delete(roomKey(call.tenantId, call.roomId));
    }
    for (const listener of this.#endedListeners) listener(call);
    const { room } = call;
    call.room = null;
    if (!room) return;
    const present = [...room.participants.values()];
    room.close('going_away');
    for (const participant of present) for (const listener of this.#leftListeners) listener(participant);
  }
}

/**
 * Who sits elsewhere goes on sending and says nothing anew when the room moves; and comes or goes with the link meanwhile.
 * @param before whom the client knows of
 */
function tellOfRemotes({ client }: Participant, { remotes }: Room, before: readonly string[]): void {
  for (const participantId of before) {
    if (!remotes.has(participantId)) client.notify('participantLeft', { participantId });
  }
  for (const remote of remotes.values()) {
    const { participantId, displayName } = remote;
    if (!before.includes(participantId)) client.notify('participantJoined', { participantId, displayName });
    for (const producer of producerInfos(remote)) client.notify('producerAdded', producer);
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

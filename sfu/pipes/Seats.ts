/**
 * Who of a call sits on which node. The home knows everybody and decides; other entrances ask it. One that does not
 * answer seats nobody elsewhere: then everybody sits at home, as without all this.
 */
import { request as plainRequest } from 'node:http';
import { request } from 'node:https';
import { z } from 'zod';
import { nodeIdSchema } from '../../telemetry/media-nodes.ts';
import { SfuError } from '../errors.ts';
import type { Nodes, Place } from '../nodes/Nodes.ts';
import type { Room } from '../Room.ts';
import type { Call, Rooms } from '../Rooms.ts';
import { told } from '../signaling/messages.ts';
import { chooseSeat } from './chooseSeat.ts';
import type { Passes } from './Passes.ts';

export const seatPath = '/api/v1/seats';

const askLimitMs = 1_000;
/** A node that somebody was sent to so long ago, and that has made no part of the call since, may not be able to, ms. */
const partLimitMs = 5_000;
const mostAnswerBytes = 1_024;

export interface SeatsOptions {
  readonly nodeId: string;
  readonly region: string;
  readonly participantsPerNode: number | null;
  readonly byRegion: boolean;
  readonly rooms: Rooms;
  readonly nodes: Nodes;
  readonly passes: Passes;
}

/** Somebody who was admitted and has not come yet. */
interface Expected {
  readonly nodeId: string;
  readonly sinceMs: number;
  readonly untilMs: number;
}

const seatRequestSchema = z.object({
  participantId: z.string().min(1).max(128),
  /** Of the node that was asked. */
  region: z.string().max(64),
  /** How long the participant is expected, ms. */
  forMs: z.number().int().positive().max(300_000),
});
type SeatRequest = z.output<typeof seatRequestSchema>;

const seatAnswerSchema = z.object({ nodeId: nodeIdSchema });

export class Seats {
  readonly #options: SeatsOptions;
  /** By call and participant. */
  readonly #expected = new Map<string, Map<string, Expected>>();

  constructor(options: SeatsOptions) {
    this.#options = options;
    const { rooms } = options;
    rooms.onSampled((room) => this.#forgetWhoCame(room));
    rooms.onEnded(({ callId, homeNodeId }) => {
      if (homeNodeId === null) this.#expected.delete(callId);
    });
  }

  /** @param place of the call @returns where the participant is to go */
  async seat(
    call: Pick<Call, 'tenantId' | 'roomId'>,
    place: Place,
    who: Pick<SeatRequest, 'participantId' | 'forMs'>,
  ): Promise<Place> {
    const { nodeId, region, participantsPerNode, byRegion, nodes } = this.#options;
    if (participantsPerNode === null && !byRegion) return place;
    const { callId } = place;
    const wish = { ...who, region };
    const seated = place.here
      ? await this.#choose(callId, nodeId, wish)
      : await this.#ask({ ...call, callId }, place, wish).catch(() => place.nodeId);
    const there = nodes.placeOf({ nodeId: seated, callId });
    return seated === place.nodeId || there.origins.length === 0 ? place : there;
  }

  /**
   * Another node was asked for a call that is here.
   * @throws SfuError node_unknown, malformed, call_over, limit_reached, stopping
   */
  async answer(authorization: string | undefined, body: unknown): Promise<{ nodeId: string }> {
    const { rooms, passes } = this.#options;
    const { tenantId, roomId, callId, nodeId } = await passes.check(authorization);
    const parsed = seatRequestSchema.safeParse(body);
    if (!parsed.success) throw new SfuError('malformed', `The request is not valid: ${told(parsed.error)}.`);
    const call = rooms.admit(tenantId, roomId, Date.now() + parsed.data.forMs, callId);
    if (call.callId !== callId) throw new SfuError('call_over', 'Another call is in this room.');
    return { nodeId: await this.#choose(callId, nodeId, parsed.data) };
  }

  async #choose(callId: string, askedNodeId: string, { participantId, region, forMs }: SeatRequest) {
    const { nodeId: own, region: ownRegion, nodes, participantsPerNode, byRegion } = this.#options;
    const nowMs = Date.now();
    let others = await nodes.others().catch(() => []);
    const expected = this.#expected.get(callId) ?? new Map<string, Expected>();
    this.#expected.set(callId, expected);
    const { taken, unable } = this.#lookAt(callId, expected, nowMs);
    others = others.filter(({ nodeId }) => !unable.has(nodeId));
    for (;;) {
      const seated = chooseSeat({
        home: { nodeId: own, region: ownRegion },
        asked: { nodeId: askedNodeId, region },
        others,
        taken,
        participantsPerNode,
        byRegion,
      });
      // Before anything is awaited: whoever is seated next counts with this one.
      expected.set(participantId, { nodeId: seated, sinceMs: nowMs, untilMs: nowMs + forMs });
      if (await nodes.lives(seated)) return seated;
      others = others.filter(({ nodeId }) => nodeId !== seated);
    }
  }

  /** How many are on a node or on their way there, and which nodes have been waited for in vain. */
  #lookAt(callId: string, expected: Map<string, Expected>, nowMs: number) {
    const { nodeId: own, rooms } = this.#options;
    const room = rooms.call(callId)?.room;
    if (room) this.#forgetWhoCame(room);
    const taken = new Map<string, number>();
    const unable = new Set<string>();
    const take = (nodeId: string) => taken.set(nodeId, (taken.get(nodeId) ?? 0) + 1);
    for (const _ of room?.participants.keys() ?? []) take(own);
    for (const { nodeId } of room?.remotes.values() ?? []) take(nodeId);
    const linked = new Set([own, ...taken.keys()]);
    for (const [participantId, { nodeId, sinceMs, untilMs }] of expected) {
      if (untilMs <= nowMs) expected.delete(participantId);
      else {
        take(nodeId);
        if (!linked.has(nodeId) && nowMs - sinceMs > partLimitMs) unable.add(nodeId);
      }
    }
    return { taken, unable };
  }

  #forgetWhoCame({ callId, participants, remotes }: Room): void {
    const expected = this.#expected.get(callId);
    for (const participantId of expected?.keys() ?? []) {
      if (participants.has(participantId) || remotes.has(participantId)) expected?.delete(participantId);
    }
  }

  /** @throws where the home gives no answer in time */
  async #ask(
    call: Pick<Call, 'tenantId' | 'roomId' | 'callId'>,
    home: Place,
    wish: SeatRequest,
  ): Promise<string> {
    const { passes } = this.#options;
    const url = new URL(seatPath, home.origins[0]);
    const options = {
      method: 'POST',
      headers: {
        authorization: await passes.make(call, home.nodeId),
        'content-type': 'application/json',
      },
      signal: AbortSignal.timeout(askLimitMs),
    };
    const asked =
      url.protocol === 'https:'
        ? request(url, { ...options, ca: passes.trusted })
        : plainRequest(url, options);
    const text = new Promise<string>((resolve, reject) => {
      asked.on('error', reject);
      asked.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('error', reject);
        response.on('data', (more: string) => {
          body += more;
          if (body.length > mostAnswerBytes) asked.destroy(new Error('the answer is too long'));
        });
        response.on('end', () =>
          response.statusCode === 200 ? resolve(body) : reject(new Error(`HTTP ${response.statusCode}`)),
        );
      });
    });
    asked.end(JSON.stringify(wish));
    return seatAnswerSchema.parse(JSON.parse(await text)).nodeId;
  }
}

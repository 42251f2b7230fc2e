/**
 * One participant's stay, which outlives its socket: while the client is away the participant and its media stay, and
 * whoever shows the session's token goes on with them. A stay ends when the client leaves, when it is away for too long,
 * or when its media falls silent as well: then nobody is there any more.
 */
import { randomBytes } from 'node:crypto';
import type { types as client } from 'mediasoup-client';
import type { Notifications } from '../../telemetry/signaling.ts';
import type { CloseReason } from '../errors.ts';
import type { ClientLink, Participant } from '../Participant.ts';
import type { Room } from '../Room.ts';

/** A client may be away for so long, ms. */
export const graceMs = 30_000;
/** A client that is away and sends no packet at all for so long is gone: browsers check their path every 2.5 s. */
const silentMs = 6_000;
const lookMs = 1_000;

/** The session's way over the socket of the moment. */
export interface SessionSocket {
  notify<M extends keyof Notifications>(method: M, data: Notifications[M]): void;
  close(reason: CloseReason): void;
}

type Held = { [M in keyof Notifications]: [M, Notifications[M]] }[keyof Notifications];

export class Session implements ClientLink {
  readonly token = randomBytes(24).toString('base64url');
  readonly #onOver: (why: 'closed' | 'away' | 'silent') => void;
  #participant: Participant | null = null;
  #socket: SessionSocket | null;
  /** What is told while the answer that brings the client up to date is on its way; null: nothing is held back. */
  #held: Held[] | null = null;
  #away: { sinceMs: number; bytes: number; movedMs: number; timer: NodeJS.Timeout } | null = null;
  #over = false;

  /** @param onOver once; `closed`: by the node or by order of the client */
  constructor(socket: SessionSocket, onOver: (why: 'closed' | 'away' | 'silent') => void) {
    this.#socket = socket;
    this.#onOver = onOver;
  }

  /** null until it has joined. */
  get participant(): Participant | null {
    return this.#participant;
  }

  begin(participant: Participant): void {
    this.#participant = participant;
  }

  get open(): boolean {
    return !this.#over;
  }

  /** How long the client has been away, ms; 0 while it is there. */
  get awayMs(): number {
    return this.#away ? performance.now() - this.#away.sinceMs : 0;
  }

  notify<M extends keyof Notifications>(method: M, data: Notifications[M]): void {
    if (this.#held) this.#held.push([method, data] as Held);
    else this.#socket?.notify(method, data);
  }

  follow(participant: Participant, room: Room): void {
    this.#participant = participant;
    const routerRtpCapabilities = room.rtpCapabilities as client.RtpCapabilities;
    this.notify('mediaRestarted', { routerRtpCapabilities });
  }

  close(reason: CloseReason): void {
    const socket = this.#socket;
    this.#end('closed');
    socket?.close(reason);
  }

  uses(socket: SessionSocket): boolean {
    return this.#socket === socket;
  }

  /** Another socket takes over; what is told meanwhile waits for `release`. */
  attach(socket: SessionSocket): void {
    const before = this.#socket;
    this.#socket = socket;
    this.#held = [];
    clearInterval(this.#away?.timer);
    this.#away = null;
    before?.close('replaced');
  }

  /** The client is up to date. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const [method, data] of held) this.#socket?.notify(method, data);
  }

  /** This socket is gone, without a farewell. False when another one has taken over. */
  detach(socket: SessionSocket): boolean {
    if (this.#socket !== socket || this.#over) return false;
    this.#socket = null;
    this.#held = null;
    const sinceMs = performance.now();
    const timer = setInterval(() => void this.#look(), lookMs).unref();
    this.#away = { sinceMs, bytes: -1, movedMs: sinceMs, timer };
    return true;
  }

  async #look(): Promise<void> {
    const away = this.#away;
    if (!away) return;
    const bytes = (await this.#participant?.bytesReceived()) ?? null;
    if (this.#away !== away) return;
    const nowMs = performance.now();
    // Without media there is nothing to fall silent.
    if (bytes === null || bytes !== away.bytes) away.movedMs = nowMs;
    away.bytes = bytes ?? -1;
    if (nowMs - away.sinceMs > graceMs) this.#end('away');
    else if (nowMs - away.movedMs > silentMs) this.#end('silent');
  }

  #end(why: 'closed' | 'away' | 'silent'): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#away?.timer);
    this.#away = null;
    this.#socket = null;
    this.#onOver(why);
  }
}

/**
 * One signaling socket. It must join, or resume a session, in time; then each request is checked, carried out and
 * answered. Whatever a client sends, it gets a coded answer at worst; the room does not notice.
 */
import { type Span, SpanStatusCode } from '@opentelemetry/api';
import type { types as client } from 'mediasoup-client';
import type { RawData, WebSocket } from 'ws';
import { events } from '../../telemetry/events.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import type { Notifications, ResponseData, ResponseMessage } from '../../telemetry/signaling.ts';
import { type CloseReason, closeCodes, SfuError } from '../errors.ts';
import { type Participant, producerInfos } from '../Participant.ts';
import { RateLimit } from '../RateLimit.ts';
import type { Room } from '../Room.ts';
import type { Rooms } from '../Rooms.ts';
import type { Relays } from '../relays/Relays.ts';
import { prefixed } from '../telemetry/SampleRecord.ts';
import type { Telemetry } from '../telemetry/Telemetry.ts';
import { handlers, type ParticipantMethod } from './handlers.ts';
import type { JoinTokens } from './JoinTokens.ts';
import { type Envelope, isMethod, parseData, parseEnvelope } from './messages.ts';
import { graceMs, type Session, type SessionSocket } from './Session.ts';
import type { Sessions } from './Sessions.ts';

/** Over a slow way the first request takes as long as the opening did. */
const joinWithinMs = 15_000;
/** How a socket ends that was lost rather than closed: without a farewell, or given up by the client itself. */
const lostCodes = new Set([1006, 4000]);
/** A join into a full room asks for some hundred consumers at once; after that little is asked. */
const requestRate = { burst: 600, perSecond: 30 };
/** Requests over the rate that are still answered before the connection is closed. */
const toleratedOverRate = 100;
/** A client that has left this much unread is gone or broken, bytes. */
const mostUnreadBytes = 4 * 1024 * 1024;

export interface ConnectionOptions {
  readonly socket: WebSocket;
  readonly nodeId: string;
  readonly rooms: Rooms;
  readonly sessions: Sessions;
  readonly tokens: JoinTokens;
  readonly relays: Relays;
  readonly telemetry: Telemetry;
  readonly log: Logger;
}

export class Connection implements SessionSocket {
  readonly #options: ConnectionOptions;
  readonly #socket: WebSocket;
  readonly #rate: RateLimit;
  readonly #joinTimer: NodeJS.Timeout;
  #overRate = 0;
  #state: 'new' | 'joining' | 'joined' | 'closed' = 'new';
  #session: Session | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#rate = new RateLimit({ ...requestRate, nowMs: Date.now() });
    this.#joinTimer = setTimeout(() => this.close('join_timeout'), joinWithinMs);
    // One text message, one request; they may run side by side, the answers carry the ids.
    this.#socket.on('message', (data, isBinary) => void this.#received(data, isBinary));
    this.#socket.on('close', (code) => this.#gone(code));
    this.#socket.on('error', (error) => options.log.debug({ err: error }, 'signaling socket failed'));
  }

  notify<M extends keyof Notifications>(method: M, data: Notifications[M]): void {
    this.#send({ method, data });
  }

  close(reason: CloseReason): void {
    clearTimeout(this.#joinTimer);
    this.#socket.close(closeCodes[reason], reason);
  }

  async #received(data: RawData, isBinary: boolean): Promise<void> {
    let request: Envelope | null = null;
    let span: Span | null = null;
    try {
      if (isBinary) throw new SfuError('malformed', 'Requests are text messages.');
      this.#boundRate();
      request = parseEnvelope(data.toString());
      span = this.#options.telemetry.requestSpan(request.method, request.traceparent);
      const answer = await this.#carryOut(request);
      this.#send({ id: request.id, ok: true, data: answer });
      if (request.method === 'leave') this.#session?.close('left');
      if (request.method === 'resume') this.#session?.release();
    } catch (error) {
      span?.setStatus({
        code: SpanStatusCode.ERROR,
        message: error instanceof SfuError ? error.code : 'internal',
      });
      this.#refused(request, error);
    } finally {
      span?.setAttributes(prefixed(this.#session?.participant?.identity ?? {}));
      span?.end();
    }
  }

  async #carryOut({ method, data }: Envelope): Promise<unknown> {
    if (!isMethod(method))
      throw new SfuError('unknown_method', `There is no method ${JSON.stringify(method)}.`);
    if (method === 'join') return this.#join(parseData('join', data).token);
    if (method === 'resume') return this.#resume(parseData('resume', data).token);
    const participant = this.#session?.participant;
    if (this.#state !== 'joined' || !participant) {
      throw new SfuError('not_joined', 'This connection has not joined.');
    }
    // Tells of the socket alone, which outlives the media.
    if (method === 'ping') return callHandler(method, participant, data);
    if (participant.closed && method !== 'leave') {
      const moving = this.#options.rooms.call(participant.callId)?.opening;
      throw moving
        ? new SfuError('no_worker', 'The room is moving to another media worker.')
        : new SfuError('not_joined', 'This connection has not joined.');
    }
    if (method === 'leave') {
      this.#options.rooms.leave(participant);
      return {};
    }
    if (method === 'restartIce') return this.#restartIce(participant, data);
    return callHandler(method, participant, data);
  }

  async #restartIce(participant: Participant, data: unknown): Promise<ResponseData['restartIce']> {
    const { transportId, lostRelayUrls } = parseData('restartIce', data);
    const { relays } = this.#options;
    const iceParameters = await participant.restartIce(transportId);
    const { participantId } = participant;
    if (lostRelayUrls.length > 0) relays.report(participantId, lostRelayUrls);
    return { iceParameters, iceServers: relays.iceServers(participantId, lostRelayUrls) };
  }

  async #join(token: string): Promise<ResponseData['join']> {
    const { rooms, sessions, tokens, nodeId } = this.#options;
    this.#begin();
    const claims = await tokens.redeem(token);
    const session = sessions.open(this);
    this.#session = session;
    const { participant, room } = await rooms.enter(claims, session);
    session.begin(participant);
    if (this.#socket.readyState !== this.#socket.OPEN) {
      sessions.leave(session);
      throw new SfuError('not_joined', 'The connection closed while joining.');
    }
    this.#joined();
    return {
      callId: participant.callId,
      participantId: participant.participantId,
      sfuNodeId: nodeId,
      routerRtpCapabilities: room.rtpCapabilities as client.RtpCapabilities,
      ...othersOf(participant, room),
      serverTimeMs: Date.now(),
      resumeToken: session.token,
      graceMs,
    };
  }

  #resume(token: string): ResponseData['resume'] {
    const { sessions } = this.#options;
    this.#begin();
    const { session, participant } = sessions.resume(token, this);
    this.#session = session;
    this.#joined();
    const { room } = participant;
    return {
      routerRtpCapabilities: room.rtpCapabilities as client.RtpCapabilities,
      ...othersOf(participant, room),
      own: {
        transportIds: [...participant.transports.keys()],
        producerIds: [...participant.producers.keys()],
      },
      held: [...participant.consumers].flatMap(([consumerId, { heldFor }]) =>
        heldFor === null ? [] : { consumerId, reason: heldFor },
      ),
      audioMaxBitrateBps: participant.audioBound,
      serverTimeMs: Date.now(),
    };
  }

  #begin(): void {
    if (this.#state !== 'new') throw new SfuError('already_joined', 'This connection has joined.');
    this.#state = 'joining';
  }

  #joined(): void {
    this.#state = 'joined';
    clearTimeout(this.#joinTimer);
  }

  #boundRate(): void {
    if (this.#rate.take(Date.now())) return;
    this.#overRate += 1;
    if (this.#overRate > toleratedOverRate) this.close('rate_limited');
    throw new SfuError('rate_limited', 'Too many requests on this connection.');
  }

  /** A refusal is answered where the request had an id, and always told to telemetry. */
  #refused(request: Envelope | null, error: unknown): void {
    const refusal =
      error instanceof SfuError ? error : new SfuError('internal', 'The request failed.', { cause: error });
    const { telemetry, log } = this.#options;
    if (refusal.code === 'internal') log.error({ err: error, method: request?.method }, 'request failed');
    telemetry.event(events.signalingRefused, this.#session?.participant?.identity ?? {}, {
      code: refusal.code,
      method: request?.method ?? '',
    });
    // A message without a readable id is answered with -1, which no client uses.
    this.#send({
      id: request?.id ?? -1,
      ok: false,
      error: { code: refusal.code, message: refusal.message },
    });
    if (this.#state === 'joining') this.close('join_refused');
  }

  #gone(code: number): void {
    clearTimeout(this.#joinTimer);
    const joined = this.#state === 'joined';
    this.#state = 'closed';
    const { sessions } = this.#options;
    if (!this.#session) return;
    if (joined && lostCodes.has(code)) sessions.lost(this.#session, this, code);
    else if (this.#session.uses(this)) sessions.leave(this.#session);
  }

  #send(message: ResponseMessage | { method: string; data: unknown }): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > mostUnreadBytes) {
      this.close('too_slow');
      return;
    }
    this.#socket.send(JSON.stringify(message));
  }
}

function othersOf(participant: Participant, room: Room) {
  const others = room.everybody().filter((other) => other !== participant);
  return {
    participants: others.map(({ participantId, displayName }) => ({ participantId, displayName })),
    producers: others.flatMap(producerInfos),
  };
}

function callHandler<M extends ParticipantMethod>(method: M, participant: Participant, data: unknown) {
  return handlers[method](participant, parseData(method, data));
}

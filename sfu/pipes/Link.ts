/**
 * One end of the link between two parts of a call: a socket over which they tell each other who is there, and a pipe
 * transport for what these send. Both ends do the same. What the room here is told of its people goes to the other end;
 * what comes from there is told to the room, and by it to the links that it has beside this one.
 */
import { lookup } from 'node:dns/promises';
import type { types as mediasoup } from 'mediasoup';
import type { RawData, WebSocket } from 'ws';
import type { Logger } from '../../telemetry/service/service.ts';
import { SfuError } from '../errors.ts';
import { mostProducers, producerInfos } from '../Participant.ts';
import type { RemoteParticipant, Room, RoomNews } from '../Room.ts';
import { type LinkMessage, parseLinkMessage } from './messages.ts';

/** From the first moment until both ends have told everything. */
const readyLimitMs = 5_000;
/** The other end is gone when so many pings in a row were not answered. */
const pingEveryMs = 2_000;
const mostUnanswered = 3;
/** An end that has left this much unread is broken, bytes. */
const mostUnreadBytes = 4 * 1024 * 1024;
/** More than any call has. */
const mostRemotes = 5_000;
/** RFC 6455, section 7.4.1: the part has ended; whoever was in it left, or is shown out. */
const ended = 1000;
const farewellLimitMs = 1_000;

export interface LinkOptions {
  /** Open, or about to. */
  readonly socket: WebSocket;
  readonly room: Room;
  /** The node at the other end. */
  readonly nodeId: string;
  /** Whether the home is this end. */
  readonly isHome: boolean;
  readonly listenInfo: mediasoup.TransportListenInfo;
  readonly log: Logger;
  /** The other end, the home, is about to stop. */
  readonly onLeaving: () => void;
  /** Somebody came in at the other end, and the call is to be recorded. */
  readonly onRecording: (recording: 'recorded' | 'transcribed') => void;
}

export class Link {
  /** Everybody at the other end is in the room. Rejects when the link ends before. */
  readonly ready: Promise<void>;
  /** Who of the other end was in the room when the link broke; nobody where it ended with that end's part. */
  readonly closed: Promise<readonly RemoteParticipant[]>;
  readonly #options: LinkOptions;
  readonly #remotes = new Map<string, RemoteParticipant>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<readonly RemoteParticipant[]>();
  readonly #limit: NodeJS.Timeout;
  readonly #ping: NodeJS.Timeout;
  #unanswered = 0;
  #transport: mediasoup.PipeTransport | null = null;
  #stopListening: () => void = () => {};
  #isConnected = false;
  #isClosed = false;
  /** Steps of one direction never overtake each other. */
  #sending: Promise<void> = Promise.resolve();
  #receiving: Promise<void>;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.ready = this.#ready.promise;
    this.closed = this.#closed.promise;
    // Whoever does not wait for it is told by `closed`.
    this.ready.catch(() => {});
    const { socket, room } = options;
    this.#receiving = this.#open();
    socket.on('message', (data, isBinary) => {
      this.#receiving = this.#receiving.then(() => this.#received(data, isBinary));
    });
    socket.on('pong', () => {
      this.#unanswered = 0;
    });
    socket.on('error', (error) => this.close(error));
    socket.on('close', (code) => {
      if (code === ended) this.#closed.resolve([]);
      this.close();
    });
    room.router.observer.once('close', this.#sayFarewell);
    this.#limit = setTimeout(() => this.close(), readyLimitMs);
    this.#ping = setInterval(() => this.#askWhetherItLives(), pingEveryMs);
  }

  send(message: LinkMessage): void {
    const { socket } = this.#options;
    if (this.#isClosed || socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > mostUnreadBytes) this.close();
    else socket.send(JSON.stringify(message));
  }

  /** Whoever sits at the other end is not in the room any more. */
  close(why?: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#limit);
    clearInterval(this.#ping);
    this.#stopListening();
    const { socket, room } = this.#options;
    room.router.observer.off('close', this.#sayFarewell);
    socket.terminate();
    this.#transport?.close();
    const remotes = [...this.#remotes.values()];
    this.#closed.resolve(remotes);
    for (const remote of remotes) this.#left(remote);
    this.#ready.reject(why ?? new Error('the link ended'));
  }

  #sayFarewell = (): void => {
    const { socket } = this.#options;
    if (socket.readyState === socket.OPEN) {
      socket.close(ended);
      setTimeout(() => this.close(), farewellLimitMs).unref();
    } else this.close();
  };

  /** Says hello. Never throws: what cannot be opened is closed. */
  async #open(): Promise<void> {
    const { room, socket, listenInfo } = this.#options;
    try {
      const [transport] = await Promise.all([
        room.router.createPipeTransport({ listenInfo, enableSrtp: true, enableRtx: true, enableSctp: false }),
        isOpen(socket),
      ]);
      this.#transport = transport;
      if (this.#isClosed) return transport.close();
      const { tuple, srtpParameters } = transport;
      this.send({
        type: 'hello',
        address: tuple.localAddress,
        port: tuple.localPort,
        srtpParameters: srtpParameters!,
      });
    } catch (error) {
      this.close(error);
    }
  }

  /** Never throws: whoever does not keep to the protocol is not listened to any longer. */
  async #received(data: RawData, isBinary: boolean): Promise<void> {
    if (this.#isClosed) return;
    const { log, nodeId, room } = this.#options;
    try {
      if (isBinary) throw new SfuError('malformed', 'Messages of a link are text.');
      await this.#take(parseLinkMessage(data.toString()));
    } catch (error) {
      if (this.#isClosed) return;
      log.warn({ callId: room.callId, otherNodeId: nodeId, err: error }, 'the link of two parts is given up');
      this.close(error);
    }
  }

  async #take(message: LinkMessage): Promise<void> {
    const { isHome, onLeaving, onRecording } = this.#options;
    if (message.type === 'hello') return this.#connect(message);
    if (!this.#isConnected) throw new SfuError('malformed', 'The first message of a link is hello.');
    switch (message.type) {
      case 'participantJoined':
        return this.#joined(message);
      case 'participantLeft': {
        const remote = this.#remotes.get(message.participantId);
        if (remote) this.#left(remote);
        return;
      }
      case 'audioAsked': {
        const remote = this.#remotes.get(message.participantId);
        if (!remote) return;
        remote.audioMaxBitrateBps = message.audioMaxBitrateBps;
        return this.#options.room.askForAudio(remote, this);
      }
      case 'producerAdded':
        return this.#added(message);
      case 'producerClosed':
      case 'producerPaused':
      case 'producerResumed':
        return this.#changed(message);
      case 'allTold':
        clearTimeout(this.#limit);
        return this.#ready.resolve();
      case 'recording':
        if (isHome) onRecording(message.recording);
        return;
      case 'nodeLeaving':
        if (!isHome) onLeaving();
        return;
    }
  }

  async #connect({ address, port, srtpParameters }: LinkMessage & { type: 'hello' }): Promise<void> {
    if (this.#isConnected) throw new SfuError('malformed', 'Hello is said once.');
    this.#isConnected = true;
    const { address: ip } = await lookup(address);
    await this.#transport?.connect({ ip, port, srtpParameters });
    if (this.#isClosed) return;
    const { room } = this.#options;
    this.#stopListening = room.listen((news, from) => {
      if (from !== this) this.#pass(news);
    });
    for (const member of room.everybody()) {
      if (this.#remotes.has(member.participantId)) continue;
      const { participantId, displayName, audioMaxBitrateBps } = member;
      this.#pass({ method: 'participantJoined', data: { participantId, displayName } });
      if (audioMaxBitrateBps > 0) {
        this.#pass({ method: 'audioAsked', data: { participantId, audioMaxBitrateBps } });
      }
      for (const data of producerInfos(member)) this.#pass({ method: 'producerAdded', data });
    }
    this.#inTurn(() => this.send({ type: 'allTold' }));
  }

  /** What the room is told of its people, to the other end. */
  #pass({ method, data }: RoomNews): void {
    switch (method) {
      case 'participantJoined':
      case 'participantLeft':
      case 'producerClosed':
      case 'producerPaused':
      case 'producerResumed':
      case 'audioAsked':
        this.#inTurn(() => this.send({ type: method, ...data } as LinkMessage));
        break;
      case 'producerAdded':
        this.#inTurn(async () => {
          const { producerPaused, rtpParameters } = await this.#transport!.consume(data);
          this.send({ type: method, ...data, paused: producerPaused, rtpParameters });
        });
        break;
      case 'nodeLeaving':
        if (this.#options.isHome) this.#inTurn(() => this.send({ type: method }));
        break;
    }
  }

  #inTurn(step: () => void | Promise<void>): void {
    // What was closed meanwhile cannot be sent, and that is told next.
    this.#sending = this.#sending.then(step).catch(() => {});
  }

  #joined({ participantId, displayName }: LinkMessage & { type: 'participantJoined' }): void {
    const { room, nodeId } = this.#options;
    if (room.participants.has(participantId) || room.remotes.has(participantId)) return;
    if (this.#remotes.size >= mostRemotes) {
      throw new SfuError('limit_reached', `A part takes ${mostRemotes} of another.`);
    }
    const remote = { participantId, displayName, nodeId, producers: new Map(), audioMaxBitrateBps: 0 };
    this.#remotes.set(participantId, remote);
    room.remotes.set(participantId, remote);
    room.broadcast('participantJoined', { participantId, displayName }, this);
  }

  #left({ participantId, producers }: RemoteParticipant): void {
    const { room } = this.#options;
    for (const { producer } of [...producers.values()]) this.#close(producer, producers);
    this.#remotes.delete(participantId);
    room.remotes.delete(participantId);
    room.broadcast('participantLeft', { participantId }, this);
    room.boundAudio();
  }

  async #added(told: LinkMessage & { type: 'producerAdded' }): Promise<void> {
    const { room, log } = this.#options;
    const { producerId, participantId, kind, source, paused, rtpParameters } = told;
    const remote = this.#remotes.get(participantId);
    if (!remote) return;
    if (remote.producers.size >= mostProducers) {
      throw new SfuError('limit_reached', `A participant may have ${mostProducers} producers.`);
    }
    const transport = this.#transport!;
    let producer: mediasoup.Producer;
    try {
      producer = await transport.produce({ id: producerId, kind, rtpParameters, paused });
    } catch (error) {
      if (!transport.closed)
        log.warn({ callId: room.callId, producerId, err: error }, 'not taken of the pipe');
      return;
    }
    if (this.#isClosed) return;
    remote.producers.set(producerId, { producer, source, transportId: transport.id });
    room.broadcast('producerAdded', { producerId, participantId, kind, source, paused }, this);
    await room.speakers.add(producer);
  }

  async #changed({
    type,
    producerId,
  }: LinkMessage & { type: 'producerClosed' | 'producerPaused' | 'producerResumed' }): Promise<void> {
    const remote = [...this.#remotes.values()].find(({ producers }) => producers.has(producerId));
    if (!remote) return;
    const { producer } = remote.producers.get(producerId)!;
    if (type === 'producerClosed') return this.#close(producer, remote.producers);
    await (type === 'producerPaused' ? producer.pause() : producer.resume());
    this.#options.room.broadcast(type, { producerId }, this);
  }

  #close(producer: mediasoup.Producer, producers: RemoteParticipant['producers']): void {
    producers.delete(producer.id);
    producer.close();
    this.#options.room.broadcast('producerClosed', { producerId: producer.id }, this);
  }

  /** By pings rather than by the clock: a node that stood still itself does not take the other for gone. */
  #askWhetherItLives(): void {
    const { socket } = this.#options;
    if (this.#unanswered >= mostUnanswered) this.close();
    else if (socket.readyState === socket.OPEN) {
      this.#unanswered += 1;
      socket.ping();
    }
  }
}

/** One that does not open is closed, which is listened to elsewhere. */
function isOpen(socket: WebSocket): Promise<void> {
  if (socket.readyState === socket.OPEN) return Promise.resolve();
  return new Promise((resolve) => socket.once('open', () => resolve()));
}

/**
 * One person in a room: their transports, what they send, what they receive. A participant reaches only what
 * is its own; any other id counts as not found.
 */
import type { types as mediasoup } from 'mediasoup';
import { events } from '../telemetry/events.ts';
import type { MediaKind, MediaSource } from '../telemetry/rows.ts';
import type { Notifications, ParticipantInfo, ProducerInfo } from '../telemetry/signaling.ts';
import { type CloseReason, SfuError } from './errors.ts';
import { keyFramesOf } from './KeyFrames.ts';
import { MediaLink } from './MediaLink.ts';
import { initialEstimateBps, producible, withoutWithheldExtensions } from './media/capabilities.ts';
import { type Layers, noLimit, type VideoLimit } from './media/layers.ts';
import { ReceivedStream } from './ReceivedStream.ts';
import type { Member, Room } from './Room.ts';
import type { Identity, Telemetry } from './telemetry/Telemetry.ts';

/** Microphone, camera and screen with sound, and as much again for switching devices. */
export const mostProducers = 8;
/** Two streams of each other participant of a full room. */
const mostConsumers = 500;

/** The participant's way to its client. */
export interface ClientLink {
  /** False once the client is gone for good; one that only lost its socket may come back. */
  readonly open: boolean;
  /** The room has moved to another worker, and this is who the client is there: it is told to make its media anew. */
  follow(participant: Participant, room: Room): void;
  notify<M extends keyof Notifications>(method: M, data: Notifications[M]): void;
  close(reason: CloseReason): void;
}

export interface ParticipantOptions {
  readonly participantId: string;
  readonly displayName: string;
  readonly room: Room;
  readonly client: ClientLink;
  readonly telemetry: Telemetry;
  /** What its downlink was last thought to hold, where it was in the room before, bit/s. */
  readonly estimateBps?: number | null;
}

/** What a participant sends. */
export interface SentStream {
  readonly producer: mediasoup.Producer;
  readonly source: MediaSource;
  readonly transportId: string;
}

export class Participant {
  readonly participantId: string;
  readonly displayName: string;
  readonly callId: string;
  readonly room: Room;
  readonly client: ClientLink;
  readonly identity: Identity;
  readonly transports = new Map<string, MediaLink>();
  readonly producers = new Map<string, SentStream>();
  readonly consumers = new Map<string, ReceivedStream>();
  readonly #telemetry: Telemetry;
  #estimateBps: number | null;
  #limit: VideoLimit = noLimit;
  #audioBound: number | null = null;
  #closed = false;

  constructor(options: ParticipantOptions) {
    const { participantId, displayName, room, client, telemetry, estimateBps = null } = options;
    this.participantId = participantId;
    this.displayName = displayName;
    this.callId = room.callId;
    this.client = client;
    this.identity = { ...room.identity, participant_id: participantId };
    this.room = room;
    this.#telemetry = telemetry;
    this.#estimateBps = estimateBps;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get info(): ParticipantInfo {
    return { participantId: this.participantId, displayName: this.displayName };
  }

  /** What its downlink is thought to hold, or was last, bit/s; null: nobody knows yet. */
  get estimateBps(): number | null {
    const links = [...this.transports.values()];
    return links.find(({ direction }) => direction === 'recv')?.estimateBps ?? this.#estimateBps;
  }

  /** Over all connected transports; null while there is none. */
  async bytesReceived(): Promise<number | null> {
    const connected = [...this.transports.values()].filter(
      ({ transport }) => transport.dtlsState === 'connected',
    );
    if (connected.length === 0) return null;
    const stats = await Promise.allSettled(connected.map(({ transport }) => transport.getStats()));
    return stats.reduce(
      (sum, result) => sum + (result.status === 'fulfilled' ? (result.value[0]?.bytesReceived ?? 0) : 0),
      0,
    );
  }

  /** A new transport of a direction takes the place of the one before, with all that ran over it. */
  async createTransport(direction: 'send' | 'recv'): Promise<mediasoup.WebRtcTransport> {
    const transport = await this.room.router.createWebRtcTransport({
      webRtcServer: this.room.server,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      initialAvailableOutgoingBitrate: initialEstimateBps(this.estimateBps),
    });
    if (this.#closed) {
      transport.close();
      throw new SfuError('not_joined', 'The participant left meanwhile.');
    }
    for (const link of this.transports.values()) if (link.direction === direction) link.transport.close();
    const { identity } = this;
    const link = new MediaLink({ transport, direction, identity, telemetry: this.#telemetry });
    this.transports.set(transport.id, link);
    transport.observer.once('close', () => {
      this.#estimateBps = link.estimateBps ?? this.#estimateBps;
      this.transports.delete(transport.id);
    });
    if (direction === 'recv') {
      await transport.enableTraceEvent(['bwe']);
      await this.#boundEstimate(transport);
    }
    return transport;
  }

  async connectTransport(transportId: string, dtlsParameters: mediasoup.DtlsParameters): Promise<void> {
    const link = own(this.transports, transportId, 'transport');
    await refusedByMedia(() => link.connect(dtlsParameters));
  }

  async restartIce(transportId: string): Promise<mediasoup.IceParameters> {
    return own(this.transports, transportId, 'transport').transport.restartIce();
  }

  tellPath(transportId: string, usesRelay: boolean): void {
    own(this.transports, transportId, 'transport').usesRelay = usesRelay;
  }

  async produce(options: {
    transportId: string;
    kind: MediaKind;
    source: MediaSource;
    paused: boolean;
    rtpParameters: mediasoup.RtpParameters;
  }): Promise<string> {
    const { transportId, kind, source, paused } = options;
    const { transport, direction } = own(this.transports, transportId, 'transport');
    if (direction !== 'send')
      throw new SfuError('media_refused', 'Producers need a transport of direction send.');
    if (this.producers.size >= mostProducers) {
      throw new SfuError('limit_reached', `A participant may have ${mostProducers} producers.`);
    }
    const rtpParameters = producible(options.rtpParameters);
    const producer = await refusedByMedia(() => transport.produce({ kind, rtpParameters, paused }));
    const sent: SentStream = { producer, source, transportId };
    this.producers.set(producer.id, sent);
    const identity = { ...this.identity, transport_id: transportId, producer_id: producer.id };
    this.#telemetry.event(events.producerOpened, identity, { kind, source, paused, type: producer.type });
    producer.on('score', (scores) => this.#producerScored(identity, scores));
    producer.observer.once('close', () => {
      this.producers.delete(producer.id);
      this.#telemetry.event(events.producerClosed, identity, { kind, source });
      // With the router everything goes at once, and the clients are told that.
      if (this.room.router.closed) return;
      this.room.broadcast('producerClosed', { producerId: producer.id }, this);
    });
    this.room.broadcast('producerAdded', producerInfo(this, sent), this);
    await this.room.speakers.add(producer);
    return producer.id;
  }

  closeProducer(producerId: string): void {
    own(this.producers, producerId, 'producer').producer.close();
  }

  async pauseProducer(producerId: string): Promise<void> {
    await own(this.producers, producerId, 'producer').producer.pause();
    this.room.broadcast('producerPaused', { producerId }, this);
  }

  async resumeProducer(producerId: string): Promise<void> {
    await own(this.producers, producerId, 'producer').producer.resume();
    this.room.broadcast('producerResumed', { producerId }, this);
  }

  /** The consumer starts paused, under whatever limit is in force. */
  async consume(producerId: string, capabilities: mediasoup.RtpCapabilities): Promise<mediasoup.Consumer> {
    const link = [...this.transports.values()].find(({ direction }) => direction === 'recv');
    if (!link) throw new SfuError('not_found', 'No transport of direction recv to consume over.');
    const from = this.room.findProducer(producerId);
    if (!from) throw new SfuError('not_found', 'No such producer in this room.');
    if (this.consumers.size >= mostConsumers) {
      throw new SfuError('limit_reached', `A participant may have ${mostConsumers} consumers.`);
    }
    const rtpCapabilities = withoutWithheldExtensions(capabilities);
    const consumer = await refusedByMedia(async () => {
      if (!this.room.router.canConsume({ producerId, rtpCapabilities })) {
        throw new SfuError('cannot_consume', 'The client does not support the codec of this producer.');
      }
      // Lost audio is sent again as well: mediasoup does that for video only, unless asked.
      return link.transport.consume({ producerId, rtpCapabilities, paused: true, enableRtx: true });
    });
    this.#follow(consumer, link, from.sent, from.participant);
    return consumer;
  }

  async resumeConsumer(consumerId: string): Promise<void> {
    await own(this.consumers, consumerId, 'consumer').resume();
  }

  async setPreferredLayers(consumerId: string, layers: Layers): Promise<void> {
    await own(this.consumers, consumerId, 'consumer').wish(layers);
  }

  /** Bounds everything this participant receives as video, now and later. */
  setVideoLimit(limit: VideoLimit): void {
    if (sameLimit(limit, this.#limit)) return;
    const bounded = limit.minOutgoingBitrateBps !== this.#limit.minOutgoingBitrateBps;
    const audioBounded = limit.audioMaxBitrateBps !== this.#limit.audioMaxBitrateBps;
    this.#limit = limit;
    for (const stream of this.consumers.values()) void stream.limit(limit).catch(() => {});
    if (audioBounded) this.room.askForAudio(this);
    if (!bounded) return;
    for (const { direction, transport } of this.transports.values()) {
      if (direction === 'recv') void this.#boundEstimate(transport).catch(() => {});
    }
  }

  #boundEstimate(transport: mediasoup.WebRtcTransport): Promise<void> {
    return transport.setMinOutgoingBitrate(this.#limit.minOutgoingBitrateBps);
  }

  /** What it asks those whom it hears to send audio at, at the most, bit/s; 0: nothing. */
  get audioMaxBitrateBps(): number {
    return this.#limit.audioMaxBitrateBps;
  }

  /** What its own client is told to send audio at, at the most, bit/s; null: no bound. */
  get audioBound(): number | null {
    return this.#audioBound;
  }

  boundAudio(maxBitrateBps: number | null): void {
    if (maxBitrateBps === this.#audioBound) return;
    this.#audioBound = maxBitrateBps;
    this.client.notify('audioBounded', { maxBitrateBps });
  }

  /** Lets go of all media. Room and socket are the callers' business. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { transport } of [...this.transports.values()]) transport.close();
  }

  #follow(consumer: mediasoup.Consumer, link: MediaLink, sent: SentStream, sender: Member): void {
    const consumerId = consumer.id;
    const transportId = link.transport.id;
    const { source } = sent;
    const identity: Identity = {
      ...this.identity,
      transport_id: transportId,
      producer_id: consumer.producerId,
      consumer_id: consumerId,
    };
    const sides = { kind: consumer.kind, source, producer_participant_id: sender.participantId };
    const stream = new ReceivedStream({
      consumer,
      source,
      transportId,
      limit: this.#limit,
      keyFrames: consumer.kind === 'video' ? keyFramesOf(sent.producer) : null,
      onHold: (held, reason) => {
        if (held) this.client.notify('consumerPaused', { consumerId, reason });
        else this.client.notify('consumerResumed', { consumerId });
      },
    });
    this.consumers.set(consumerId, stream);
    this.#telemetry.event(events.consumerOpened, identity, { ...sides, type: consumer.type });
    consumer.on('layerschange', (layers) => {
      const spatialLayer = layers?.spatialLayer ?? null;
      const temporalLayer = layers?.temporalLayer ?? null;
      this.client.notify('layersChanged', { consumerId, spatialLayer, temporalLayer });
      this.#telemetry.event(events.layersChanged, identity, {
        ...sides,
        spatial_layer: spatialLayer ?? -1,
        temporal_layer: temporalLayer ?? -1,
      });
    });
    consumer.on('score', ({ score, producerScore }) =>
      this.#telemetry.event(events.scoreChanged, identity, {
        ...sides,
        score,
        producer_score: producerScore,
      }),
    );
    consumer.once('producerclose', () => this.client.notify('consumerClosed', { consumerId }));
    consumer.observer.once('close', () => {
      this.consumers.delete(consumerId);
      this.#telemetry.event(events.consumerClosed, identity, sides);
    });
  }

  #producerScored(identity: Identity, scores: mediasoup.ProducerScore[]): void {
    this.#telemetry.event(events.scoreChanged, identity, {
      // The best stream that arrives says whether the sender is there at all; each stands beside it.
      score: Math.max(0, ...scores.map(({ score }) => score)),
      scores: scores.map(({ rid, encodingIdx, score }) => `${rid ?? encodingIdx}:${score}`).join(' '),
    });
  }
}

export const producerInfos = (member: Member): ProducerInfo[] =>
  [...member.producers.values()].map((sent) => producerInfo(member, sent));

const producerInfo = ({ participantId }: Member, { producer, source }: SentStream): ProducerInfo => ({
  producerId: producer.id,
  participantId,
  kind: producer.kind,
  source,
  paused: producer.paused,
});

function own<T>(mine: ReadonlyMap<string, T>, id: string, what: string): T {
  const found = mine.get(id);
  if (!found) throw new SfuError('not_found', `No such ${what} of this participant.`);
  return found;
}

/** mediasoup checks RTP and DTLS parameters itself; what it says about them is for the client to read. */
async function refusedByMedia<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof SfuError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw new SfuError('media_refused', `The media worker refused: ${said.slice(0, 200)}.`, { cause: error });
  }
}

const sameLimit = (a: VideoLimit, b: VideoLimit) =>
  a.paused === b.paused &&
  a.silent === b.silent &&
  a.reason === b.reason &&
  a.minOutgoingBitrateBps === b.minOutgoingBitrateBps &&
  a.audioMaxBitrateBps === b.audioMaxBitrateBps &&
  a.cap?.spatialLayer === b.cap?.spatialLayer &&
  a.cap?.temporalLayer === b.cap?.temporalLayer;

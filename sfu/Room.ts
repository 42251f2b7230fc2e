/** The media side of a call: one router, its participants, and who of them speaks. */
import type { types as mediasoup } from 'mediasoup';
import { events } from '../telemetry/events.ts';
import type { NotificationMessage, Notifications } from '../telemetry/signaling.ts';
import type { CloseReason } from './errors.ts';
import { withoutWithheldExtensions } from './media/capabilities.ts';
import type { Participant, SentStream } from './Participant.ts';
import type { RecentSamples } from './reflex/RecentSamples.ts';
import { Speakers } from './Speakers.ts';
import { RoomSampler } from './telemetry/RoomSampler.ts';
import type { Identity, Telemetry } from './telemetry/Telemetry.ts';
import type { WorkerSlot, Workers } from './Workers.ts';

export interface RoomOptions {
  readonly tenantId: string;
  readonly callId: string;
  readonly roomId: string;
  readonly nodeId: string;
  /** False where the call has its home on another node, and this is a part of it. */
  readonly isHome: boolean;
  readonly workers: Workers;
  readonly telemetry: Telemetry;
  /** Each second, with what was sampled of the room in the last ones. */
  readonly onSampled: (room: Room, recent: RecentSamples) => void;
}

/** Somebody of the call who sits on another node; what they send comes through a pipe (pipes/). */
export interface RemoteParticipant {
  readonly participantId: string;
  readonly displayName: string;
  /** The node at the other end of the pipe. */
  readonly nodeId: string;
  readonly producers: Map<string, SentStream>;
  /** What they ask those whom they hear to send audio at, at the most, bit/s; 0: nothing. */
  audioMaxBitrateBps: number;
}

/** Whoever of the call, wherever they sit. */
export type Member = Readonly<
  Pick<RemoteParticipant, 'participantId' | 'displayName' | 'producers' | 'audioMaxBitrateBps'>
>;

/** What clients are told, and what other parts of the call need to know beside that. */
export type RoomNews =
  | NotificationMessage
  | { method: 'audioAsked'; data: Pick<Member, 'participantId' | 'audioMaxBitrateBps'> };

/** @param from whoever the news came from and need not be told; undefined: nobody */
export type RoomListener = (news: RoomNews, from: unknown) => void;

export class Room {
  readonly callId: string;
  readonly identity: Identity;
  readonly router: mediasoup.Router;
  readonly slot: WorkerSlot;
  readonly participants = new Map<string, Participant>();
  readonly remotes = new Map<string, RemoteParticipant>();
  readonly #isHome: boolean;
  readonly #listeners = new Set<RoomListener>();
  readonly #telemetry: Telemetry;
  readonly #sampler: RoomSampler;
  #speakers: Speakers | null = null;

  /** @throws SfuError no_worker */
  static async open(options: RoomOptions): Promise<Room> {
    const { router, slot } = await options.workers.createRouter();
    const room = new Room(options, router, slot);
    try {
      room.#speakers = await Speakers.observe(router, (producerId) => room.#spoke(producerId));
    } catch (error) {
      room.close('worker_died');
      throw error;
    }
    return room;
  }

  private constructor(options: RoomOptions, router: mediasoup.Router, slot: WorkerSlot) {
    this.callId = options.callId;
    this.#isHome = options.isHome;
    this.identity = {
      tenant_id: options.tenantId,
      call_id: options.callId,
      room_id: options.roomId,
      sfu_node_id: options.nodeId,
    };
    this.router = router;
    this.slot = slot;
    this.#telemetry = options.telemetry;
    this.#sampler = new RoomSampler(this, options.telemetry, (recent) => options.onSampled(this, recent));
  }

  get server(): mediasoup.WebRtcServer {
    return this.slot.server;
  }

  get speakers(): Speakers {
    if (!this.#speakers) throw new Error('room used before it was open');
    return this.#speakers;
  }

  /** What clients may use; see media/capabilities.ts for what is left out. */
  get rtpCapabilities(): mediasoup.RtpCapabilities {
    return withoutWithheldExtensions(this.router.rtpCapabilities);
  }

  /** How many are here because of this room: at home, those who sit elsewhere too. */
  get present(): number {
    return this.participants.size + (this.#isHome ? this.remotes.size : 0);
  }

  everybody(): Member[] {
    return [...this.participants.values(), ...this.remotes.values()];
  }

  add(participant: Participant): void {
    this.participants.set(participant.participantId, participant);
    this.#telemetry.event(events.participantJoined, participant.identity, {
      display_name: participant.displayName,
    });
    this.broadcast('participantJoined', participant.info, participant);
    this.boundAudio();
  }

  /** False when the participant was not in (any more). */
  remove(participant: Participant, reason?: string): boolean {
    if (this.participants.get(participant.participantId) !== participant) return false;
    this.participants.delete(participant.participantId);
    participant.close();
    this.#telemetry.event(events.participantLeft, participant.identity, {
      display_name: participant.displayName,
      ...(reason && { reason }),
    });
    this.broadcast('participantLeft', { participantId: participant.participantId });
    this.boundAudio();
    return true;
  }

  /** Somebody asks for audio at another rate than before. @param from knows it already */
  askForAudio({ participantId, audioMaxBitrateBps }: Member, from?: unknown): void {
    this.boundAudio();
    const news: RoomNews = { method: 'audioAsked', data: { participantId, audioMaxBitrateBps } };
    for (const listener of this.#listeners) listener(news, from);
  }

  /** Everybody sends audio at the lowest rate that anybody who hears it asks for. */
  boundAudio(): void {
    const asking = this.everybody().filter(({ audioMaxBitrateBps }) => audioMaxBitrateBps > 0);
    for (const sender of this.participants.values()) {
      const bounds = asking
        .filter((one) => one !== sender)
        .map(({ audioMaxBitrateBps }) => audioMaxBitrateBps);
      sender.boundAudio(bounds.length > 0 ? Math.min(...bounds) : null);
    }
  }

  findProducer(producerId: string): { sent: SentStream; participant: Member } | null {
    for (const participant of this.everybody()) {
      const sent = participant.producers.get(producerId);
      if (sent) return { sent, participant };
    }
    return null;
  }

  /** To those who sit here, and to whoever listens. @param from need not be told */
  broadcast<M extends keyof Notifications>(method: M, data: Notifications[M], from?: unknown): void {
    for (const participant of this.participants.values()) {
      if (participant !== from) participant.client.notify(method, data);
    }
    for (const listener of this.#listeners) listener({ method, data } as NotificationMessage, from);
  }

  /** @returns ends it */
  listen(listener: RoomListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Clients are shown out. */
  close(reason: CloseReason): void {
    for (const { client } of this.end(reason)) client.close(reason);
  }

  /**
   * Media first, so that nobody is told of producers closing while the room goes down.
   * @returns who was in; their sockets are the caller's
   */
  end(reason: CloseReason): Participant[] {
    this.#sampler.stop();
    const present = [...this.participants.values()];
    this.participants.clear();
    for (const participant of present) {
      this.#telemetry.event(events.participantLeft, participant.identity, {
        display_name: participant.displayName,
        reason,
      });
      participant.close();
    }
    this.router.close();
    return present;
  }

  #spoke(producerId: string | null): void {
    const participantId = producerId && this.findProducer(producerId)?.participant.participantId;
    this.broadcast('dominantSpeaker', { participantId: participantId || null });
    // The home hears everybody, and tells it once.
    if (!this.#isHome) return;
    this.#telemetry.event(events.dominantSpeaker, {
      ...this.identity,
      ...(participantId && producerId && { participant_id: participantId, producer_id: producerId }),
    });
  }
}

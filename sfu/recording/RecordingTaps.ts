/**
 * The node's side of recordings: which calls are to be recorded, and the taps that recorders have on them. The node
 * only forwards: one plain transport with one consumer for each stream, as for any receiver; files are never its work.
 *
 * Levels, not edges: several times a second what is wanted is compared with what is. So a call without a recorder gets
 * one whatever became of the last, and a media worker that died is no case of its own.
 */
import { randomUUID } from 'node:crypto';
import type { types as mediasoup } from 'mediasoup';
import {
  aliveLimitMs,
  type RecordJob,
  type TakeAnswer,
  type TakeRequest,
  type TapEvent,
} from '../../telemetry/recording.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import { SfuError } from '../errors.ts';
import type { Call, Rooms } from '../Rooms.ts';

export interface RecordingTapsOptions {
  readonly rooms: Rooms;
  readonly nodeId: string;
  /** Where the node sends the RTP of recordings from. It is not encrypted: loopback or a private network. */
  readonly host: string;
  /** Where recorders reach this node. */
  readonly url: () => string;
  /** Hands the job to some recorder; rejects while it cannot. */
  readonly announce: (job: RecordJob) => Promise<void>;
  readonly log: Logger;
}

interface Wanted {
  readonly call: Pick<Call, 'tenantId' | 'roomId' | 'callId'>;
  readonly transcribe: boolean;
  tap: Tap | null;
  announcedAtMs: number;
}

interface Tap {
  readonly tapId: string;
  readonly send: (event: TapEvent) => void;
  readonly end: () => void;
  /** What the recorder was told of. */
  readonly told: Set<string>;
  readonly transports: Map<string, mediasoup.PlainTransport>;
  heardAtMs: number;
}

const compareEveryMs = 200;
/** A recorder that was asked has this long to come; then another is asked. */
const announceAgainMs = 3_000;
/** As many streams as a room of 200 can send. */
const mostStreams = 1_600;

export class RecordingTaps {
  readonly #options: RecordingTapsOptions;
  readonly #wanted = new Map<string, Wanted>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: RecordingTapsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#compare(Date.now()), compareEveryMs).unref();
  }

  /** Calls that are to be recorded, and whether a recorder has them. */
  get state(): { callId: string; tapped: boolean }[] {
    return [...this.#wanted].map(([callId, { tap }]) => ({ callId, tapped: tap !== null }));
  }

  /** From now on; asked again, it stays as it is, and speech is written down if anybody asked for that. */
  want(call: Pick<Call, 'tenantId' | 'roomId' | 'callId'>, transcribe: boolean): void {
    const before = this.#wanted.get(call.callId);
    if (before && (before.transcribe || !transcribe)) return;
    // The recording under way knows nothing of text: another one takes its place.
    if (before?.tap) this.#endTap(before, 'stopped');
    const { tenantId, roomId, callId } = call;
    this.#wanted.set(callId, { call: { tenantId, roomId, callId }, transcribe, tap: null, announcedAtMs: 0 });
  }

  /** False where it was not recorded. */
  drop(callId: string): boolean {
    const wanted = this.#wanted.get(callId);
    if (!wanted) return false;
    this.#endTap(wanted, 'stopped');
    return this.#wanted.delete(callId);
  }

  /**
   * One recorder at a time.
   * @param end closes the recorder's request
   * @throws SfuError call_over, recorder_taken
   */
  open(callId: string, send: Tap['send'], end: Tap['end']): string {
    const wanted = this.#find(callId);
    if (wanted.tap) throw new SfuError('recorder_taken', 'Another recorder has this call.');
    const tapId = randomUUID();
    wanted.tap = { tapId, send, end, told: new Set(), transports: new Map(), heardAtMs: Date.now() };
    send({ type: 'open', tapId });
    this.#compare(Date.now());
    return tapId;
  }

  /** The recorder's request ended. */
  lost(callId: string, tapId: string): void {
    const wanted = this.#wanted.get(callId);
    if (wanted?.tap?.tapId !== tapId) return;
    this.#options.log.warn({ callId }, 'recorder lost; another one is asked for');
    this.#closeTap(wanted);
  }

  /** @throws SfuError call_over, not_found */
  alive(callId: string, tapId: string): void {
    this.#tap(callId, tapId).heardAtMs = Date.now();
  }

  /** Forwards one stream to the recorder. @throws SfuError call_over, not_found, limit_reached, media_refused */
  async take(callId: string, request: TakeRequest): Promise<TakeAnswer> {
    const tap = this.#tap(callId, request.tapId);
    const { producerId, ip, port } = request;
    const room = this.#options.rooms.call(callId)?.room;
    if (!room?.findProducer(producerId)) throw new SfuError('not_found', 'No such producer in this call.');
    // Asked again: the answer did not arrive.
    tap.transports.get(producerId)?.close();
    if (tap.transports.size >= mostStreams) {
      throw new SfuError('limit_reached', `A recording takes ${mostStreams} streams.`);
    }
    const transport = await room.router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: this.#options.host },
      rtcpMux: true,
      comedia: false,
    });
    try {
      await transport.connect({ ip, port });
      // Recorders wait at their port before they ask, so nothing has to be resumed.
      const consumer = await transport.consume({
        producerId,
        rtpCapabilities: recordable(room.router.rtpCapabilities),
      });
      if (this.#wanted.get(callId)?.tap !== tap || transport.closed) {
        throw new SfuError('not_found', 'The recording ended meanwhile.');
      }
      tap.transports.set(producerId, transport);
      consumer.once('producerclose', () => {
        transport.close();
        tap.transports.delete(producerId);
      });
      return described(consumer, transport);
    } catch (error) {
      transport.close();
      if (error instanceof SfuError) throw error;
      throw new SfuError('media_refused', `The stream cannot be recorded: ${String(error).slice(0, 200)}.`, {
        cause: error,
      });
    }
  }

  /** The recorders keep what they have. */
  stop(): void {
    clearInterval(this.#timer);
    for (const wanted of this.#wanted.values()) this.#endTap(wanted, 'node_stopping');
    this.#wanted.clear();
  }

  #compare(nowMs: number): void {
    for (const [callId, wanted] of this.#wanted) {
      const call = this.#options.rooms.call(callId);
      if (!call) {
        this.#endTap(wanted, 'call_over');
        this.#wanted.delete(callId);
      } else if (!wanted.tap) {
        if (nowMs - wanted.announcedAtMs >= announceAgainMs) this.#announce(wanted, nowMs);
      } else if (nowMs - wanted.tap.heardAtMs > aliveLimitMs) {
        this.#options.log.warn({ callId }, 'recorder is silent; another one is asked for');
        const { tap } = wanted;
        this.#closeTap(wanted);
        tap.end();
      } else {
        tell(wanted.tap, call);
      }
    }
  }

  #announce(wanted: Wanted, nowMs: number): void {
    const { nodeId, url, announce, log } = this.#options;
    wanted.announcedAtMs = nowMs;
    const { call, transcribe } = wanted;
    announce({ ...call, transcribe, sfuNodeId: nodeId, sfuUrl: url() }).catch((error: unknown) =>
      log.warn({ callId: call.callId, err: error }, 'no recorder can be asked for; tried again'),
    );
  }

  #endTap(wanted: Wanted, reason: Extract<TapEvent, { type: 'ended' }>['reason']): void {
    const { tap } = wanted;
    if (!tap) return;
    tap.send({ type: 'ended', reason });
    this.#closeTap(wanted);
    tap.end();
  }

  #closeTap(wanted: Wanted): void {
    for (const transport of wanted.tap?.transports.values() ?? []) transport.close();
    wanted.tap = null;
    wanted.announcedAtMs = 0;
  }

  #find(callId: string): Wanted {
    const wanted = this.#wanted.get(callId);
    if (!wanted) throw new SfuError('call_over', 'The call of this recording is not on this node.');
    return wanted;
  }

  #tap(callId: string, tapId: string): Tap {
    const { tap } = this.#find(callId);
    if (tap?.tapId !== tapId) throw new SfuError('not_found', 'No such tap on this call.');
    return tap;
  }
}

/** Tells of streams that came and went since the last look. */
function tell(tap: Tap, call: Call): void {
  const present = new Set<string>();
  for (const { participantId, displayName, producers } of call.room?.everybody() ?? []) {
    for (const [producerId, { producer, source }] of producers) {
      present.add(producerId);
      if (tap.told.has(producerId)) continue;
      tap.told.add(producerId);
      tap.send({ type: 'stream', producerId, participantId, displayName, kind: producer.kind, source });
    }
  }
  for (const producerId of tap.told) {
    if (present.has(producerId)) continue;
    tap.told.delete(producerId);
    tap.send({ type: 'gone', producerId });
  }
}

/** A receiver of all that the router speaks, without what would make the node adapt to it or send padding. */
export function recordable({
  codecs = [],
  headerExtensions = [],
}: mediasoup.RtpCapabilities): mediasoup.RtpCapabilities {
  return {
    codecs: codecs
      .filter(({ mimeType }) => !/\/rtx$/i.test(mimeType))
      .map((codec) => ({
        ...codec,
        rtcpFeedback: (codec.rtcpFeedback ?? []).filter(({ type }) => type === 'nack' || type === 'ccm'),
      })),
    headerExtensions: headerExtensions.filter(({ uri }) => uri === audioLevelUri),
  };
}

const audioLevelUri = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';

function described({ rtpParameters }: mediasoup.Consumer, { tuple }: mediasoup.PlainTransport): TakeAnswer {
  const { mimeType, payloadType, clockRate, channels = 1 } = rtpParameters.codecs[0]!;
  const level = rtpParameters.headerExtensions?.find(({ uri }) => uri === audioLevelUri);
  return {
    from: { ip: tuple.localAddress, port: tuple.localPort },
    ssrc: rtpParameters.encodings![0]!.ssrc!,
    mimeType,
    payloadType,
    clockRate,
    channels,
    audioLevelId: level?.id ?? null,
  };
}

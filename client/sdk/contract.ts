/**
 * What the page and the SDK say to each other. Types only: nothing here is in the bundle.
 *
 * Every method is safe to call at any time, also after `close()`: telemetry never throws into the page.
 */
import type { spans } from '../../telemetry/events.ts';
import type { MediaSource } from '../../telemetry/rows.ts';

export type AttributeValue = string | number | boolean;
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface TelemetryOptions {
  /** OTLP/HTTP base URL; `/v1/logs` and `/v1/traces` are appended. */
  readonly url: string;
  /** Telemetry token (purpose `telemetry`), sent as `Authorization: Bearer`. */
  readonly token: string;
  /** One life of this page's telemetry. @default a random UUID */
  readonly sessionId?: string;
  /** Calm samples of the same call leave together, those of different calls a little apart. @default each page alone */
  readonly callId?: string;
  /**
   * More resource attributes, sent with every batch, under their full OTLP names, e.g.
   * `{ 'rtc.room_id': …, 'rtc.participant_id': …, 'rtc.sfu_node_id': … }`.
   */
  readonly resource?: Readonly<Record<string, string>>;
}

/** What the SDK reads of a mediasoup-client Producer or Consumer, or of anything shaped like one. */
export interface BoundMedia {
  readonly id: string;
  readonly kind?: string;
  readonly rtpParameters: {
    readonly mid?: string;
    readonly encodings?: readonly { readonly ssrc?: number; readonly rid?: string }[];
  };
  readonly track?: MediaStreamTrack | null;
  readonly closed?: boolean;
}

/** A mediasoup-client Consumer also names the producer it consumes: inbound-rtp then carries both ids. */
export interface BoundConsumer extends BoundMedia {
  readonly producerId?: string;
}

/** What the SDK reads of a mediasoup-client Transport. */
export interface BoundTransport {
  readonly id: string;
  readonly direction?: 'send' | 'recv';
  readonly closed?: boolean;
}

export interface ConnectionIds {
  /** The SFU transport's id, which the SFU's own statistics carry too. */
  readonly transportId: string;
  readonly direction?: 'send' | 'recv';
}

/** Undoes a binding. Safe to call twice, or never: closed connections, producers and consumers let go by themselves. */
export type Unbind = () => void;

/** Span names of the join trace: `spans` of telemetry/events.ts. */
export type SpanName = (typeof spans)[keyof typeof spans];

export interface JoinSpan {
  /** W3C Trace Context of this span: put it into the signaling request, so that the SFU's span is its child. */
  readonly traceparent: string;
  end(attributes?: Attributes): void;
  fail(error: unknown): void;
}

/**
 * The trace from click to first remote frame. The SDK itself adds `rtc.join.ice`, `rtc.join.dtls`,
 * `rtc.join.first_packet` and `rtc.join.first_frame` for bound connections while the trace is open, and ends
 * the trace at the first remote frame. The page adds the rest, and ends the trace where no frame will come
 * (alone in the room, or nobody sends video).
 */
export interface JoinTrace {
  readonly traceId: string;
  /** Context of the parent span `rtc.join`. */
  readonly traceparent: string;
  readonly ended: boolean;
  span(name: SpanName): JoinSpan;
  /** Later calls do nothing. Spans still open are ended with it. */
  end(attributes?: Attributes): void;
  fail(reason: unknown): void;
}

/** What telemetry itself costs, since `createTelemetry`. */
export interface TelemetryCost {
  /** Body bytes as sent (compressed), without HTTP headers; retries counted again. */
  readonly sentBytes: number;
  readonly sentRequests: number;
  /** Log records and spans acknowledged by the collector. */
  readonly sentRecords: number;
  readonly droppedRecords: number;
  readonly queuedBytes: number;
  /** `getStats` calls made. */
  readonly collections: number;
  /** Time the SDK's own code held the main thread, ms. */
  readonly mainThreadMs: number;
}

export interface Telemetry {
  readonly sessionId: string;

  bindPeerConnection(pc: RTCPeerConnection, ids: ConnectionIds): Unbind;
  /** Finds the RTCPeerConnection inside a mediasoup-client Transport. Call it right after creating the transport. */
  bindTransport(transport: BoundTransport): Unbind;
  /** outbound-rtp, its media source and remote reports then carry `producer_id`; track mute and end become events. */
  bindProducer(producer: BoundMedia, source: MediaSource): Unbind;
  /** inbound-rtp and its remote reports then carry `consumer_id` and, if known, `producer_id`. */
  bindConsumer(consumer: BoundConsumer, source?: MediaSource): Unbind;
  /**
   * Reports the first decoded frame of a remote video to the join trace (requestVideoFrameCallback, else
   * `loadeddata`). Call it for each remote video element when its stream is attached.
   */
  watchFirstFrame(video: HTMLVideoElement): void;

  /** An event of telemetry/events.ts or one of the page's own. Attribute keys without the `rtc.` prefix. */
  event(name: string, attributes?: Attributes): void;
  /** getUserMedia or getDisplayMedia failed: DOMException name, and the constraint it was about. */
  mediaError(error: unknown, constraint?: string): void;
  rate(rating: 1 | 2 | 3 | 4 | 5, comment?: string): void;

  /** Server clock minus client clock, ms, as measured over the signaling socket. */
  setClockOffset(offsetMs: number): void;
  setToken(token: string): void;

  /** Same as `startJoinTrace()` followed by `adopt()`. */
  startJoin(): JoinTrace;
  /** Takes over a trace begun with `startJoinTrace()` before there was a token. */
  adopt(trace: JoinTrace): void;

  /** Samples are not taken; what is queued is sent. Resolves when the attempt is over, sent or not. */
  flush(): Promise<void>;
  /** Takes a last sample, flushes, lets go of everything. */
  close(): Promise<void>;
  stats(): TelemetryCost;
}

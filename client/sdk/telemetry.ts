/**
 * Callscope's browser telemetry: statistics, state changes and the join trace of a page's peer connections,
 * as OTLP. Framework-free; see contract.ts for what the page may call and must provide.
 */
import { events, spans } from '../../telemetry/events.ts';
import { attributeName, resourceAttributes } from '../../telemetry/identity.ts';
import type { MediaSource } from '../../telemetry/rows.ts';
import { Connection, type ConnectionHost, type Sample } from './connection.ts';
import type {
  Attributes,
  AttributeValue,
  BoundConsumer,
  BoundMedia,
  BoundTransport,
  ConnectionIds,
  JoinTrace,
  Telemetry,
  TelemetryCost,
  TelemetryOptions,
  Unbind,
} from './contract.ts';
import { Exporter, type ExporterOptions } from './exporter.ts';
import { RecordedTrace, startJoinTrace } from './join.ts';
import { Lateness } from './lateness.ts';
import type { Binding } from './media.ts';
import { type AttributeList, encodeLogRecords, encodeSpans, type Span } from './otlp.ts';
import { pageResource, watchPage } from './page.ts';
import { peerConnectionOf } from './peer-connection.ts';
import { MIN_INTERVAL_MS, phaseOf, Sampler, type SamplingState } from './sampler.ts';
import { watchTrack } from './tracks.ts';

export type * from './contract.ts';
export { startJoinTrace } from './join.ts';

export function createTelemetry(options: TelemetryOptions): Telemetry {
  return new PageTelemetry(options);
}

/** A sample waits this long for an idle moment of the page. */
const IDLE_TIMEOUT_MS = 200;
/** The join trace stops being sampled fast after this, whether it ended or not. */
const JOIN_LIMIT_MS = 15_000;

class PageTelemetry implements Telemetry, ConnectionHost {
  readonly sessionId: string;
  private readonly exporter: Exporter;
  /** Spans go beside the records: their acknowledgement may take seconds, and a fault must not wait for it. */
  private readonly spanExporter: Exporter;
  private readonly sampler = new Sampler();
  private readonly connections = new Set<Connection>();
  private readonly media = new Map<Binding, () => void>();
  private mediaList: readonly Binding[] | undefined;
  private readonly unwatchPage: () => void;
  private joinTrace: RecordedTrace | undefined;
  private joinStartedMs = 0;
  private readonly phaseMs: number;
  private clockOffsetMs: number | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sampledMs = 0;
  private collections = 0;
  private mainThreadMs = 0;
  private tracking = false;
  private dropped = 0;
  private readonly lateness = new Lateness();
  private closed = false;

  constructor(options: TelemetryOptions) {
    this.sessionId = options.sessionId ?? crypto.randomUUID();
    this.phaseMs = phaseOf(options.callId ?? this.sessionId);
    const fixed: AttributeList = [
      ...pageResource(),
      [resourceAttributes.source, 'client'],
      [attributeName('session_id'), this.sessionId],
      ...Object.entries(options.resource ?? {}),
    ];
    const exporterOptions: ExporterOptions = {
      url: options.url,
      resource: () => [
        ...fixed,
        [resourceAttributes.sentAtMs, Date.now()],
        ...(this.clockOffsetMs === undefined
          ? []
          : [[resourceAttributes.clockOffsetMs, this.clockOffsetMs] as const]),
      ],
      onDropped: (records, reason) => this.onDropped(records, reason),
      track: (work) => this.track(work),
    };
    this.exporter = new Exporter(options.token, exporterOptions);
    this.spanExporter = new Exporter(options.token, exporterOptions);
    this.unwatchPage = watchPage({
      event: (name, attributes) => this.event(name, attributes),
      hide: () => this.track(() => void this.exporter.flushOnHide(this.spanExporter.flushOnHide())),
      online: () => void this.flush(),
      show: () => this.moved(),
    });
  }

  bindPeerConnection(pc: RTCPeerConnection, ids: ConnectionIds): Unbind {
    return this.safely(() => {
      const connection = new Connection(pc, ids, this);
      this.connections.add(connection);
      this.moved();
      return () => this.letGo(connection);
    });
  }

  bindTransport(transport: BoundTransport): Unbind {
    return this.safely(() => {
      const pc = peerConnectionOf(transport);
      if (!pc) return () => {};
      return this.bindPeerConnection(pc, {
        transportId: transport.id,
        ...(transport.direction && { direction: transport.direction }),
      });
    });
  }

  bindProducer(producer: BoundMedia, source: MediaSource): Unbind {
    return this.bindMedia({ media: producer, role: 'producer' }, { producer_id: producer.id, source });
  }

  bindConsumer(consumer: BoundConsumer, source?: MediaSource): Unbind {
    return this.bindMedia(
      { media: consumer, role: 'consumer' },
      { consumer_id: consumer.id, ...(source && { source }) },
    );
  }

  watchFirstFrame(video: HTMLVideoElement): void {
    this.safely(() => {
      const startMs = Date.now();
      const first = (receiveTime?: number) => {
        if (receiveTime !== undefined) {
          // The first frame often comes before the next sample, which would tell of its packets.
          const receivedMs = Math.round(performance.timeOrigin + receiveTime);
          this.joinTrace?.record(spans.firstPacket, startMs, undefined, receivedMs);
        }
        this.joinTrace?.record(spans.firstFrame, startMs);
        this.joinTrace?.end();
      };
      if (video.requestVideoFrameCallback) {
        // `receiveTime`: the last packet of this frame, where the browser knows it (HTMLVideoElement.rVFC).
        video.requestVideoFrameCallback((_, { receiveTime }) => first(receiveTime));
      } else video.addEventListener('loadeddata', () => first(), { once: true });
      return () => {};
    });
  }

  event(name: string, attributes: Attributes = {}, transportId = ''): void {
    if (this.closed) return;
    this.safely(() => {
      const list = Object.entries(attributes).map(([key, value]): [string, AttributeValue] => [
        attributeName(key),
        value,
      ]);
      const bytes = encodeLogRecords([{ eventName: name, timeMs: Date.now(), attributes: list }]);
      this.exporter.push({ signal: 'logs', transportId, bytes, records: 1 });
      return () => {};
    });
  }

  mediaError(error: unknown, constraint?: string): void {
    const named = error as { name?: unknown; constraint?: unknown } | null | undefined;
    const about = constraint ?? named?.constraint;
    this.event(events.mediaError, {
      name: String(named?.name ?? 'Error'),
      ...(about !== undefined && { constraint: String(about) }),
    });
  }

  rate(rating: 1 | 2 | 3 | 4 | 5, comment?: string): void {
    this.event(events.rating, { rating, ...(comment && { comment: comment.slice(0, 1000) }) });
  }

  setClockOffset(offsetMs: number): void {
    if (Number.isFinite(offsetMs)) this.clockOffsetMs = Math.round(offsetMs);
  }

  setToken(token: string): void {
    for (const exporter of [this.exporter, this.spanExporter]) exporter.token = token;
  }

  startJoin(): JoinTrace {
    const trace = startJoinTrace();
    this.adopt(trace);
    return trace;
  }

  adopt(trace: JoinTrace): void {
    if (!(trace instanceof RecordedTrace)) return;
    this.joinTrace = trace;
    this.joinStartedMs = Date.now();
    trace.drain((span) => this.onSpan(span));
    this.schedule();
  }

  async flush(): Promise<void> {
    await Promise.all([this.exporter.flush(), this.spanExporter.flush()]);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    await this.sample();
    this.closed = true;
    clearTimeout(this.timer);
    this.lateness.stop();
    this.unwatchPage();
    for (const connection of this.connections) connection.unbind();
    for (const unwatch of this.media.values()) unwatch();
    this.connections.clear();
    this.media.clear();
    await this.flush();
    for (const exporter of [this.exporter, this.spanExporter]) exporter.close();
  }

  stats(): TelemetryCost {
    const { exporter, spanExporter } = this;
    return {
      sentBytes: exporter.sentBytes + spanExporter.sentBytes,
      sentRequests: exporter.sentRequests + spanExporter.sentRequests,
      sentRecords: exporter.sentRecords + spanExporter.sentRecords,
      queuedBytes: exporter.queuedBytes + spanExporter.queuedBytes,
      droppedRecords: this.dropped,
      collections: this.collections,
      mainThreadMs: this.mainThreadMs,
    };
  }

  /** ConnectionHost. */
  moved(): void {
    this.sampler.moved(Date.now());
    this.schedule(MIN_INTERVAL_MS);
  }

  bindings(): readonly Binding[] {
    for (const binding of this.media.keys()) if (binding.media.closed) this.unbindMedia(binding);
    this.mediaList ??= [...this.media.keys()];
    return this.mediaList;
  }

  idle(): Promise<void> {
    if (typeof requestIdleCallback === 'undefined' || document.hidden) return Promise.resolve();
    return new Promise((resolve) => requestIdleCallback(() => resolve(), { timeout: IDLE_TIMEOUT_MS }));
  }

  trace(): RecordedTrace | undefined {
    return this.joinTrace;
  }

  /** Counts the SDK's own time on the main thread; nested calls count once. */
  track<T>(work: () => T): T {
    if (this.tracking) return work();
    this.tracking = true;
    const start = performance.now();
    try {
      return work();
    } finally {
      this.mainThreadMs += performance.now() - start;
      this.tracking = false;
    }
  }

  private bindMedia(binding: Binding, ids: Attributes): Unbind {
    return this.safely(() => {
      const unwatch = watchTrack(binding.media, (state, kind) =>
        this.event(events.trackState, { ...ids, state, track_kind: kind }),
      );
      this.media.set(binding, unwatch);
      this.mediaList = undefined;
      this.moved();
      return () => this.unbindMedia(binding);
    });
  }

  private unbindMedia(binding: Binding): void {
    this.media.get(binding)?.();
    this.media.delete(binding);
    this.mediaList = undefined;
  }

  private onSpan(span: Span): void {
    this.track(() => {
      const attributes = span.attributes.map(([key, value]) => [attributeName(key), value] as const);
      const bytes = encodeSpans([{ ...span, attributes }]);
      this.spanExporter.push({ signal: 'traces', transportId: '', bytes, records: 1 });
    });
  }

  private onDropped(records: number, reason: string): void {
    this.dropped += records;
    for (const connection of this.connections) connection.announced.forget();
    // Not at once: the queue is in the middle of making room.
    queueMicrotask(() => this.event(events.sdkDropped, { records, reason }));
  }

  /**
   * The next sample, `intervalMs` after the last one; by default as the sampler says.
   *
   * Hidden tabs: browsers round timers up to a second; the deep throttling to one a minute (Chromium after five
   * minutes) spares pages that play sound or have a live peer connection, so a call in a hidden tab is sampled
   * on. A frozen page (bfcache, mobile in the background) runs nothing at all: it flushed when it was hidden,
   * and samples at once when shown again. A worker's timer would not be throttled, but needs a script URL that
   * the page's CSP must allow, and could not reach the peer connection.
   */
  private schedule(intervalMs?: number): void {
    if (this.closed) return;
    clearTimeout(this.timer);
    const now = Date.now();
    const interval = intervalMs ?? this.sampler.intervalMs(this.samplingState(now), now);
    this.timer = setTimeout(() => void this.sample(), Math.max(this.sampledMs + interval - now, 0));
  }

  private samplingState(nowMs: number): SamplingState {
    const trace = this.joinTrace;
    return {
      hidden: document.hidden,
      joining: !!trace && !trace.ended && nowMs - this.joinStartedMs < JOIN_LIMIT_MS,
    };
  }

  private async sample(): Promise<void> {
    if (this.closed) return;
    this.sampledMs = Date.now();
    // Before the work, so that a getStats that never answers does not end sampling.
    this.schedule();
    const lateMs = this.lateness.take();
    await Promise.all([...this.connections].map((connection) => this.sampleOne(connection, lateMs)));
  }

  private async sampleOne(connection: Connection, lateMs: number | undefined): Promise<void> {
    if (connection.closed) {
      this.letGo(connection);
      return;
    }
    try {
      this.collections++;
      const sample = await connection.sample(lateMs);
      if (sample) this.track(() => this.take(connection, sample));
    } catch {
      // A connection that is just being closed.
    }
  }

  private letGo(connection: Connection): void {
    connection.unbind();
    this.connections.delete(connection);
    this.sampler.forget(connection.ids.transportId);
  }

  private take(connection: Connection, sample: Sample): void {
    const { transportId } = connection.ids;
    const now = Date.now();
    if (this.sampler.observe(transportId, sample.objects, now)) this.schedule();
    if (sample.records.length === 0) return;
    const bytes = encodeLogRecords(sample.records);
    this.exporter.push(
      { signal: 'logs', transportId, bytes, records: sample.records.length },
      this.sampler.holdMs(this.samplingState(now), now, now + (this.clockOffsetMs ?? 0), this.phaseMs),
    );
  }

  /** Telemetry must never be why a page fails. */
  private safely(work: () => Unbind): Unbind {
    try {
      const unbind = this.track(work);
      return () => {
        try {
          unbind();
        } catch {
          // Already gone.
        }
      };
    } catch {
      return () => {};
    }
  }
}

/** One bound RTCPeerConnection: its state changes as events, and its samples. */
import { type RawStats, selectedPair } from '../../telemetry/browser-stats.ts';
import { events, spans } from '../../telemetry/events.ts';
import { truncateAddress, truncateAddresses } from './addresses.ts';
import type { Attributes, ConnectionIds } from './contract.ts';
import { Announced, convertReport, type MediaIds } from './convert.ts';
import type { RecordedTrace } from './join.ts';
import { type Binding, matchMedia } from './media.ts';
import type { LogRecord } from './otlp.ts';
import { ReportReader, type StatsReport } from './report.ts';

export interface ConnectionHost {
  event(name: string, attributes: Attributes, transportId: string): void;
  /** Something moved: sample soon, and flush. */
  moved(): void;
  /** The same array as long as nothing changed. */
  bindings(): readonly Binding[];
  /** Resolves when the page has nothing better to do, soon in any case. */
  idle(): Promise<void>;
  trace(): RecordedTrace | undefined;
  track<T>(work: () => T): T;
}

export interface Sample {
  readonly objects: readonly RawStats[];
  readonly records: LogRecord[];
}

/** Statistics whose own time is further off than this carry another clock. */
const MAX_CLOCK_DIFFERENCE_MS = 5_000;

export class Connection {
  readonly pc: RTCPeerConnection;
  readonly ids: ConnectionIds;
  readonly announced = new Announced();
  private readonly host: ConnectionHost;
  private readonly stop = new AbortController();
  private readonly dtlsSeen = new WeakSet<RTCDtlsTransport>();
  private dtlsState = '';
  private pairKey = '';
  private iceCheckingMs: number | undefined;
  private iceConnectedMs: number | undefined;
  private connectedMs: number | undefined;
  private readonly reader = new ReportReader();
  private matched: ReadonlyMap<string, MediaIds> = new Map();
  private matchedBindings: readonly Binding[] | undefined;
  private sampling = false;

  constructor(pc: RTCPeerConnection, ids: ConnectionIds, host: ConnectionHost) {
    this.pc = pc;
    this.ids = ids;
    this.host = host;
    const on = (type: string, listener: (event: Event) => void) =>
      pc.addEventListener(type, (event) => host.track(() => listener(event)), { signal: this.stop.signal });
    on('iceconnectionstatechange', () => this.onIceState());
    on('icegatheringstatechange', () =>
      this.event(events.iceGatheringState, { state: pc.iceGatheringState }),
    );
    on('connectionstatechange', () => this.onConnectionState());
    on('icecandidate', (event) => this.onCandidate(event as RTCPeerConnectionIceEvent));
    on('icecandidateerror', (event) => this.onCandidateError(event as RTCPeerConnectionIceErrorEvent));
    on('track', () => this.moved());
    on('signalingstatechange', () => this.watchDtls());
    if (pc.iceConnectionState !== 'new') this.onIceState();
    if (pc.connectionState && pc.connectionState !== 'new') this.onConnectionState();
  }

  get closed(): boolean {
    return (
      this.stop.signal.aborted || this.pc.connectionState === 'closed' || this.pc.signalingState === 'closed'
    );
  }

  unbind(): void {
    this.stop.abort();
  }

  /** @param pageLateMs goes with the transport's record */
  async sample(pageLateMs: number | undefined): Promise<Sample | undefined> {
    if (this.sampling || this.closed) return undefined;
    this.sampling = true;
    try {
      const report = await this.host.track(() => this.pc.getStats());
      await this.host.idle();
      return this.host.track(() => this.read(report, pageLateMs));
    } finally {
      this.sampling = false;
    }
  }

  private read(report: RTCStatsReport, pageLateMs: number | undefined): Sample {
    // The DOM's type does not know the members of the objects.
    const objects = this.reader.read(report as unknown as StatsReport, Date.now());
    if (this.reader.sawAll) this.watchDtls();
    const pair = selectedPair(objects);
    this.onPair(objects, pair);
    const transport = objects.find((stats) => stats.type === 'transport');
    if (transport) {
      // One word more than the report's own: the object is ours by now.
      (transport as Record<string, unknown>).pageLateMs = pageLateMs;
      this.onDtlsState(String(transport.dtlsState));
    }
    this.traceFirstPacket(objects);
    const ids = this.mediaIds(objects);
    return {
      objects,
      records: convertReport(objects, sampleTime(objects), pair?.id, this.announced, (stats) =>
        ids.get(stats.id),
      ),
    };
  }

  private moved(): void {
    this.reader.expectChange();
    this.host.moved();
  }

  private event(name: string, attributes: Attributes): void {
    this.reader.expectChange();
    this.host.event(name, attributes, this.ids.transportId);
  }

  private onIceState(): void {
    const state = this.pc.iceConnectionState;
    this.event(events.iceState, { state });
    this.host.moved();
    if (state === 'checking') this.iceCheckingMs ??= Date.now();
    if ((state === 'connected' || state === 'completed') && this.iceConnectedMs === undefined) {
      this.iceConnectedMs = Date.now();
      this.host.trace()?.record(spans.ice, this.iceCheckingMs ?? this.iceConnectedMs, this.spanIds());
    }
  }

  private onConnectionState(): void {
    const state = this.pc.connectionState;
    this.event(events.connectionState, { state });
    this.host.moved();
    if (state === 'connected' && this.connectedMs === undefined) {
      this.connectedMs = Date.now();
      this.host.trace()?.record(spans.dtls, this.iceConnectedMs ?? this.connectedMs, this.spanIds());
    }
  }

  private onCandidate({ candidate }: RTCPeerConnectionIceEvent): void {
    if (!candidate?.candidate) return;
    this.event(events.iceCandidate, {
      candidate_type: candidate.type ?? '',
      protocol: candidate.protocol ?? '',
      address: truncateAddress(candidate.address ?? ''),
    });
  }

  private onCandidateError(event: RTCPeerConnectionIceErrorEvent): void {
    this.event(events.iceCandidateError, {
      error_code: event.errorCode,
      error_text: truncateAddresses(event.errorText ?? '').slice(0, 200),
      url: truncateAddresses(event.url ?? ''),
    });
  }

  /** Matching is only done anew where something may have changed. */
  private mediaIds(objects: readonly RawStats[]): ReadonlyMap<string, MediaIds> {
    const bindings = this.host.bindings();
    if (this.reader.sawAll || bindings !== this.matchedBindings) {
      this.matched = matchMedia(objects, bindings);
      this.matchedBindings = bindings;
    }
    return this.matched;
  }

  /** DTLS transports come into being with the first description; browsers without them tell by statistics. */
  private watchDtls(): void {
    for (const { transport } of [...this.pc.getSenders(), ...this.pc.getReceivers()]) {
      if (!transport || this.dtlsSeen.has(transport)) continue;
      this.dtlsSeen.add(transport);
      const { signal } = this.stop;
      transport.addEventListener('statechange', () => this.onDtlsState(transport.state), { signal });
      transport.iceTransport?.addEventListener?.('selectedcandidatepairchange', () => this.moved(), {
        signal,
      });
    }
  }

  private onDtlsState(state: string): void {
    if (state === this.dtlsState) return;
    this.dtlsState = state;
    this.event(events.dtlsState, { state });
    this.host.moved();
  }

  private onPair(objects: readonly RawStats[], pair: RawStats | undefined): void {
    if (!pair) return;
    const key = `${pair.localCandidateId} ${pair.remoteCandidateId}`;
    if (key === this.pairKey) return;
    this.pairKey = key;
    const local = objects.find((stats) => stats.id === pair.localCandidateId);
    const remote = objects.find((stats) => stats.id === pair.remoteCandidateId);
    this.event(events.icePairChanged, {
      local_type: text(local?.candidateType),
      remote_type: text(remote?.candidateType),
      protocol: text(local?.protocol),
      relay_protocol: text(local?.relayProtocol),
    });
  }

  private traceFirstPacket(objects: readonly RawStats[]): void {
    const trace = this.host.trace();
    if (!trace || trace.ended) return;
    const from = this.connectedMs ?? Date.now();
    const received = objects.filter(
      (stats) => stats.type === 'inbound-rtp' && Number(stats.packetsReceived) > 0,
    );
    if (received.length === 0) return;
    trace.record(spans.firstPacket, from, this.spanIds());
    if (received.some((stats) => Number(stats.framesDecoded) > 0)) {
      trace.record(spans.firstFrame, from, this.spanIds());
      trace.end();
    }
  }

  private spanIds(): Attributes {
    return {
      transport_id: this.ids.transportId,
      ...(this.ids.direction && { direction: this.ids.direction }),
    };
  }
}

/** The report's own time, which is when the counters were read; the page's where that is another clock. */
function sampleTime(objects: readonly RawStats[]): number {
  const now = Date.now();
  const own = objects.find(
    (stats) => stats.type !== 'remote-inbound-rtp' && stats.type !== 'remote-outbound-rtp',
  );
  const time = Number(own?.timestamp);
  return Math.round(Math.abs(time - now) < MAX_CLOCK_DIFFERENCE_MS ? time : now);
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

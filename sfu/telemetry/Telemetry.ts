/**
 * The node's own telemetry: opentelemetry-js providers for logs (samples and events), traces and metrics,
 * exported as OTLP to the collector. It may fail, fall behind or be absent; media does not notice.
 */
import {
  type Attributes,
  DiagLogLevel,
  diag,
  type Meter,
  type Logger as OtelLogger,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { spans } from '../../telemetry/events.ts';
import { attributeName, resourceAttributes } from '../../telemetry/identity.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import type { StatsKind } from '../../telemetry/stats.ts';
import { LogQueue, type QueueCounts } from './LogQueue.ts';
import { createLogExporter } from './logExporter.ts';
import { type Identity, prefixed, type SampleOrigin, SampleRecord } from './SampleRecord.ts';

export type { Identity } from './SampleRecord.ts';

export interface TelemetryOptions {
  readonly nodeId: string;
  /** null: nothing is sent. */
  readonly collector: { url: string; serverKey: string } | null;
  readonly log: Logger;
  /** In place of the OTLP exporters, for tests. */
  readonly exporters?: { logs: LogRecordExporter; spans: SpanExporter };
}

const scope = 'callscope-sfu';
/** How often process metrics leave, ms. */
const metricIntervalMs = 5_000;
/** How long one export may go on trying; the exporter repeats with backoff inside this time. */
const exportTimeoutMs = 20_000;
/** How long a stop waits for the last export, ms. */
const flushLimitMs = 5_000;

export class Telemetry {
  readonly meter: Meter;
  readonly #logger: OtelLogger;
  readonly #tracer: Tracer;
  readonly #queue: LogQueue | null;
  readonly #origin: SampleOrigin;
  readonly #providers: { shutdown(): Promise<void> }[];

  constructor({ nodeId, collector, log, exporters }: TelemetryOptions) {
    quietDiagnostics(log);
    const resource = resourceFromAttributes({
      'service.name': scope,
      'service.instance.id': nodeId,
      [resourceAttributes.source]: 'sfu',
      [attributeName('sfu_node_id')]: nodeId,
    });
    const to = (path: string) => ({
      url: `${collector?.url.replace(/\/+$/, '')}${path}`,
      headers: { authorization: `Bearer ${collector?.serverKey}` },
      timeoutMillis: exportTimeoutMs,
    });
    const logExporter = exporters?.logs ?? (collector ? createLogExporter(to('/v1/logs')) : null);
    const spanExporter = exporters?.spans ?? (collector ? new OTLPTraceExporter(to('/v1/traces')) : null);
    const metricExporter = collector ? new OTLPMetricExporter(to('/v1/metrics')) : null;

    this.#origin = { resource, instrumentationScope: { name: scope } };
    this.#queue = logExporter ? new LogQueue(logExporter) : null;
    const loggers = new LoggerProvider({ resource, processors: this.#queue ? [this.#queue] : [] });
    const tracers = new TracerProvider({
      resource,
      spanProcessors: spanExporter
        ? [new BatchSpanProcessor({ exporter: spanExporter, scheduledDelayMillis: 500 })]
        : [],
    });
    const meters = new MeterProvider({
      resource,
      readers: metricExporter
        ? [
            new PeriodicExportingMetricReader({
              exporter: metricExporter,
              exportIntervalMillis: metricIntervalMs,
              exportTimeoutMillis: metricIntervalMs,
            }),
          ]
        : [],
    });
    this.#providers = [loggers, tracers, meters];
    this.#logger = loggers.getLogger(scope);
    this.#tracer = tracers.getTracer(scope);
    this.meter = meters.getMeter(scope);
  }

  /** A state change. Attribute keys without the `rtc.` prefix. */
  event(name: string, identity: Identity, attributes: Attributes = {}): void {
    this.#logger.emit({
      eventName: name,
      attributes: { ...prefixed(identity), ...prefixed(attributes) },
      context: ROOT_CONTEXT,
    });
  }

  /** One stats sample; `values` by column name. `timeMs` is wall time. */
  sample(kind: StatsKind, identity: Identity, values: Attributes, timeMs: number): void {
    this.#queue?.take(new SampleRecord(kind.event, identity, values, timeMs, this.#origin));
  }

  /** The node's side of one signaling request, child of the client's span where it named one. */
  requestSpan(method: string, traceparent: string | undefined): Span {
    const parent = parseTraceparent(traceparent);
    return this.#tracer.startSpan(
      spans.sfuRequest,
      { kind: SpanKind.SERVER, attributes: { [attributeName('method')]: method } },
      parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
    );
  }

  /** How many log records were taken, sent, lost; null when telemetry is off. */
  get counts(): QueueCounts | null {
    return this.#queue?.counts ?? null;
  }

  /** Sends what is held, for at most a few seconds. Never throws. */
  async stop(): Promise<void> {
    const all = Promise.allSettled(this.#providers.map((provider) => provider.shutdown()));
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, flushLimitMs);
    });
    await Promise.race([all, limit]);
    clearTimeout(timer);
  }
}

/** W3C Trace Context, section 3.2, version 00. Anything else counts as none. */
export function parseTraceparent(text: string | undefined): SpanContext | null {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text ?? '');
  const [, traceId, spanId, flags] = match ?? [];
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}

/** A collector that is away would fill the log with one line per batch; one a minute says it as well. */
function quietDiagnostics(log: Logger): void {
  const quietMs = 60_000;
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = (message: string, ...details: unknown[]) => {
    if (Date.now() - toldAt < quietMs) return;
    toldAt = Date.now();
    log.warn({ details: details.map(String).slice(0, 3) }, `telemetry: ${message.slice(0, 500)}`);
  };
  const nothing = () => {};
  diag.setLogger(
    { error: tell, warn: nothing, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
}

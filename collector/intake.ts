/** What happens to a request whichever way it came, over HTTP or gRPC: admitted, taken, counted. */
import { hash } from 'node:crypto';
import type { Logger } from '../telemetry/service/service.ts';
import { CollectorError } from './errors.ts';
import type { Authorise } from './http/authorise.ts';
import { RateLimit, rateOf, recordRate, requestRate } from './http/rate.ts';
import type { CollectorMetrics, Series } from './metrics.ts';
import type { Encoding, Signal } from './otlp/answer.ts';
import type { Writer } from './rows/identity.ts';
import type { Accepted, Store } from './store/store.ts';

export interface IntakeParts {
  readonly authorise: Authorise;
  readonly store: Store;
  readonly metrics: CollectorMetrics;
  readonly log: Logger;
  /** Why nothing can be taken now; undefined when all is well. */
  readonly notReady: () => string | undefined;
  /** Epoch ms. */
  readonly now: () => number;
  readonly quotas?: Quotas;
}

/** Records a second, sustained. */
export interface Quotas {
  /** @default as in rate.ts */
  readonly participantRecordsPerSecond?: number | undefined;
  /** Of all participants and of the keys of a tenant together. @default unbounded */
  readonly tenantRecordsPerSecond?: number | undefined;
}

export interface Arrived {
  readonly signal: Signal;
  readonly encoding: Encoding;
  readonly contentEncoding?: string | undefined;
  readonly writer: Writer;
  readonly body: Buffer;
}

export class Intake {
  readonly #parts: IntakeParts;
  readonly #requests: RateLimit;
  readonly #records: RateLimit;
  readonly #tenantRecords: RateLimit | undefined;
  readonly #counters: Record<Signal, SignalCounters>;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    const { participantRecordsPerSecond, tenantRecordsPerSecond } = parts.quotas ?? {};
    const refused = (quota: string) => parts.metrics.quotaRefusals.series({ quota });
    this.#requests = new RateLimit(requestRate, 'requests of a participant', refused('participant_requests'));
    this.#records = new RateLimit(
      participantRecordsPerSecond === undefined ? recordRate : rateOf(participantRecordsPerSecond),
      'records of a participant',
      refused('participant_records'),
    );
    this.#tenantRecords =
      tenantRecordsPerSecond === undefined
        ? undefined
        : new RateLimit(rateOf(tenantRecordsPerSecond), 'records of a tenant', refused('tenant_records'));
    this.#counters = {
      logs: countersOf('logs', parts.metrics),
      traces: countersOf('traces', parts.metrics),
      metrics: countersOf('metrics', parts.metrics),
    };
  }

  /**
   * Before the body is read.
   * @param authorization `Bearer …`
   * @throws CollectorError `unauthenticated`, `forbidden`, `too_many_requests` or `not_ready`
   */
  async admit(authorization: string | undefined, signal: Signal): Promise<Writer> {
    const { authorise, notReady, now } = this.#parts;
    const writer = await authorise(authorization, signal);
    const key = participantKey(writer);
    if (key) this.#requests.take(key, 1, now());
    const reason = notReady();
    if (reason) throw new CollectorError('not_ready', reason, { retryAfterSeconds: 2 });
    return writer;
  }

  /** Resolves once the request is on disk. @throws CollectorError */
  async take({ signal, encoding, contentEncoding, writer, body }: Arrived): Promise<Accepted> {
    const { store, now } = this.#parts;
    const counters = this.#counters[signal];
    counters.bodyBytes.value += body.length;
    const key = participantKey(writer);
    const receivedAtMs = now();
    const answer = await store.accept({
      facts: { signal, encoding, writer, receivedAtMs, ...(contentEncoding && { contentEncoding }) },
      digest: digestOf(signal, key ?? tenantOf(writer) ?? 'server', body),
      body,
      admit: (count: number) => this.#admitRecords(writer, key, count, receivedAtMs),
    });
    counters.records.value += answer.rows;
    for (const [reason, records] of answer.refused) {
      this.#parts.metrics.refused.add(records, { signal, reason });
    }
    return answer;
  }

  #admitRecords(writer: Writer, key: string | undefined, count: number, nowMs: number): void {
    if (key) this.#records.take(key, count, nowMs);
    const tenantId = tenantOf(writer);
    if (tenantId !== undefined) this.#tenantRecords?.take(tenantId, count, nowMs);
  }

  /** Ended with this status: HTTP's, or the name of gRPC's. */
  count(signal: Signal, status: string): void {
    const { requests } = this.#counters[signal];
    let series = requests.get(status);
    if (!series) {
      series = this.#parts.metrics.requests.series({ signal, status });
      requests.set(status, series);
    }
    series.value++;
  }

  refused(error: CollectorError): void {
    this.#parts.metrics.errors.add(1, { code: error.code });
  }
}

interface SignalCounters {
  readonly bodyBytes: Series;
  readonly records: Series;
  /** By status. */
  readonly requests: Map<string, Series>;
}

const countersOf = (signal: Signal, metrics: CollectorMetrics): SignalCounters => ({
  bodyBytes: metrics.bodyBytes.series({ signal }),
  records: metrics.records.series({ signal }),
  requests: new Map(),
});

/** Undefined where the writer may name any. */
const tenantOf = (writer: Writer): string | undefined =>
  writer.kind === 'server' ? writer.tenantId : writer.claims.tenantId;

/** Who is bounded; servers are not. Ids may hold anything, hence the separator that cannot stand in a header. */
function participantKey(writer: Writer): string | undefined {
  if (writer.kind === 'server') return undefined;
  const { tenantId, callId, participantId } = writer.claims;
  return [tenantId, callId, participantId].join('\n');
}

/** Writer and body side by side, used anew by each request. */
let hashed = Buffer.allocUnsafeSlow(2 ** 16);

/** The same bytes from the same writer are the same telemetry, sent again. */
function digestOf(signal: Signal, writerKey: string, body: Buffer): Buffer {
  const most = 2 + 3 * (signal.length + 1 + writerKey.length) + body.length;
  if (most > hashed.length) hashed = Buffer.allocUnsafeSlow(2 * most);
  const writerBytes = hashed.write(`${signal}\n${writerKey}`, 2);
  hashed.writeUInt16BE(writerBytes, 0);
  const end = 2 + writerBytes + body.copy(hashed, 2 + writerBytes);
  return hash('sha256', hashed.subarray(0, end), 'buffer');
}

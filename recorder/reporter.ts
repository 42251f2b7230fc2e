/**
 * Events of recordings, as OTLP log records to the collector. Those that tell how things go are sent when they happen and
 * are dropped when the collector is away for long; the outcome of a recording is sent until it is taken, and its
 * request is the same each time, so that the collector knows a repeat.
 */
import { attributeName, resourceAttributes } from '../telemetry/identity.ts';
import type { CollectorAddress } from '../telemetry/service/meters.ts';
import type { Logger } from '../telemetry/service/service.ts';
import type { RecordingInfo } from './disk/layout.ts';
import { RecorderError } from './errors.ts';

export interface ReporterOptions {
  /** null: nothing is told. */
  readonly collector: CollectorAddress | null;
  readonly recorderId: string;
  readonly log: Logger;
}

export interface Happening {
  readonly name: string;
  readonly source: 'recorder' | 'transcriber';
  readonly info: RecordingInfo;
  readonly atMs: number;
  readonly participantId?: string | undefined;
  readonly attributes?: Readonly<Record<string, string | number>>;
}

const requestLimitMs = 5_000;
/** As many pieces of speech as a hundred rooms have in ten minutes. */
const mostWaiting = 10_000;
const retryMs = { first: 500, last: 10_000 };

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #waiting: Happening[] = [];
  #sending: Promise<void> | null = null;
  #stopped = false;
  dropped = 0;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Told as soon as it can be; never throws. */
  tell(happening: Happening): void {
    if (!this.#options.collector) return;
    if (this.#waiting.length >= mostWaiting) {
      this.dropped += 1;
      return;
    }
    this.#waiting.push(happening);
    this.#sending ??= this.#send().finally(() => {
      this.#sending = null;
    });
  }

  /** Resolves once the collector has it. @throws RecorderError collector_refused */
  async tellForSure(happening: Happening): Promise<void> {
    const { collector, recorderId } = this.#options;
    if (!collector) return;
    let said: string;
    try {
      const response = await fetch(`${collector.url.replace(/\/+$/, '')}/v1/logs`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${collector.serverKey}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(request(happening, recorderId)),
        signal: AbortSignal.timeout(requestLimitMs),
      });
      if (response.ok) return;
      said = `${response.status} ${(await response.text()).slice(0, 200)}`;
    } catch (error) {
      said = String(error);
    }
    throw new RecorderError('collector_refused', `The collector at ${collector.url}: ${said}.`);
  }

  /** Tries once more what still waits. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#sending;
  }

  async #send(): Promise<void> {
    let pauseMs = retryMs.first;
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      try {
        await this.tellForSure(next);
        this.#waiting.shift();
        pauseMs = retryMs.first;
      } catch (error) {
        if (this.#stopped) return;
        if (pauseMs === retryMs.first) this.#options.log.warn({ err: error }, 'event not told yet');
        await new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
        pauseMs = Math.min(2 * pauseMs, retryMs.last);
      }
    }
  }
}

function request(happening: Happening, recorderId: string): object {
  const { name, source, info, atMs, participantId, attributes = {} } = happening;
  const said = {
    tenant_id: info.tenantId,
    call_id: info.callId,
    room_id: info.roomId,
    sfu_node_id: info.sfuNodeId,
    ...(participantId && { participant_id: participantId }),
    recording_id: info.recordingId,
    recorder_id: info.recorderId,
    ...attributes,
  };
  return {
    resourceLogs: [
      {
        resource: {
          attributes: [
            keyValue('service.name', 'callscope-recorder'),
            keyValue('service.instance.id', recorderId),
            keyValue(resourceAttributes.source, source),
          ],
        },
        scopeLogs: [
          {
            scope: { name: 'callscope-recorder' },
            logRecords: [
              {
                timeUnixNano: `${BigInt(Math.round(atMs)) * 1_000_000n}`,
                eventName: name,
                attributes: Object.entries(said).map(([key, value]) => keyValue(attributeName(key), value)),
              },
            ],
          },
        ],
      },
    ],
  };
}

const keyValue = (key: string, value: string | number) => ({
  key,
  value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value },
});

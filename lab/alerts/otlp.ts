/** The made-up fleet as what its sources would send: OTLP/JSON, spans of joins and log records of events. Pure. */
import { attributeName, resourceAttributes } from '../../telemetry/identity.ts';
import type { FleetRows, Happening, JoinSpan } from './fleet.ts';

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
const nanos = (ms: number) => `${ms}000000`;
/** As in OTLP (opentelemetry/proto/trace/v1/trace.proto, StatusCode). */
const statusCodes = { ok: 1, error: 2 } as const;

const identityOf = (row: JoinSpan | Happening) =>
  (['tenant_id', 'call_id', 'participant_id', 'sfu_node_id'] as const)
    .filter((column) => row[column] !== '')
    .map((column) => attribute(attributeName(column), row[column]));

const resourceOf = (source: string, run: string) => ({
  attributes: [
    attribute('service.name', `callscope-${source}`),
    attribute('service.instance.id', run),
    attribute(resourceAttributes.source, source),
  ],
});

const span = (row: JoinSpan) => ({
  traceId: row.trace_id,
  spanId: row.span_id,
  name: row.name,
  startTimeUnixNano: nanos(row.time),
  endTimeUnixNano: nanos(row.time + row.duration_us / 1_000),
  status: { code: statusCodes[row.status_code], message: row.status_message },
  attributes: identityOf(row),
});

const logRecord = (row: Happening) => ({
  timeUnixNano: nanos(row.time),
  eventName: row.name,
  attributes: [
    ...identityOf(row),
    ...Object.entries(row.attributes).map(([key, value]) =>
      // Standard names stay as they are; ours are `rtc.*`.
      attribute(key.includes('.') ? key : attributeName(key), value),
    ),
  ],
});

export interface OtlpRequest {
  readonly path: '/v1/traces' | '/v1/logs';
  readonly body: string;
}

const batch = 500;

/**
 * @param run tells requests apart that are alike otherwise: two scenarios of one minute begin with the same quiet hour, and
 * the collector takes the same bytes once
 */
export function requestsOf(
  { spans, events }: Pick<FleetRows, 'spans' | 'events'>,
  run: string,
): OtlpRequest[] {
  return [
    ...batches(spans).map(({ source, rows }) => ({
      path: '/v1/traces' as const,
      body: JSON.stringify({
        resourceSpans: [{ resource: resourceOf(source, run), scopeSpans: [{ spans: rows.map(span) }] }],
      }),
    })),
    ...batches(events).map(({ source, rows }) => ({
      path: '/v1/logs' as const,
      body: JSON.stringify({
        resourceLogs: [
          { resource: resourceOf(source, run), scopeLogs: [{ logRecords: rows.map(logRecord) }] },
        ],
      }),
    })),
  ];
}

function batches<Row extends { readonly source: string }>(all: readonly Row[]) {
  return [...Map.groupBy(all, ({ source }) => source)].flatMap(([source, rows]) =>
    Array.from({ length: Math.ceil(rows.length / batch) }, (_, i) => ({
      source,
      rows: rows.slice(i * batch, (i + 1) * batch),
    })),
  );
}
